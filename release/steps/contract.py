"""Step `contract`: the migrations that only the new version can live with are applied once it serves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.applying import look_at
from release.database.contract import waiting
from release.model.looks import of_each
from release.model.record import Record
from release.model.unread import read

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.repository import Migration
    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import Part, World

MOMENT = " contract"


@dataclass(frozen=True)
class Contract:
    """Like `migrate`, after the smoke check: from here on the version before does not run on the schema any more.

    `contracting` are the databases of which every breaking migration waits.
    """

    contracting: frozenset[str] = frozenset()
    name: str = "contract"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = (
        "A contract migration is invalid or conflicts with the data; the first pending file caused it."
    )
    advice: str = (
        "The new version is live and healthy, and not recorded. Fix the file on main, then run the same command again: "
        "it applies the file and records the release."
    )

    def look(self, world: World, release: Release) -> Look:
        """Done when no file of this release is pending in any database."""
        return of_each(world, lambda store: look_at(store, world, self._files(store, world, release), MOMENT))

    def _files(self, store: Store, world: World, release: Release) -> tuple[Migration, ...]:
        """What waits; of a release that was begun only what it brings, whatever main has got meanwhile."""
        files = waiting(store, graded=store.name in self.contracting)
        record = read(world.record)
        begun = record.unfinished if isinstance(record, Record) else None
        if record is None or begun is None or begun.commit != release.commit:
            return files
        return tuple(one for one in files if store.file(one.name) in record.migrated)
