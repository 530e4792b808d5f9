"""Step `migrate`: every migration of the base is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.effects import ApplyMigrations, KeepBookmark
from release.model import Base, Database
from release.replay import differences_after
from release.step import Done, Stuck, Todo

if TYPE_CHECKING:
    from release.model import Part, Release, World
    from release.step import Look


@dataclass(frozen=True)
class Migrate:
    """Applies nothing to a database that is not what its ledger says."""

    name: str = "migrate"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = "A migration is invalid or conflicts with the data; the first pending file is the culprit."
    advice: str = "Nothing was deployed. Fix it on main, verify on staging, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when no file is pending."""
        del release
        if world.database is None:
            return Done("no database")
        if not isinstance(world.database, Database) or not isinstance(world.base, Base):
            return Stuck("the database could not be read", "Run the same command again.")
        names = pending(world.base, world.database)
        if not names:
            return Done(
                f"{world.database.name} is at {world.database.applied[-1]}"
                if world.database.applied
                else "no migrations"
            )
        diverged = differences_after(world.base.migrations, world.database)
        if diverged:
            return Stuck(
                f"The live schema of {world.database.name} is not what its ledger says: {'; '.join(diverged)}.",
                "Somebody changed it by hand. Bring schema and ledger together (a migration that does the same, "
                "or undo it), verify on staging, then run the same command again.",
            )
        return Todo(
            (KeepBookmark(world.database), ApplyMigrations(world.database, names)),
            f"{', '.join(names)} on {world.database.name}",
        )


def pending(base: Base, database: Database) -> tuple[str, ...]:
    """The migrations that the ledger does not hold, in the order in which they will be applied."""
    return tuple(m.name for m in base.migrations if m.name not in database.applied)
