"""The verdict in words: one line where one says it, and counted rows where data is lost."""

from __future__ import annotations

import pytest

from release.model.evidence import Evidence, Fault, Loss
from release.model.record import Window
from release.policy.words import evidence_words, rows_words, tells_loss, window_words

LOST = Loss("the column pages.note is dropped", "pages", ("note",), database="cms-production", rows=1200)


@pytest.mark.parametrize(
    ("evidence", "lines"),
    [
        (Evidence("api", "minor", ("GET /a is new",)), ("minor    GET /a is new",)),
        (Evidence("api", note="no surfaces"), ("nothing  no surfaces",)),
        (Evidence("api"), ("nothing",)),
        (Evidence("api", "major", ("a", "b")), ("major", "a", "b")),
        (
            Evidence("api", None, cannot_tell=(Fault("no JSON", "a.json", 3),)),
            ("cannot tell a.json:3: no JSON",),
        ),
        (
            Evidence("api", "minor", ("a",), cannot_tell=(Fault("no JSON", "a.json"),)),
            ("minor", "a", "cannot tell: a.json: no JSON"),
        ),
        (
            Evidence("schema", None, errors=(Fault("it was changed"),), note="more"),
            ("nothing", "wrong: it was changed", "more"),
        ),
    ],
)
def test_a_source_is_one_line_or_its_demand_above_its_reasons(
    evidence: Evidence, lines: tuple[str, ...]
) -> None:
    assert evidence_words(evidence) == lines


def test_a_reason_that_tells_of_lost_data_is_counted() -> None:
    evidence = Evidence("schema", "major", (LOST.said, "a table is new"), losses=(LOST,))
    lines = evidence_words(evidence)
    assert lines[1:] == (f"{LOST.said} · up to 1,200 rows in cms-production", "a table is new")
    assert [tells_loss(evidence, line) for line in lines] == [False, True, False]


@pytest.mark.parametrize(
    ("rows", "every", "more", "words"),
    [
        (None, False, False, "row count unknown"),
        (1, True, False, "1 row in db"),
        (1, False, False, "up to 1 row in db"),
        (2, True, False, "2 rows in db"),
        (5000, True, True, "more than 5,000 rows in db"),
    ],
)
def test_how_many_rows_a_loss_reaches(rows: int | None, *, every: bool, more: bool, words: str) -> None:
    assert rows_words(Loss("said", "pages", every=every, database="db", rows=rows, is_more=more)) == words


@pytest.mark.parametrize(
    ("window", "first"),
    [
        (Window(open=True), "open"),
        (Window(open=None), "unknown"),
        (Window(open=False, closed_by=("pages.slug", "users")), "closed"),
    ],
)
def test_the_window_is_one_word_before_its_meaning(window: Window, first: str) -> None:
    (line,) = window_words(window)
    assert line.split()[0] == first
    assert all(name in line for name in window.closed_by)


def test_without_migrations_there_is_no_window_to_speak_of() -> None:
    assert list(window_words(None)) == []


def test_queries_that_new_rows_break_are_told_after_it() -> None:
    assert list(window_words(Window(open=True, narrowed=("a", "b"))))[1:] == ["but      a", "but      b"]
