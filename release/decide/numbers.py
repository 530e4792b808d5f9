"""The next number, by what was asked for, what was begun, and what is burnt (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.decide.findings import rolled_back
from release.errors import BlockedError
from release.formats.version import bumped, in_line, precedes, prerelease
from release.model import bump

if TYPE_CHECKING:
    from release.config import Config
    from release.model.record import Subject
    from release.model.request import Level, Request
    from release.model.world import KnownWorld


def next_number(
    before: str, request: Request, world: KnownWorld, config: Config, begun: Subject | None
) -> str:
    """The number after `before`: an unfinished one is kept if it asks for more, a burnt one is left out.

    Raises BlockedError where none can be told, or it leaves its line.
    """
    version, burnt = _asked_for(before, request, config), _burnt(world, config, begun)
    if begun and begun.version not in burnt and precedes(before, begun.version):
        is_same_base = begun.base == world.base.commit
        if request.finish or is_same_base or precedes(version, begun.version):
            return begun.version
    while version in burnt:
        version = _raised(version, "patch", request)
    return version


def _burnt(world: KnownWorld, config: Config, begun: Subject | None) -> set[str]:
    """The numbers that were healthy or published once and then left: no other commit may have them."""
    burnt = rolled_back(world, config)
    if world.package:
        burnt |= world.package.retired
    if world.record:
        burnt.update(world.record.burnt)
        is_left = begun and world.record.subject == begun and not _is_same(world, config, begun)
        if begun and is_left and world.record.healthy:
            burnt.add(begun.version)
    return burnt


def _asked_for(before: str, request: Request, config: Config) -> str:
    if request.level == "auto":
        raise BlockedError("The next version could not be determined.", "Use --bump patch, minor or major.")
    try:
        version = _raised(before, request.level, request)
    except ValueError as error:
        raise BlockedError(f"{error}.", "Choose another word for --pre, or a higher --bump.") from None
    if not in_line(version, config.line):
        raise BlockedError(
            f"{version} is not in the line {config.line}.", "Use --bump patch, or release it without --line."
        )
    return version


def _raised(version: str, level: Level, request: Request) -> str:
    return prerelease(version, level, request.pre) if request.pre else bumped(version, level)


def _is_same(world: KnownWorld, config: Config, begun: Subject) -> bool:
    """Whether the base that was read would be bumped to the very commit that was begun."""
    if begun.base != world.base.commit:
        return False
    made = bump.bump(world.base, begun.version, begun.tag, config.app, config.identity)
    return made.commit == begun.commit
