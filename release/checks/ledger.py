"""Warns where a database, its ledger and the files do not fit, also where no migration is pending."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.decide.ledger import findings
from release.model.problem import Problem
from release.model.stores import stores

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class LedgerFits:
    """The ledger has no names without files, and the schema is that of the ledger; it warns alone.

    Of a ledger that is empty the step `backfill` tells, of a drift under a pending migration the step `migrate`.
    """

    name: str = "ledger"
    guards: frozenset[str] = frozenset()

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """The warnings of every database."""
        del release
        found = (one for store in stores(world) if store.applied for one in findings(world, store))
        return tuple(Problem(self.name, what, advice, level="warn") for what, advice in found)
