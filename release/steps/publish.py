"""Step `publish`: the registry has this version, with exactly the content that was packed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.packaging import PublishPackage, ours, taken
from release.model.registry import Tarball
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Publish:
    """A version is published once, and never over another's."""

    name: str = "publish"
    reads: tuple[Part, ...] = ("package",)
    changes: bool = True
    meaning: str = "The registry rejected the package."
    advice: str = "Run the same command again: it looks first whether the version has arrived."

    def look(self, world: World, release: Release) -> Look:
        """Done when the version is there with a packed content; stuck when it is there with another."""
        package = world.package
        if package is None:
            return Stuck("the registry was not read", AGAIN)
        if isinstance(package, Unread):
            return Stuck.by(package, AGAIN)
        there, tag = taken(world, release.version), package.dist_tag(release.version)
        name = f"{package.name}@{release.version}"
        if ours(world, release.version, release.commit) is not None:
            return Done(
                f"{name} is on the registry as {_tags(package.tags, release.version) or 'no dist-tag'}"
            )
        if there is not None and (world.tarball is None or world.tarball.integrity):
            return Stuck(
                f"{name} is taken: the registry has it with different content.", TAKEN.format(tag=release.tag)
            )
        if there is not None:
            return Done(f"{name} is on the registry; its content is compared when this one is packed")
        tarball = world.tarball or Tarball("", "")
        return Todo((PublishPackage(release, package, tarball, tag),), f"{name} as {tag}")


AGAIN = "Run the same command again."
TAKEN = (
    "Find out who published it (npm view, npm owner ls). If it is what you want, tag its commit {tag} and push the tag; "
    "the next release then gets the next number. Or choose a higher number with --bump."
)


def _tags(tags: Mapping[str, str], version: str) -> str:
    return ", ".join(sorted(name for name, named in tags.items() if named == version))
