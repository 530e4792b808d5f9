"""Backfill and migrate over several databases: done when all are, stuck when one is, and each is named."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database
from release.model.migrating import InsertLedger
from release.model.repository import Folder
from release.model.step import Done, Stuck, Todo
from release.model.stores import applied, ledger, pending, stores
from release.model.unread import Unread
from release.plan.plan import forecast, make_plan
from release.run.explain import live_now
from release.steps.backfill import Backfill
from release.steps.migrate import Migrate
from tests.unit.worlds import BASES, SCHEMAS, SOUND, SQL, release_of, subject_of

if TYPE_CHECKING:
    from release.model.step import Look
    from release.model.world import World

RELEASE = release_of(subject_of(BASES[0], "1.2.4"))
FILES = BASES[0].folders["cms"].migrations
NAMES = tuple(SQL)
MAIN = Database("cms-production", "1", NAMES, SCHEMAS[2])
AUDIT = Database("audit-production", "2", NAMES[:1], SCHEMAS[1])
BASE = replace(
    BASES[0],
    folders={
        "main": Folder(FILES, Rules("apps/cms/migrations")),
        "audit": Folder(FILES[:2], Rules("apps/mcp/audit")),
    },
)


def world_of(main: Database | Unread = MAIN, audit: Database | Unread = AUDIT) -> World:
    return replace(SOUND, base=BASE, databases={"main": main, "audit": audit})


def look(step: Backfill | Migrate, main: Database | Unread = MAIN, audit: Database | Unread = AUDIT) -> Look:
    return step.look(world_of(main, audit), RELEASE)


def test_migrate_is_done_when_every_database_is_and_names_what_is_pending_in_which() -> None:
    found = look(Migrate())
    assert isinstance(found, Todo)
    assert found.detail == "audit: 0002_data.sql on audit-production"
    both = look(Migrate(), main=replace(MAIN, ledger=NAMES[:1], schema=SCHEMAS[1]))
    assert isinstance(both, Todo)
    assert [type(one).__name__ for one in both.effects] == ["KeepBookmark", "ApplyMigrations"] * 2
    assert [one.writes("migrate")[0].target for one in both.effects[1::2]] == [
        "cms-production",
        "audit-production",
    ]

    world = world_of(main=replace(MAIN, ledger=NAMES[:1], schema=SCHEMAS[1]))
    for effect in both.effects:
        world = effect.expect(world)
    done = Migrate().look(world, RELEASE)
    assert isinstance(done, Done)
    assert (
        done.detail == "main: cms-production is at 0003_slug.sql; audit: audit-production is at 0002_data.sql"
    )


@pytest.mark.parametrize("step", [Migrate(), Backfill("x")])
@pytest.mark.parametrize("which", ["main", "audit"])
def test_one_that_could_not_be_read_stops_all_and_is_named(step: Migrate | Backfill, which: str) -> None:
    found = look(step, **{which: Unread("no answer")})
    assert isinstance(found, Stuck)
    assert found.what == f"{which}: the database could not be read"


def test_several_that_are_stuck_are_all_told() -> None:
    found = look(Migrate(), Unread("no answer"), Unread("no answer"))
    assert isinstance(found, Stuck)
    assert found.what.splitlines() == [
        "main: the database could not be read",
        "audit: the database could not be read",
    ]
    assert found.advice == "Run the same command again."


def test_what_this_run_migrated_already_is_held_against_its_own_database_alone() -> None:
    world = replace(world_of(), before={"cms-production": replace(MAIN, ledger=NAMES[:2])})
    assert isinstance(Migrate().look(world, RELEASE), Todo)  # audit is still to be migrated
    strange = replace(world, before={"audit-production": AUDIT})
    found = Migrate().look(strange, RELEASE)
    assert isinstance(found, Stuck)
    assert (
        "audit: The ledger of audit-production is not what the plan lists: it lacks 0002_data.sql"
        in found.what
    )


def test_an_empty_ledger_of_the_second_is_filled_and_the_first_is_left_alone() -> None:
    found = look(Backfill("x"), audit=replace(AUDIT, ledger=None, schema=SCHEMAS[1]))
    assert isinstance(found, Stuck)  # the second file changes data only
    assert found.advice.endswith("inv step.backfill --through audit/0002_data.sql")


@pytest.mark.parametrize(
    "through", ["audit/0001_pages.sql", "apps/mcp/audit/0001_pages.sql", "audit/0002_data.sql"]
)
def test_through_is_told_by_the_databases_name_or_by_the_files_path(through: str) -> None:
    found = look(Backfill("x", through), audit=replace(AUDIT, ledger=None))
    assert isinstance(found, Todo)
    (effect,) = found.effects
    assert isinstance(effect, InsertLedger)
    assert (effect.database.name, effect.names[-1]) == ("audit-production", through.rpartition("/")[2])


def test_through_a_file_that_only_one_database_has_needs_no_more() -> None:
    found = look(Backfill("x", "0003_slug.sql"), main=replace(MAIN, ledger=None))
    assert isinstance(found, Todo)
    assert found.detail == "main: through 0003_slug.sql, as decided"


def test_through_a_file_of_both_is_refused_with_what_to_type() -> None:
    found = look(Backfill("x", "0001_pages.sql"), audit=replace(AUDIT, ledger=None))
    assert isinstance(found, Stuck)
    assert found.what == "0001_pages.sql is a migration of main and audit."
    assert found.advice == (
        "Say which one: inv step.backfill --through main/0001_pages.sql or inv step.backfill --through audit/0001_pages.sql"
    )


def test_through_a_file_that_is_nowhere_names_the_last_of_each() -> None:
    found = look(Backfill("x", "audit/9.sql"))
    assert isinstance(found, Stuck)
    assert found.advice == "The last ones are main/0003_slug.sql, audit/0002_data.sql."


def test_each_database_has_its_own_manual_command() -> None:
    step = Backfill("x", manuals={"main": "make main", "audit": "make audit"})
    found = look(step, audit=replace(AUDIT, ledger=None, schema=SCHEMAS[3]))
    assert isinstance(found, Stuck)
    assert found.what.startswith("audit: The live schema matches no migration")
    assert found.advice == "Run `make audit` once by hand, then run the same command again."


def test_the_plan_covers_every_database() -> None:
    one, two = (
        make_plan(forecast((Migrate(),), world, RELEASE), world, RELEASE)
        for world in (world_of(), world_of(audit=replace(AUDIT, ledger=NAMES[:2])))
    )
    assert (list(one.migrations), list(two.migrations)) == (["audit/0002_data.sql"], [])
    assert (one.ledger, two.ledger) == (
        "main/0003_slug.sql, audit/0001_pages.sql",
        "main/0003_slug.sql, audit/0002_data.sql",
    )
    assert one.hash != two.hash


def test_a_file_is_named_below_its_database_and_an_old_record_still_fits() -> None:
    world = world_of()
    assert pending(world) == ("audit/0002_data.sql",)
    assert {"main/0003_slug.sql", "0003_slug.sql", "audit/0001_pages.sql"} <= applied(world)
    assert live_now(world).endswith("database main at 0003_slug.sql, database audit at 0001_pages.sql")


def test_the_only_database_is_named_nowhere() -> None:
    world = replace(SOUND, databases={"cms": MAIN})
    (store,) = stores(world)
    assert (store.label, store.said("x"), store.file("1.sql"), ledger(world)) == ("", "x", "1.sql", NAMES[-1])
