"""Step `read-back`: what the registry hands out is what was packed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.packaging import ReadBack, ours
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class ReadItBack:
    """Never done before: each run fetches the tarball once."""

    name: str = "read-back"
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = "The registry serves something other than what was published."
    advice: str = "The version is public and not recorded. Run the same command again; if it stays so, ask the registry."

    def look(self, world: World, release: Release) -> Look:
        """Done when the integrity of the bytes is that of the tarball."""
        there = ours(world, release.version, release.commit)
        if there is None and world.tarball is not None and not world.tarball.integrity:
            return Done("compared when it is packed")  # a plan, of a version that is there already
        if there is None:
            return Stuck("The registry does not have what was packed.", self.advice)
        if world.read_back is None:
            return Todo((ReadBack(there),), "the tarball, as the registry serves it")
        if isinstance(world.read_back, Unread):
            return Stuck.by(world.read_back, self.advice)
        if world.read_back == there.integrity:
            return Done(f"{there.integrity[:19]}... as packed")
        return Stuck(
            f"The tarball has {world.read_back[:19]}..., packed was {there.integrity[:19]}....", self.advice
        )
