"""Step `migrate`: every migration of the base is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.replay import beyond, differences_after
from release.formats.wrangler_migrations import Rules
from release.model.looks import of_each
from release.model.migrating import ApplyMigrations, KeepBookmark
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.database.replay import Beyond
    from release.model.deployment import Database
    from release.model.release import Release
    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import Part, World


@dataclass(frozen=True)
class Migrate:
    """Applies nothing to a database that does not match its migration ledger."""

    name: str = "migrate"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = "A migration is invalid or conflicts with the data; the first pending file caused it."
    advice: str = "Nothing was deployed. Fix it on main, verify on staging, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when no file is pending in any database."""
        del release
        return of_each(world, lambda store: _of(store, world))


def _of(store: Store, world: World) -> Look:
    """The look at one database."""
    database = store.database
    if isinstance(world.base, Unread) or isinstance(database, Unread):
        return Stuck("the database could not be read", "Run the same command again.")
    names, before = tuple(one.name for one in store.pending), world.before.get(database.name)
    strange = _strange(before, store, database)
    if strange or (names and before is not None):
        return _unplanned(database, names, strange)
    if not names:
        return Done(f"{database.name} is at {database.applied[-1]}" if database.applied else "no migrations")
    diverged = differences_after(store.migrations, database)
    found = beyond(store.migrations, database) if diverged else None
    if diverged and (found is None or found.rest is None):
        return _diverged(database, diverged, found)
    files = store.pending
    said, line = ", ".join(names), 0
    if found and found.rest:
        files, line = (found.rest, *files[1:]), found.line
        said = f"{names[0]} from line {line} (what is before it was applied){''.join(f', {one}' for one in names[1:])}"
    return Todo(
        (
            KeepBookmark(database),
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
