"""The schema's evidence over several databases: the worst decides, and every line names whose it is."""

from __future__ import annotations

from hashlib import sha256

import pytest

from release.model.record import Window
from release.model.repository import Migration
from release.model.unread import Unread
from release.policy.migrations import Case, joined, weigh


def file(name: str, sql: str) -> Migration:
    return Migration(name, sql.encode(), sha256(sql.encode()).hexdigest())


PAGES = file("0001_pages.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT);")
SLUG = file("0002_slug.sql", "ALTER TABLE pages ADD COLUMN slug TEXT;")
GONE = file("0002_gone.sql", "ALTER TABLE pages DROP COLUMN title;")
EDITED = file("0001_pages.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY);")


def case(name: str, *now: Migration, released: tuple[Migration, ...] | Unread = (PAGES,)) -> Case:
    return Case(released, now, f"apps/{name}", name=name, label=name)


def test_the_worst_database_decides_and_its_lines_come_first() -> None:
    evidence, window = weigh("v1", (case("main", PAGES, SLUG), case("audit", PAGES, GONE)))
    assert evidence.least == "major"
    assert evidence.because[0].startswith("audit/0002_gone.sql:1 ")
    assert any(line.startswith("main/0002_slug.sql:1 ") for line in evidence.because)
    assert window is not None
    assert (window.open, window.migrations) == (False, ("main/0002_slug.sql", "audit/0002_gone.sql"))
    assert all(one.startswith("audit: ") for one in window.closed_by)


def test_a_loss_knows_its_database() -> None:
    evidence, _ = weigh("v1", (case("main", PAGES, SLUG), case("audit", PAGES, GONE)))
    assert {one.store for one in evidence.losses} <= {"audit"}
    assert all(one.said in evidence.because for one in evidence.losses)


def test_where_nothing_came_in_any_there_is_one_note() -> None:
    evidence, window = weigh("v1", (case("main", PAGES), case("audit", PAGES)))
    assert (evidence.note, evidence.least, window) == ("no migration since", None, None)


def test_a_database_of_which_nothing_can_be_told_makes_the_way_back_unknown() -> None:
    evidence, window = weigh(
        "v1", (case("main", PAGES, SLUG), case("audit", PAGES, released=Unread("no tag")))
    )
    assert [one.what for one in evidence.cannot_tell] == [
        "audit: the migrations of v1 cannot be read: no tag"
    ]
    assert window is not None
    assert window.open is None


def test_a_released_file_that_was_edited_is_named_with_its_database() -> None:
    evidence, _ = weigh("v1", (case("main", PAGES), case("audit", EDITED)))
    (error,) = evidence.errors
    assert (error.what.startswith("audit/0001_pages.sql was released"), error.file) == (
        True,
        "apps/audit/0001_pages.sql",
    )


@pytest.mark.parametrize(
    ("answers", "both"),
    [
        ((True, True), True),
        ((True, False), False),
        ((None, True), None),
        ((None, False), False),
    ],
)
def test_the_way_back_is_open_where_it_is_over_all(
    answers: tuple[bool | None, ...], *, both: bool | None
) -> None:
    window = joined(Window(open=one, migrations=(str(at),)) for at, one in enumerate(answers))
    assert window == Window(open=both, migrations=("0", "1"))
    assert joined((None, None)) is None
