"""Two D1 databases in one release: each is migrated, judged, backfilled and rolled forward, and named where it matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.rollback.course import RollbackOptions, rollback
from release.commands.status import course as status
from release.errors import BlockedError
from release.model.request import Request
from release.rehearsal.cloud.statements import Statement
from release.testing import Recorder
from release.testing import double as opened
from release.testing.double import DATABASES
from release.testing.monorepo import AUDIT, CONFIG, two_databases
from tests.contract.release_facts import ledger, record_of, to_d1, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double

MAIN = ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]
ACTOR = "0002_actor.sql"
OFF = '[tool.release.policy]\nschema = "off"\napi = "off"\ncommits = "off"\n'
JUDGED = CONFIG.replace(OFF, '[tool.release.policy]\napi = "off"\ncommits = "off"\n')


class Killed(BaseException):
    """The process is gone: nothing that it would have done comes after."""


class Killing(Recorder):
    """A listener in whose process somebody kills the run when a line is told."""

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def line(self, text: str) -> None:
        super().line(text)
        if text == self._line:
            raise Killed


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Double]:
    """Main has one migration to apply, and audit has one too."""
    with opened(tmp_path, overlay=two_databases()) as world:
        world.commit({f"{AUDIT}/{ACTOR}": "ALTER TABLE events ADD COLUMN actor TEXT;\n"})
        yield world


def audited(world: Double) -> list[object]:
    """The ledger of production's second database."""
    uuid = DATABASES["double-audit-production"]
    with world.ops() as ops:
        return [
            row["name"] for row in ops.cloudflare.query(uuid, "SELECT name FROM d1_migrations ORDER BY id")
        ]


def back(world: Double, *, listener: Recorder | None = None, despite: bool = False) -> Outcome:
    asked = RollbackOptions("production", despite_migrations=despite)
    told_to = listener or Recorder()
    return rollback(world.root, world.environ, asked, lambda *_: None, told_to, connect=world.connect)


def test_both_databases_are_planned_migrated_and_noted_with_their_bookmarks(two: Double) -> None:
    planned = two.plan()
    assert planned.outcome == "planned", told(planned)
    assert to_d1(planned) == [f"apply {MAIN[2]}", f"apply {ACTOR}"]
    before = status.as_json(status.read(two.root, two.environ))["environments"]["production"]
    assert before["pending"] == [f"main/{MAIN[2]}", f"audit/{ACTOR}"]

    outcome = two.release()

    assert outcome.outcome == "released", told(outcome)
    assert (ledger(two), audited(two)) == (MAIN, ["0001_events.sql", ACTOR])
    record = record_of(two)
    assert set(record.bookmarks) == {"double-production", "double-audit-production"}
    assert (record.bookmark, record.migrated) == (None, (f"main/{MAIN[2]}", f"audit/{ACTOR}"))
    migrate = next(one for one in outcome.steps if one.name == "migrate")
    assert migrate.detail == (
        f"main: double-production is at {MAIN[2]}; audit: double-audit-production is at {ACTOR}"
    )


def test_a_run_that_is_killed_between_two_databases_is_finished_by_the_same_command(two: Double) -> None:
    with pytest.raises(Killed):
        two.release(listener=Killing(f"{MAIN[2]} applied"))
    assert (ledger(two), audited(two)) == (MAIN, ["0001_events.sql"])

    outcome = two.release()

    assert outcome.outcome == "released", told(outcome)
    assert (ledger(two), audited(two)) == (MAIN, ["0001_events.sql", ACTOR])
    record = record_of(two)
    assert set(record.bookmarks) == {"double-production", "double-audit-production"}
    assert record.migrated == (f"main/{MAIN[2]}", f"audit/{ACTOR}")


def test_a_file_that_the_second_database_refuses_is_named_with_it_and_the_first_one_is_told(
    two: Double,
) -> None:
    two.commit({f"{AUDIT}/{ACTOR}": "INSERT INTO events (id, what) VALUES (1, NULL);\n"})

    outcome = two.release()

    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "audit: wrangler failed" in told(outcome)
    assert f"database main at {MAIN[2]}, database audit at 0001_events.sql" in told(outcome)
    assert "double-audit-production before the migration: bookmark" in told(outcome)
    two.commit({f"{AUDIT}/{ACTOR}": "INSERT INTO events (id, what) VALUES (1, 'x');\n"}, "fix: the event")
    assert two.release().outcome == "released"
    assert audited(two) == ["0001_events.sql", ACTOR]


def test_a_second_database_without_a_ledger_gets_the_one_that_its_schema_proves(two: Double) -> None:
    two.runtime.d1(DATABASES["double-audit-production"], (Statement("DROP TABLE d1_migrations"),))
    planned = two.plan()
    assert to_d1(planned)[0] == "note 0001_events.sql in the ledger"

    assert two.release().outcome == "released"
    assert (ledger(two), audited(two)) == (MAIN, ["0001_events.sql", ACTOR])


def test_a_second_database_that_was_changed_by_hand_stops_all_before_anything_is_written(
    two: Double,
) -> None:
    two.runtime.d1(DATABASES["double-audit-production"], (Statement("CREATE TABLE byhand (id)"),))

    outcome = two.release()

    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "audit: The live schema of double-audit-production does not match its migration ledger" in told(
        outcome
    )
    assert ledger(two) == MAIN[:2]


def test_a_rollback_says_which_databases_migration_bars_the_way_and_restores_each_by_name(
    two: Double,
) -> None:
    assert two.release().outcome == "released"
    with pytest.raises(BlockedError, match=f"main/{MAIN[2]}, audit/{ACTOR}"):
        back(two)
    listener = Recorder()

    assert back(two, listener=listener, despite=True).outcome == "rolled-back"

    bookmarks = record_of(two).bookmarks
    for name in ("double-production", "double-audit-production"):
        command = f"wrangler d1 time-travel restore {name} --env production --bookmark={bookmarks[name]}"
        assert any(command in line for line in listener.lines)


def test_a_breaking_migration_in_the_second_database_alone_demands_major(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=two_databases(JUDGED)) as world:
        world.commit({f"{AUDIT}/0002_gone.sql": "DROP TABLE events;\n"})
        outcome = world.release("minor")
        assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
        assert "1.3.0 is a minor bump, and schema demands major. audit/0002_gone.sql:1" in told(outcome)

        assert world.release(request=Request(level="auto")).as_json()["version"] == "2.0.0"
        with pytest.raises(BlockedError, match=r"audit: table events is gone"):
            back(world)


def test_a_migration_that_staging_lacks_in_the_second_database_is_named(two: Double) -> None:
    uuid = DATABASES["double-audit-staging"]
    two.runtime.d1(uuid, (Statement("DELETE FROM d1_migrations WHERE name = '0002_actor.sql'"),))
    assert f"Not applied on staging, so never tried: audit/{ACTOR}." in told(two.release())
