"""What the steps of a database do to it, as effects (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from release.frozen import Frozen
from release.model.effects import Local
from release.model.release import Write
from release.model.unread import read

if TYPE_CHECKING:
    from release.formats.wrangler_migrations import Rules
    from release.model.deployment import Database
    from release.model.repository import Migration
    from release.model.world import World


class InsertLedger(Frozen, frozen=True):
    """Write the names of migrations that the schema already holds into the ledger."""

    is_brief: ClassVar[bool] = True

    database: Database
    names: tuple[str, ...]

    def writes(self, step: str) -> tuple[Write, ...]:
        """One row a migration."""
        return tuple(
            Write(step, "d1", self.database.name, f"note {name} in the ledger") for name in self.names
        )

    def expect(self, world: World) -> World:
        """The ledger holds them."""
        return _with_ledger(world, self.database, self.names)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The rows that are in the ledger."""
        return _in_ledger(world, self.database, self.names, self.writes(step))


class KeepBookmark(Local, frozen=True):
    """Note the database as it is before it changes: its Time Travel bookmark for the record, its ledger for this run.

    `moment` tells the times of a run apart: a later one keeps the first bookmark.
    """

    database: Database
    moment: str = ""

    @property
    def key(self) -> str:
        """Under which name the ledger is noted."""
        return f"{self.database.name}{self.moment}"

    def expect(self, world: World) -> World:
        """The same: a dry run has no use for one."""
        return world


class ApplyMigrations(Frozen, frozen=True):
    """Apply these migrations and no others, with one wrangler call; one that was begun holds what is left of it.

    `rules` say how wrangler finds them; `since` is the line from which on the first one is still to run, where it was begun.
    """

    is_brief: ClassVar[bool] = False

    database: Database
    migrations: tuple[Migration, ...]
    rules: Rules
    since: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The ledger's keys."""
        return tuple(one.name for one in self.migrations)

    def writes(self, step: str) -> tuple[Write, ...]:
        """One a migration."""
        said = [f"apply {name}" for name in self.names]
        said[:1] = [f"{one} from line {self.since}" if self.since else one for one in said[:1]]
        return tuple(Write(step, "d1", self.database.name, one) for one in said)

    def expect(self, world: World) -> World:
        """The ledger holds them."""
        return _with_ledger(world, self.database, self.names, is_expected=True)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The migrations whose name is in the ledger; and the next one where the schema moved on without a row for it."""
        noted = _in_ledger(world, self.database, self.names, self.writes(step))
        name = name_of(world, self.database)
        now = read(world.databases[name]) if name is not None else None
        if noted or now is None or now.schema == self.database.schema:
            return noted
        return (Write(step, "d1", self.database.name, f"apply {self.names[0]} in part"),)


def name_of(world: World, database: Database) -> str | None:
    """What people call this database; None where the world does not have it."""
    for name, part in world.databases.items():
        found = read(part)
        if found is not None and found.name == database.name:
            return name
    return None


def _with_ledger(
    world: World, database: Database, names: tuple[str, ...], *, is_expected: bool = False
) -> World:
    name = name_of(world, database)
    found = read(world.databases[name]) if name is not None else None
    if name is None or found is None:
        return world
    noted = replace(found, ledger=found.applied + names, is_expected=is_expected)
    return replace(world, databases={**world.databases, name: noted})


def _in_ledger(
    world: World, database: Database, names: tuple[str, ...], writes: tuple[Write, ...]
) -> tuple[Write, ...]:
    name = name_of(world, database)
    found = read(world.databases[name]) if name is not None else None
    applied = found.applied if found else ()
    return tuple(write for name, write in zip(names, writes, strict=True) if name in applied)
