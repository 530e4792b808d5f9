"""Step `verify` of a package: registry, dist-tag, tag and Release agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.packaging import ours
from release.model.step import Done, Stuck
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class VerifyPackage:
    """Only looks."""

    name: str = "verify"
    reads: tuple[Part, ...] = ("package", "remote", "releases")
    changes: bool = False
    meaning: str = "Published and recorded, but some checks disagree."
    advice: str = "Fix what is named above, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when all agree; else which does not."""
        faults = [
            one for one in (_registry(world, release), _git(world, release), _page(world, release)) if one
        ]
        if faults:
            return Stuck("; ".join(faults), self.advice)
        return Done(f"registry, tag, Release agree on {release.version}")


def _registry(world: World, release: Release) -> str | None:
    if world.package is None:
        return "the registry was not read"
    if isinstance(world.package, Unread):
        return world.package.because
    there = ours(world, release.version, release.commit)
    if there is None and not (world.tarball and not world.tarball.integrity):
        return f"the registry does not have {release.version} as it was packed"
    return None


def _git(world: World, release: Release) -> str | None:
    remote, history = read(world.remote), read(world.history)
    if remote is None or history is None:
        return "the remote could not be read"
    if remote.tags.get(release.tag) != release.commit:
        return f"{release.tag} is not on the remote"
    return None if history.is_on_branch else "the branch does not hold the release"


def _page(world: World, release: Release) -> str | None:
    if isinstance(world.releases, Unread):
        return world.releases.because
    return None if release.tag in world.releases else f"GitHub has no Release {release.tag}"
