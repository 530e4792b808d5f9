"""What was asked for, held against what was begun: a release is never finished as another one unsaid (pure)."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.frozen import Frozen
from release.model import bump
from release.model.problem import Problem

if TYPE_CHECKING:
    from release.config import Config
    from release.model.record import Subject
    from release.model.repository import Base, Commit
    from release.model.request import Level, Request, Wanted
    from release.model.world import KnownWorld

LEVELS: tuple[Level, ...] = ("patch", "minor", "major")


class Difference(Frozen, frozen=True):
    """How an unfinished release differs from what was asked for.

    `level` and `pre` are the bump and the word of a prerelease that it was begun with, None where only the commit
    differs; `is_elsewhere`: HEAD is another commit than the one that it ships.
    """

    what: str
    level: Level | None = None
    pre: str | None = None
    is_elsewhere: bool = False


def difference(
    world: KnownWorld, begun: Subject, request: Request, said: Wanted, config: Config, *, ships_head: bool
) -> Difference | None:
    """What of `begun` is not what was asked for; None where all is, or where `--finish` takes whatever was begun.

    `said` is the bump as it was typed, auto perhaps; `request` has it settled. `ships_head`: the commit that is
    checked out is shipped, whatever was begun.
    """
    if request.finish:
        return None
    level = None if _is_same_bump(world, begun, request, said) else begun_as(world, begun)
    elsewhere = not ships_head and _is_elsewhere(world, begun, config)
    if level is None and not elsewhere:
        return None
    told = [f"{begun.tag} is unfinished"]
    if level is not None:
        word = f" {pre}" if (pre := _word(begun.version)) else ""
        asked = "the change needs" if said == "auto" else "you asked for"
        told.append(f"is a {level}{word}, and {asked} a {request.level}{_spelled(request)}")
    if elsewhere:
        told.append(f"was made from {begun.base[:7]}, and HEAD is {world.base.commit[:7]}")
    return Difference(
        "; it ".join(told) + ".", level, _word(begun.version) if level else None, is_elsewhere=elsewhere
    )


def ways_on(config: Config, found: Difference, base: str, asked: Request, only: str | None = None) -> Problem:
    """What is told where a release of `base` is finished that is not the one asked for, with what to type instead."""
    again = typed(config, asked, only=only)
    if found.level is None:  # the same command: it finishes what it began, and HEAD comes after
        return Problem("asked", found.what, f"This run finishes it. HEAD is next: {again}", level="warn")
    finishing = typed(config, replace(asked, finish=True), only=only)
    begun = typed(config, replace(asked, level=found.level, pre=found.pre), only=only)
    advice = f"Finish it: {finishing}, or {begun}"
    if found.is_elsewhere:
        there = f"git switch --detach {base[:7]}"
        advice = f"Finish it first: {finishing} (or {there}, then {begun}). Then release HEAD: {again}"
    return Problem("asked", found.what, advice, level="warn")


def typed(
    config: Config,
    request: Request,
    *,
    deploying: bool = False,
    only: str | None = None,
    said: bool = True,
    through: str | None = None,
) -> str:
    """The command line of a request."""
    bump = "--finish" if request.finish else f"--bump {request.level}"
    env = "" if request.environment == config.production else f" --env {request.environment}"
    if config.target:
        words = ["inv publish", config.target.name, bump]
        words += [f"--pre {request.pre}"] if request.pre and not request.finish else []
        return " ".join([*words, *([f"--line {request.line}"] if request.line else [])])
    if deploying:
        return f"inv deploy --env {request.environment}"
    if only:
        number = f" {bump}" if said and not request.finish else ""
        last = f" --through {shlex.quote(through)}" if through else ""
        return f"inv step.{only.replace(' ', '-')}{number}{env}{last}"
    reasons = (
        ("--reason", request.reason),
        ("--break-glass", request.break_glass),
        ("--underbump", request.underbump),
    )
    accepted = (("--accept", name) for name in request.accept)
    more = "".join(f" {option} {shlex.quote(why)}" for option, why in (*reasons, *accepted) if why)
    return f"inv release {bump}{env}{more}"


def begun_as(world: KnownWorld, begun: Subject) -> Level | None:
    """The bump of a release, by its two numbers, else by what its record says was asked; None where neither tells."""
    raised = _raised(begun)
    if raised is not None:
        return raised
    asked = _asked(world, begun)
    return next((level for level in LEVELS if level == asked), None)


def _is_same_bump(world: KnownWorld, begun: Subject, request: Request, said: Wanted) -> bool:
    if (request.pre or None) != _word(begun.version):
        return False
    if said == _asked(world, begun):
        return True
    level = begun_as(world, begun)
    if level is None:
        return True
    if said == "auto":  # it asks for the least: more than that was somebody's choice
        return LEVELS.index(request.level) <= LEVELS.index(level) if request.level != "auto" else True
    return request.level == level


def _asked(world: KnownWorld, begun: Subject) -> str:
    return world.record.asked if world.record and world.record.subject == begun else ""


def _raised(begun: Subject) -> Level | None:
    if begun.previous is None:
        return None
    before, after = (text.partition("-")[0].split(".") for text in (begun.previous, begun.version))
    if before[0] != after[0]:
        return "major"
    return "minor" if before[1] != after[1] else "patch"


def _is_elsewhere(world: KnownWorld, begun: Subject, config: Config) -> bool:
    """Whether HEAD holds something else than this release: not its base, its bump, or the commit that landed it."""
    base, history = world.base, world.history
    if base.commit in {begun.base, begun.commit}:
        return False
    if world.remote.tags.get(begun.tag) != begun.commit:
        return True
    if any(one.sha == base.commit and begun.tag in one.lands for one in history.unreleased):
        return False
    plain = [one for one in history.unreleased if len(one.parents) < 2 and begun.tag not in one.lands]  # noqa: PLR2004
    return bool(plain) and not _is_squashed(plain, base, begun, config)


def _is_squashed(plain: list[Commit], base: Base, begun: Subject, config: Config) -> bool:
    """Whether the one commit since is the bump itself, as a squashed pull request leaves it."""
    if len(plain) != 1 or begun.commit in plain[0].parents:
        return False
    try:
        return bump.current_version(base, config.app) == begun.version
    except ReleaseError:
        return False


def _word(version: str) -> str | None:
    """The word of a prerelease: beta of 1.4.0-beta.2."""
    return version.partition("-")[2].partition(".")[0] or None


def _spelled(request: Request) -> str:
    return f" {request.pre}" if request.pre else ""
