"""Step `migrate`: every migration of the base is in the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.applying import look_at
from release.database.contract import waiting
from release.model.looks import of_each

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import Part, World


@dataclass(frozen=True)
class Migrate:
    """Applies nothing to a database that does not match its migration ledger, and nothing that waits for the new version.

    `contracting` are the databases of which every breaking migration waits.
    """

    contracting: frozenset[str] = frozenset()
    name: str = "migrate"
    reads: tuple[Part, ...] = ("database",)
    changes: bool = True
    meaning: str = "A migration is invalid or conflicts with the data; the first pending file caused it."
    advice: str = "Nothing was deployed. Fix it on main, verify on staging, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when no file is pending in any database but those that wait."""
        del release
        return of_each(world, lambda store: self._of(store, world))

    def _of(self, store: Store, world: World) -> Look:
        later = len(waiting(store, graded=store.name in self.contracting))
        return look_at(store, world, store.pending[: len(store.pending) - later])
