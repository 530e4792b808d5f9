"""The look at a database that is to be migrated: what is applied, and why it cannot be (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.replay import beyond, differences_after
from release.formats.wrangler_migrations import Rules
from release.model.migrating import ApplyMigrations, KeepBookmark
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.database.replay import Beyond
    from release.model.deployment import Database
    from release.model.repository import Migration
    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import World


def look_at(store: Store, world: World, files: tuple[Migration, ...], moment: str = "") -> Look:
    """The look at one database: `files` are those of the pending ones that run now.

    `moment` tells the times of a run apart at which its ledger is noted.
    """
    database = store.database
    if isinstance(world.base, Unread) or isinstance(database, Unread):
        return Stuck("the database could not be read", "Run the same command again.")
    names, before = tuple(one.name for one in files), world.before.get(f"{database.name}{moment}")
    strange = _strange(before, store, database)
    if strange or (names and before is not None):
        return _unplanned(database, names, strange)
    if not names:
        waits = "" if not store.pending or moment else f"; {store.pending[0].name} waits for the new version"
        return Done(
            f"{database.name} is at {database.applied[-1]}{waits}" if database.applied else "no migrations"
        )
    diverged = () if database.is_expected else differences_after(store.migrations, database)
    found = beyond(store.migrations, database) if diverged else None
    if diverged and (found is None or found.rest is None):
        return _diverged(database, diverged, found)
    said, line = ", ".join(names), 0
    if found and found.rest:
        files, line = (found.rest, *files[1:]), found.line
        said = f"{names[0]} from line {line} (what is before it was applied){''.join(f', {one}' for one in names[1:])}"
    return Todo(
        (
            KeepBookmark(database, moment),
            ApplyMigrations(database, files, store.folder.rules or Rules("."), line),
        ),
        f"{said} on {database.name}",
    )


def _strange(before: Database | None, store: Store, now: Database) -> tuple[str, ...]:
    """What the ledger got since this run began to migrate, and no file of the commit."""
    if before is None:
        return ()
    known = {*before.applied, *(one.name for one in store.migrations)}
    return tuple(name for name in now.applied if name not in known)


def _unplanned(database: Database, missing: tuple[str, ...], strange: tuple[str, ...]) -> Stuck:
    lacks = f"it lacks {', '.join(missing)}" if missing else ""
    has = f"it has {', '.join(strange)}, which the plan does not list" if strange else ""
    return Stuck(
        f"The ledger of {database.name} is not what the plan lists: {'; '.join(filter(None, (lacks, has)))}.",
        "No worker was deployed. Look at the database (another tool or person may migrate it too), then run the same "
        "command again.",
    )


def _diverged(database: Database, differences: tuple[str, ...], found: Beyond | None) -> Stuck:
    """A schema that is not its ledger's: named where a file was applied without its row, else told as a difference."""
    if not database.applied and not (found and found.whole):
        return Stuck(
            f"What is pending on {database.name} is unknown: its migration ledger is empty.",
            "Fill the ledger first (inv step.backfill), then run the same command again.",
        )
    if found and found.whole:
        return Stuck(
            f"{', '.join(found.whole)} was applied to {database.name}, and its ledger does not list it.",
            "inv step.backfill notes it; then run the same command again.",
        )
    return Stuck(
        f"The live schema of {database.name} does not match its migration ledger: {'; '.join(differences)}.",
        "It was changed by hand, or by another tool. Reconcile schema and ledger (a migration that does the same, "
        "or undo it), verify on staging, then run the same command again.",
    )
