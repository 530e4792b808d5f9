"""Step `backfill`: a database that was migrated at run time gets the ledger that its schema proves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from release.database.replay import beyond, differences, prefixes_that_fit
from release.model.looks import of_each
from release.model.migrating import InsertLedger
from release.model.step import Done, Stuck, Todo
from release.model.stores import stores
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.deployment import Database
    from release.model.release import Release
    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import Part, World


@dataclass(frozen=True)
class Backfill:
    """Writes only where exactly one prefix of the migrations has the live schema, or `through` decides.

    `through` is a file; of several databases it is the one that has such a file, by its name, as `audit/FILE`, or by its
    path in the repository. `manuals` are the manual commands of several databases.
    """

    manual: str
    through: str | None = None
    manuals: Mapping[str, str] = field(default_factory=dict)
    name: str = "backfill"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = "The ledger of this database could not be derived from its schema."

    @property
    def advice(self) -> str:
        """The manual command."""
        return f"Run `{self.manual}` once by hand, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when each ledger has a row for each file that the schema proves, or the database is empty."""
        del release
        found = stores(world)
        if self.through is None or len(found) < 2 or isinstance(world.base, Unread):  # noqa: PLR2004 - several
            return of_each(world, lambda store: self._of(store, world, self.through))
        meant = [(store, name) for store in found if (name := _meant(store, self.through)) is not None]
        if len(meant) != 1:
            return _unclear(self.through, found, meant)
        ((chosen, file),) = meant
        return of_each(
            world, lambda store: self._of(store, world, file if store.name == chosen.name else None)
        )

    def _of(self, store: Store, world: World, through: str | None) -> Look:
        """The look at one database."""
        step = replace(self, manual=self.manuals.get(store.name, self.manual), through=through)
        database = store.database
        if isinstance(database, Unread) or isinstance(world.base, Unread):
            return Stuck("the database could not be read", step.advice)
        if database.applied:
            return step._completed(store, database)  # noqa: SLF001 - its own
        if not database.schema:
            return Done("the database is empty")
        if through is not None:
            return _decided(through, database, [one.name for one in store.migrations])
        return step._proven(store, database)  # noqa: SLF001

    def _proven(self, store: Store, database: Database) -> Look:
        """Where there is no ledger: what the schema alone tells."""
        migrations = store.migrations
        fits = prefixes_that_fit(migrations, database.schema)
        if len(fits) == 1:
            names = tuple(m.name for m in migrations[: fits[0]])
            return Todo((InsertLedger(database, names),), f"the schema matches {names[-1]}")
        begun = None if fits else beyond(migrations, database)
        if begun and begun.rest:
            return Done(f"{begun.file} was applied in part: migrate applies the rest")
        if not fits:
            shown = "; ".join(differences(migrations, database.schema))
            return Stuck(f"The live schema matches no migration: {shown}", self.advice)
        alike = ", ".join(m.name for m in migrations[fits[0] : fits[-1]])
        return Stuck(
            f"The schema alone does not tell whether {alike} was applied (such a file changes data only).",
            "Look at the data, then name the last one that was applied: "
            f"inv step.backfill --through {store.file(migrations[fits[-1] - 1].name)}",
        )

    def _completed(self, store: Store, database: Database) -> Look:
        """A ledger that has rows lacks one only where a file was applied without it."""
        pending = [one.name for one in store.pending]
        if self.through in pending:
            names = tuple(pending[: pending.index(self.through) + 1])
            return Todo((InsertLedger(database, names),), f"through {self.through}, as decided")
        found = beyond(store.migrations, database)
        if found is None or found.rest:
            return Done("the migration ledger is already filled")
        if found.doubt:
            file = store.file(found.file)
            return Stuck(
                f"{found.file} was applied to {database.name}, wholly or in part, and the ledger does not list it: "
                f"{found.doubt}.",
                f"Look at the data. If all of the file ran, note it: inv step.backfill --through {file}. If not, run "
                f"what is missing by hand (wrangler d1 execute {database.name} --remote --file FILE), then note it.",
            )
        listed = ", ".join(found.whole)
        return Todo(
            (InsertLedger(database, found.whole),),
            f"{listed} was applied and is not in the ledger: the schema is the one after it",
        )


def _decided(through: str, database: Database, names: list[str]) -> Look:
    if through not in names:
        return Stuck(
            f"There is no migration {through}.", f"The last one is {names[-1] if names else 'none'}."
        )
    chosen = tuple(names[: names.index(through) + 1])
    return Todo((InsertLedger(database, chosen),), f"through {through}, as decided")


def _meant(store: Store, through: str) -> str | None:
    """The migration of this database that a person may mean: by its name, below the database's, or by its path."""
    rules = store.folder.rules
    prefixes = ("", f"{store.name}/", f"{rules.folder}/" if rules and rules.folder != "." else "")
    names = (one.name for one in store.migrations)
    return next((name for name in names if through in {f"{prefix}{name}" for prefix in prefixes}), None)


def _unclear(through: str, found: tuple[Store, ...], meant: list[tuple[Store, str]]) -> Stuck:
    if meant:
        where = " and ".join(store.name for store, _ in meant)
        ways = " or ".join(f"inv step.backfill --through {store.file(name)}" for store, name in meant)
        return Stuck(f"{through} is a migration of {where}.", f"Say which one: {ways}")
    last = ", ".join(store.file(store.migrations[-1].name) for store in found if store.migrations)
    return Stuck(f"There is no migration {through}.", f"The last ones are {last or 'none'}.")
