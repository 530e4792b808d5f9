"""`inv rollback --database`: the database back at its bookmark, in place, after what that loses was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.rollback.database import restore
from release.errors import BlockedError
from release.testing import Recorder
from release.testing.double import DATABASES
from release.views.ending import outcome_lines
from tests.contract.commands.rollbacks import back
from tests.contract.release_facts import ledger, record_of, rows

if TYPE_CHECKING:
    from release.model.outcome import Outcome
    from release.testing import Double


def sent(world: Double, sql: str) -> None:
    with world.ops() as ops:
        ops.cloudflare.query(DATABASES["double-production"], sql)


def put_back(world: Double, listener: Recorder | None = None, asked: list[str] | None = None) -> Outcome:
    def confirm(_: str, word: str) -> None:
        if asked is not None:
            asked.append(word)

    return restore(
        world.root, world.environ, "production", confirm, listener or Recorder(), connect=world.connect
    )


def test_it_names_what_is_lost_asks_by_the_database_s_name_and_restores(double: Double) -> None:
    sent(double, "INSERT INTO pages (title) VALUES ('before');")
    before = ledger(double)
    assert double.release().outcome == "released"
    sent(double, "INSERT INTO pages (title) VALUES ('later'), ('latest');")
    assert back(double, despite_migrations=True).exit_code == 0
    listener, asked = Recorder(), list[str]()
    outcome = put_back(double, listener, asked)

    assert (outcome.outcome, outcome.exit_code, asked) == ("released", 0, ["double-production"])
    assert next(line.text for line in outcome_lines(outcome) if line.text).startswith(
        "double-production restored"
    )
    said = "\n".join(listener.lines)
    assert "table pages: 2 rows more than then: lost" in said
    assert "D1 keeps it until " in said
    assert "rows that were updated since cannot be counted" in said
    assert "to undo it: wrangler d1 time-travel restore double-production" in said
    assert rows(double, "SELECT title FROM pages") == ["before"]
    assert ledger(double) == before


def test_the_next_release_migrates_again(double: Double) -> None:
    assert double.release().outcome == "released"
    after = ledger(double)
    assert back(double, despite_migrations=True).exit_code == 0
    assert put_back(double).exit_code == 0
    assert record_of(double).bookmark is None
    double.commit({"notes.txt": "again\n"}, "fix: again")

    assert double.release().outcome == "released"
    assert ledger(double) == after


def test_while_the_newer_workers_serve_it_is_refused(double: Double) -> None:
    assert double.release().outcome == "released"
    before = ledger(double)
    with pytest.raises(BlockedError, match="newer workers still serve"):
        put_back(double)
    assert ledger(double) == before


def test_without_a_bookmark_there_is_nothing_to_restore(double: Double) -> None:
    assert double.release().outcome == "released"
    assert back(double, despite_migrations=True).exit_code == 0
    assert put_back(double).exit_code == 0
    with pytest.raises(BlockedError, match="No bookmark is noted"):
        put_back(double)


def test_another_word_than_its_name_restores_nothing(double: Double) -> None:
    assert double.release().outcome == "released"
    assert back(double, despite_migrations=True).exit_code == 0
    before = ledger(double)

    def no(question: str, word: str) -> None:
        raise BlockedError(f"{question} {word}", "")

    with pytest.raises(BlockedError, match="Restore double-production"):
        restore(double.root, double.environ, "production", no, Recorder(), connect=double.connect)
    assert ledger(double) == before
