"""Step `smoke`: the environment answers as this release, several times in a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.effects import WatchHealth
from release.model.step import Done, Stuck, Todo

if TYPE_CHECKING:
    from release.model.health import HealthRule
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class SmokeCheck:
    """Never done before: each run asks for itself."""

    rule: HealthRule
    number_was_live: bool
    settle: float = 60
    name: str = "smoke"
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = "The new version is live but unhealthy."
    advice: str = (
        "Nothing was committed, so it is safe to rerun: "
        "`inv rollback`, or merge a fix and run the same command again."
    )

    def look(self, world: World, release: Release) -> Look:
        """Done when this run has seen it healthy."""
        if world.smoke is None:
            watch = WatchHealth(release, self.number_was_live)
            return Todo((watch,), self.rule.expected(release, self.settle))
        if world.smoke.healthy:
            return Done(world.smoke.detail)
        return Stuck(world.smoke.detail, self.advice)
