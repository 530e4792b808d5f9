"""What a publish can do to this machine and a registry, as values; and what on the registry is its own (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from release.frozen import Frozen
from release.model.effects import Local
from release.model.registry import Published, Tarball
from release.model.release import Write
from release.model.unread import read

if TYPE_CHECKING:
    from release.model.registry import Package
    from release.model.release import Release
    from release.model.world import World


def taken(world: World, version: str) -> Published | None:
    """The version as the registry has it, whoever published it."""
    package = read(world.package)
    return package.versions.get(version) if package else None


def packed(world: World, commit: str) -> tuple[str, ...]:
    """The integrities of the tarballs that were packed of this commit: by this run, and as the record says by earlier ones."""
    record = read(world.record)
    noted = record.packed if record and record.subject and record.subject.commit == commit else ()
    mine = (world.tarball.integrity,) if world.tarball else ()
    return (*noted, *mine)


def ours(world: World, version: str, commit: str) -> Published | None:
    """The version on the registry, where its content is one that was packed of this commit."""
    there = taken(world, version)
    return there if there is not None and there.integrity in packed(world, commit) else None


class PackPackage(Local, frozen=True):
    """Pack the package once; a tarball that an earlier run kept is taken as it is."""

    is_brief: ClassVar[bool] = False

    release: Release

    def expect(self, world: World) -> World:
        """There is a tarball, of which a plan knows nothing."""
        return replace(world, tarball=Tarball("", ""))


class PublishPackage(Frozen, frozen=True):
    """Upload the tarball under a dist-tag."""

    is_brief: ClassVar[bool] = False

    release: Release
    package: Package
    tarball: Tarball
    dist_tag: str

    def writes(self, step: str) -> tuple[Write, ...]:
        """One version."""
        target = f"{self.package.name}@{self.release.version}"
        return (Write(step, "npm", target, f"publish as {self.dist_tag}"),)

    def expect(self, world: World) -> World:
        """The registry has the version."""
        package = read(world.package)
        if package is None:
            return world
        version = self.release.version
        there = Published(version, self.tarball.integrity, "")
        package = replace(
            package,
            versions={**package.versions, version: there},
            tags={**package.tags, self.dist_tag: version},
        )
        return replace(world, package=package)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        """The version, if the registry has it with this content."""
        there = taken(world, self.release.version)
        return self.writes(step) if there and there.integrity == self.tarball.integrity else ()


class ReadBack(Local, frozen=True):
    """Fetch the tarball from the registry, as anybody would, and compute its integrity."""

    published: Published

    def expect(self, world: World) -> World:
        """It is what was published."""
        return replace(world, read_back=self.published.integrity)
