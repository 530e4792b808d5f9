"""Each database of a world beside the migrations that the commit holds for it, and how a file of several is named (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.frozen import Frozen
from release.model.deployment import Database
from release.model.repository import Folder
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from release.model.repository import Base, Migration
    from release.model.world import World


class Store(Frozen, frozen=True):
    """One database and its migrations. `label` is the name that people call it, empty where it is the only one."""

    name: str
    label: str
    database: Database | Unread
    migrations: tuple[Migration, ...]
    folder: Folder

    def said(self, text: str) -> str:
        """A sentence about this database, which names it where there are several."""
        return f"{self.label}: {text}" if self.label and text else text

    def file(self, name: str) -> str:
        """A migration's name, which tells its database where there are several."""
        return qualified(self.label, name)

    @property
    def applied(self) -> tuple[str, ...]:
        """The names in the ledger; none where it could not be read."""
        return self.database.applied if isinstance(self.database, Database) else ()

    @property
    def pending(self) -> tuple[Migration, ...]:
        """The migrations that the ledger does not list, in the order in which they will be applied."""
        applied = self.applied
        return tuple(one for one in self.migrations if one.name not in applied)


def stores(world: World, databases: Mapping[str, Database | Unread] | None = None) -> tuple[Store, ...]:
    """The databases of a world in the order of their migrations, or those of another environment beside its commit."""
    base = read(world.base)
    found = world.databases if databases is None else databases
    return tuple(
        _store(name, label, one, base)
        for (name, one), label in zip(found.items(), labels(found), strict=True)
    )


def _store(name: str, label: str, database: Database | Unread, base: Base | None) -> Store:
    folder = base.folders.get(name, Folder()) if base else Folder()
    return Store(name, label, database, folder.migrations, folder)


def labels(names: Iterable[str]) -> tuple[str, ...]:
    """What each database is called in a sentence: nothing where there is only one."""
    all_of_them = tuple(names)
    return all_of_them if len(all_of_them) > 1 else ("",) * len(all_of_them)


def qualified(label: str, name: str) -> str:
    """A migration's name below its database's."""
    return f"{label}/{name}" if label else name


def pending(world: World) -> tuple[str, ...] | None:
    """The migrations that are not applied; None where there is no database, or one of them or the commit is unread."""
    found = stores(world)
    if not found or isinstance(world.base, Unread) or any(isinstance(one.database, Unread) for one in found):
        return None
    return tuple(one.file(migration.name) for one in found for migration in one.pending)


def applied(world: World) -> frozenset[str]:
    """Every name that a record may have for a migration that a ledger lists; one from before there were several is bare."""
    return frozenset(name for one in stores(world) for file in one.applied for name in (file, one.file(file)))


def ledger(world: World) -> str | None:
    """The last migration of each ledger; None where none lists any."""
    last = [one.file(one.applied[-1]) for one in stores(world) if one.applied]
    return ", ".join(last) or None
