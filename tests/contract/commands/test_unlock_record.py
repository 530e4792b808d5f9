"""`inv unlock`: frees the lock of a dead run after asking, and says what it would break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.unlock.course import unlock
from release.errors import BlockedError
from release.testing import Recorder
from tests.contract.record_on_remote import REF, At, deployed, hold, put_document, put_record, record_of, refs

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.outcome import Outcome
    from release.testing import Double


def freed(
    world: Double, confirm: Callable[[str, str], None] = lambda *_: None, listener: Recorder | None = None
) -> Outcome:
    told = listener or Recorder()
    return unlock(world.root, world.environ, "production", confirm, told, connect=world.connect)


def test_it_says_who_holds_it_and_what_it_would_break(double: Double) -> None:
    hold(double, lease=120)
    listener = Recorder()
    freed(double, listener=listener)
    said = "\n".join(listener.lines)
    assert "bob on laptop:/cms holds the lock for cms-v1.2.4; its lease runs for 120 s more." in said
    assert "https://ci.example.com/7" in said
    assert "stops before its next write" in said
    assert "may still happen" in said


def test_a_lease_that_is_over_is_said_to_be(double: Double) -> None:
    hold(double, lease=120)
    double.clock.advance(150)
    listener = Recorder()
    freed(double, listener=listener)
    assert "its lease ended 30 s ago" in listener.lines[0]


def test_it_asks_and_a_no_changes_nothing(double: Double) -> None:
    commit = hold(double)
    asked: list[tuple[str, str]] = []

    def no(question: str, answer: str) -> None:
        asked.append((question, answer))
        raise BlockedError("no")

    with pytest.raises(BlockedError):
        freed(double, no)
    assert asked == [("Unlock production?", "production")]
    assert refs(double)[REF] == commit


def test_the_release_is_free_and_stays_unfinished(double: Double) -> None:
    hold(double)
    assert freed(double).outcome == "unlocked"
    record = record_of(double)
    assert (record.holder, record.outcome) == (None, "failed")
    assert record.subject is not None
    listener = Recorder()
    assert double.release(root=double.clone(), listener=listener).outcome == "released"
    assert not any("waiting" in line for line in listener.lines)


def test_what_is_not_locked_is_left_alone(double: Double) -> None:
    assert freed(double).outcome == "nothing"
    assert REF not in refs(double)
    double.release()
    commit = refs(double)[REF]
    assert (freed(double).outcome, freed(double).exit_code) == ("nothing", 0)
    assert refs(double)[REF] == commit


def test_a_run_that_is_alive_after_all_stops_before_its_next_write(double: Double) -> None:
    elsewhere = double.clone()

    def unlocked() -> None:
        unlock(elsewhere, double.environ, "production", lambda *_: None, Recorder(), connect=double.connect)

    outcome = double.release(listener=At("deploy cms", unlocked))
    assert outcome.exit_code == 3
    assert deployed(double) == ["mcp"]
    assert record_of(double).holder is None
    assert double.release().outcome == "released"
    assert deployed(double) == ["mcp", "cms"]


def test_of_two_that_unlock_the_second_is_told(double: Double) -> None:
    hold(double)
    with pytest.raises(BlockedError, match="Another run"):
        freed(double, lambda *_: (put_record(double, nonce="quicker"), None)[1])
    assert record_of(double).nonce == "quicker"


@pytest.mark.parametrize("document", [b'{"schema": 1, "env', b'{"schema": 99}'])
def test_a_record_that_cannot_be_read_is_replaced_after_asking(double: Double, document: bytes) -> None:
    put_document(double, document)
    assert double.release().exit_code == 4
    listener = Recorder()
    assert freed(double, listener=listener).outcome == "unlocked"
    assert any("An empty record replaces it" in line for line in listener.lines)
    assert double.release().outcome == "released"
