"""Check of the programs that a release needs on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.problem import Problem

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class Tools:
    """Node and wrangler are there before anything is written."""

    name: str = "tools"
    guards: frozenset[str] = frozenset({"migrate", "deploy", "contract", "pack", "publish"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem a program."""
        del release
        return tuple(Problem(self.name, missing.because, missing.advice) for missing in world.missing)
