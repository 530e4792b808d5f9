"""What is true after a publish that failed, in words: what is on the registry, what is not recorded (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.model.registry import Package
from release.model.repository import History, Remote
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.outcome import Failure
    from release.model.release import Release
    from release.model.world import World


def explained(failure: Failure, release: Release, world: World, *, changed: bool, recorded: bool) -> Failure:
    """The failure of a publish with what is true now. `changed`: this release's content is on the registry."""
    if not changed:
        return replace(failure, standing="Not published. The registry is unchanged.")
    if isinstance(world.package, Unread):
        standing = "Whether it is published could not be read. Nothing was committed or tagged."
    elif recorded:
        standing = f"{release.tag} is published and recorded, and {failure.step} is not done."
    else:
        standing = f"{release.tag} is published, and not recorded yet. Nothing was committed or tagged."
    return replace(failure, standing=standing, state=tuple(_facts(release, world)))


def _facts(release: Release, world: World) -> Iterator[tuple[str, str]]:
    package = world.package
    if isinstance(package, Package):
        yield "published", f"{package.page}/{release.version}"
    elif package is not None:
        yield "registry", package.because
    missing = list(_missing(release, world))
    if missing:
        yield "not recorded", ", ".join(missing)


def _missing(release: Release, world: World) -> Iterator[str]:
    """What git and GitHub do not hold yet."""
    if not isinstance(world.remote, Remote):
        yield f"unknown: {world.remote.because}"
        return
    if world.remote.tags.get(release.tag) != release.commit:
        yield f"tag {release.tag}"
    if not (isinstance(world.history, History) and world.history.is_on_branch):
        yield "the bump on the branch"
    if isinstance(world.releases, Unread) or release.tag not in world.releases:
        yield "the GitHub Release"
