"""Step `verify` of a package: registry, dist-tag, tag and Release agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.packaging import ours
from release.model.registry import Package
from release.model.repository import History, Remote
from release.model.step import Done, Stuck

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
    meaning: str = "The package is published and recorded, but one place disagrees."
    advice: str = "Look at the place it names, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when all agree; else which does not."""
        faults = [
            one for one in (_registry(world, release), _git(world, release), _page(world, release)) if one
        ]
        if faults:
            return Stuck("; ".join(faults), self.advice)
        return Done(f"registry, tag, Release agree on {release.version}")


def _registry(world: World, release: Release) -> str | None:
    if not isinstance(world.package, Package):
        return world.package.because if world.package else "the registry was not read"
    there = ours(world, release.version, release.commit)
    if there is None and not (world.tarball and not world.tarball.integrity):
        return f"the registry does not have {release.version} as it was packed"
    return None


def _git(world: World, release: Release) -> str | None:
    if not isinstance(world.remote, Remote) or not isinstance(world.history, History):
        return "the remote could not be read"
    if world.remote.tags.get(release.tag) != release.commit:
        return f"{release.tag} is not on the remote"
    return None if world.history.has_landed else "the branch does not hold the release"


def _page(world: World, release: Release) -> str | None:
    if not isinstance(world.releases, frozenset):
        return world.releases.because
    return None if release.tag in world.releases else f"GitHub has no Release {release.tag}"
