"""Step `test`: the configured build, test and lint commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.effects import RunTests
from release.model.step import Done, Todo

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Test:
    """Never done before: every run tests what it is about to ship."""

    commands: tuple[str, ...]
    name: str = "test"
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = "Tests fail on this commit."
    advice: str = "Don't bypass it: fix it on main, let staging redeploy, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done once this run has run them."""
        del release
        if self.name in world.done:
            return Done(", ".join(self.commands))
        return Todo((RunTests(),), ", ".join(self.commands))
