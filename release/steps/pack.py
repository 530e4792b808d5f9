"""Step `pack`: one tarball, from which nothing but itself is published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.packaging import PackPackage, ours
from release.model.step import Done, Todo

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Pack:
    """What was packed and published already is not packed again."""

    folder: str
    name: str = "pack"
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = "The package cannot be packed."
    advice: str = "Nothing was published. Fix it on the branch, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when there is a tarball."""
        if world.tarball is not None:
            return Done(_described(world))
        there = ours(world, release.version, release.commit)
        if there is not None:
            return Done(f"{release.version} is already on the registry")
        return Todo((PackPackage(release),), f"{self.folder} into one tarball")


def _described(world: World) -> str:
    tarball = world.tarball
    if tarball is None or not tarball.integrity:
        return ""
    name = tarball.path.rpartition("/")[2]
    return f"{name}: {len(tarball.files)} files, {tarball.size} bytes, {tarball.integrity[:19]}..."
