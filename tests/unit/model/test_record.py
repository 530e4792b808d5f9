"""The record: what is unfinished, what bars the way back, and what a torn or newer one is."""

from __future__ import annotations

import msgspec
import pytest

from release.errors import CannotReadError
from release.model.record import SCHEMA, Record, Window, decode, encode
from tests.unit.worlds import BASES, subject_of

SUBJECT = subject_of(BASES[0], "1.2.4")
FILES = ("0002_data.sql", "0003_slug.sql")


def record(**parts: object) -> Record:
    return Record(environment="production", nonce="n", **parts)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "is_open"),
    [("running", True), ("failed", True), ("recorded", True), ("released", False), ("rolled-back", False)],
)
def test_what_was_begun_is_unfinished_until_it_is_complete_or_closed(outcome: str, *, is_open: bool) -> None:
    one = record(subject=SUBJECT, outcome=outcome)
    assert (one.is_open, one.unfinished) == (is_open, SUBJECT if is_open else None)


def test_a_step_alone_may_leave_something_open_that_is_no_release() -> None:
    assert record(outcome="running").is_open
    assert record(outcome="running").unfinished is None


@pytest.mark.parametrize(
    ("window", "barring"),
    [
        (None, FILES),
        (Window(open=None, migrations=FILES), FILES),
        (Window(open=False, migrations=FILES), FILES),
        (Window(open=True, migrations=FILES), ()),
        (Window(open=True, migrations=FILES[:1]), FILES),
    ],
    ids=["never weighed", "nobody can tell", "closed", "open", "open, over fewer files than were applied"],
)
def test_migrations_bar_the_way_back_unless_an_open_window_covers_them_all(
    window: Window | None, barring: tuple[str, ...]
) -> None:
    assert record(migrated=FILES, window=window).barring == barring
    assert record(window=window).barring == ()


def test_a_document_is_read_as_it_was_written() -> None:
    one = record(subject=SUBJECT, burnt=("1.2.4",), window=Window(open=True), plan=msgspec.Raw(b'{"a":1}'))
    document = encode(one)
    assert document.endswith(b"}\n")
    assert encode(decode(document)) == document


def test_what_a_later_version_of_the_same_schema_adds_is_passed_over() -> None:
    document = encode(record()).replace(b"{", b'{"mood": "good",', 1)
    assert decode(document) == decode(encode(record()))


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b'{"schema": "one"}', b'{"schema": 1}', b"\xff", b'{"a":' * 9000]
)
def test_a_torn_document_says_that_it_cannot_be_understood(document: bytes) -> None:
    with pytest.raises(CannotReadError, match="cannot be understood"):
        decode(document)


def test_a_newer_schema_asks_for_a_newer_tool() -> None:
    document = encode(record(schema=SCHEMA + 1))
    with pytest.raises(CannotReadError, match="newer version of this tool") as caught:
        decode(document)
    assert caught.value.advice.startswith("Update this tool")
