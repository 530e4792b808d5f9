"""Step `backfill`: a database that was migrated at run time gets the ledger that its schema proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.replay import beyond, differences, prefixes_that_fit
from release.model.migrating import InsertLedger
from release.model.step import Done, Stuck, Todo
from release.model.unread import read

if TYPE_CHECKING:
    from release.model.deployment import Database
    from release.model.release import Release
    from release.model.repository import Base, Migration
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Backfill:
    """Writes only where exactly one prefix of the migrations has the live schema, or `through` decides."""

    manual: str
    through: str | None = None
    name: str = "backfill"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = "The ledger of this database could not be derived from its schema."

    @property
    def advice(self) -> str:
        """The manual command."""
        return f"Run `{self.manual}` once by hand, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when the ledger has a row for each file that the schema proves, or the database is empty."""
        del release
        if world.database is None:
            return Done("no database")
        database, base = read(world.database), read(world.base)
        if database is None or base is None:
            return Stuck("the database could not be read", self.advice)
        if database.applied:
            return self._completed(base, database)
        if not database.schema:
            return Done("the database is empty")
        if self.through is not None:
            return self._decided(database, [one.name for one in base.migrations])
        return self._proven(database, base.migrations)

    def _proven(self, database: Database, migrations: tuple[Migration, ...]) -> Look:
        """Where there is no ledger: what the schema alone tells."""
        fits = prefixes_that_fit(migrations, database.schema)
        if len(fits) == 1:
            names = tuple(m.name for m in migrations[: fits[0]])
            return Todo((InsertLedger(database, names),), f"the schema is that of {names[-1]}")
        begun = None if fits else beyond(migrations, database)
        if begun and begun.rest:
            return Done(f"{begun.file} was applied in part: migrate applies the rest")
        if not fits:
            shown = "; ".join(differences(migrations, database.schema))
            return Stuck(f"The live schema is that of no migration: {shown}", self.advice)
        alike = ", ".join(m.name for m in migrations[fits[0] : fits[-1]])
        return Stuck(
            f"The schema alone does not tell whether {alike} was applied (such a file changes data only).",
            "Look at the data, then name the last one that was applied: "
            f"inv step.backfill --through {migrations[fits[-1] - 1].name}",
        )

    def _completed(self, base: Base, database: Database) -> Look:
        """A ledger that has rows lacks one only where a file was applied without it."""
        pending = [one.name for one in base.migrations if one.name not in database.applied]
        if self.through in pending:
            names = tuple(pending[: pending.index(self.through) + 1])
            return Todo((InsertLedger(database, names),), f"through {self.through}, as decided")
        found = beyond(base.migrations, database)
        if found is None or found.rest:
            return Done("the ledger has rows")
        if found.doubt:
            return Stuck(
                f"{found.file} was applied to {database.name}, wholly or in part, and the ledger does not list it: "
                f"{found.doubt}.",
                f"Look at the data. If all of the file ran, note it: inv step.backfill --through {found.file}. If not, run "
                f"what is missing by hand (wrangler d1 execute {database.name} --remote --file FILE), then note it.",
            )
        listed = ", ".join(found.whole)
        return Todo(
            (InsertLedger(database, found.whole),),
            f"{listed} was applied and is not in the ledger: the schema is the one after it",
        )

    def _decided(self, database: Database, names: list[str]) -> Look:
        if self.through not in names:
            return Stuck(
                f"There is no migration {self.through}.", f"The last one is {names[-1] if names else 'none'}."
            )
        through = tuple(names[: names.index(self.through) + 1])
        return Todo((InsertLedger(database, through),), f"through {self.through}, as decided")
