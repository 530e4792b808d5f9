"""A world that was read once from a double: a check or a step's look is tried on it without anything that runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from release.decide.decide import Go, decide
from release.model.request import Request
from release.model.step import Todo
from release.observe.world import observe
from release.testing.scene import double

if TYPE_CHECKING:
    from release.config import Config
    from release.model.problem import Problem
    from release.model.release import Release
    from release.model.request import Level
    from release.model.step import Check, Look, Step
    from release.model.world import World


@dataclass(frozen=True)
class Recorded:
    """A moment before a release: 1.2.3 is live and healthy, one commit and one migration wait. All of it is frozen."""

    config: Config
    world: World
    release: Release

    def where(self, **parts: Any) -> Recorded:  # noqa: ANN401 - any part of a World
        """The same moment with other parts of the world, such as `health=...` or `done=frozenset({"smoke"})`."""
        return replace(self, world=replace(self.world, **parts))

    def look(self, step: Step) -> Look:
        """What a step says of this moment."""
        return step.look(self.world, self.release)

    def find(self, check: Check) -> tuple[Problem, ...]:
        """What a check finds."""
        return check.find(self.world, self.release)

    def after(self, step: Step) -> Recorded:
        """The moment in which all that a step wants to do is done; its look must then be Done. Nothing is carried out."""
        look, world = self.look(step), self.world
        for effect in look.effects if isinstance(look, Todo) else ():
            world = effect.expect(world)
        return replace(self, world=world)


@cache
def recorded(level: Level = "patch") -> Recorded:
    """The world of `double`, and the release that `inv release --bump LEVEL` would make of it.

    It is read once in each process, which takes about half a second.
    """
    with TemporaryDirectory() as folder, double(Path(folder)) as scene, scene.ops() as ops:
        world = observe(ops)
        decision = decide(world, Request(level=level), ops.config)
        if not isinstance(decision, Go):
            raise TypeError(f"the double has nothing to release: {decision}")
        return Recorded(ops.config, world, decision.release)
