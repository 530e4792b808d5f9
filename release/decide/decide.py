"""Decide: what one invocation is to do, as a pure function of the world and the request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from release.decide.asked import difference
from release.decide.findings import (
    is_out,
    previous,
    rolled_back,
    rolled_back_tag,
    unfinished,
    unreadable,
    unrecorded,
)
from release.errors import BlockedError, ReleaseError
from release.formats.version import TagPattern, bumped, in_line, precedes, prerelease
from release.model import bump
from release.model.deployment import Health, Live
from release.model.problem import Problem
from release.model.record import Record
from release.model.registry import Package
from release.model.release import Release
from release.model.repository import Base, History, Remote
from release.model.rolled_back import standing, with_next
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.config import Config
    from release.decide.asked import Difference
    from release.model.record import Subject
    from release.model.request import Level, Request, Wanted
    from release.model.rolled_back import RolledBack
    from release.model.world import World

Kind = Literal["start", "finish", "supersede", "repair"]


@dataclass(frozen=True)
class Go:
    """Carry out a release. `why` says in a few words what was found.

    start: a new number, or the same release once more · finish: it is live and healthy, record it ·
    supersede: the number was never healthy, another commit takes it · repair: one step alone, on the last release.
    `relive` is true when the number may be live already, so that a health answer alone does not prove the new bundle.
    `rolled_back`, here and below, is the release that a rollback took away, while nothing newer is live. `differs` says
    how what was begun is not what was asked for, None where it is.
    """

    kind: Kind
    release: Release
    why: str
    relive: bool = False
    rolled_back: RolledBack | None = None
    differs: Difference | None = field(default=None, compare=False)  # told, and nothing that is done


@dataclass(frozen=True)
class Nothing:
    """There is nothing to release; `released` when this very commit was released already."""

    why: str
    last: Subject | None = None
    released: bool = False
    rolled_back: RolledBack | None = None


@dataclass(frozen=True)
class Blocked:
    """The world cannot be read well enough, or contradicts itself."""

    problems: tuple[Problem, ...]
    rolled_back: RolledBack | None = None


Decision = Go | Nothing | Blocked


def decide(world: World, request: Request, config: Config, said: Wanted | None = None) -> Decision:
    """What this invocation does. At most one version lands, and an unfinished one comes first.

    `said` is the bump as it was typed, where `request` has an auto settled.
    """
    problems = unreadable(world)
    if problems:
        return Blocked(problems)
    begun, back = unfinished(world, config), standing(world, config)
    try:
        decision = (_finish(world, config, begun) if begun is not None else None) or _next(
            world, request, config, begun
        )
        if begun is not None:
            decision = _held(decision, world, begun, request, said, config)
    except ReleaseError as error:
        decision = Blocked((Problem("version", error.what, error.advice),))
    return decision if back is None else _after_rollback(decision, back, world, request, config)


def _after_rollback(
    decision: Decision, back: RolledBack, world: World, request: Request, config: Config
) -> Decision:
    """The same decision, with what was rolled back: that release is not said to be released."""
    if isinstance(decision, Go):
        count = len(world.history.unreleased) if isinstance(world.history, History) else None
        return replace(decision, rolled_back=with_next(back, count, decision.release.version))
    last = previous(world, config)
    try:
        coming = _number(last[0], request, world, config, None) if last else None
    except ReleaseError:
        coming = None
    told = with_next(back, 0 if isinstance(decision, Nothing) else None, coming)
    if isinstance(decision, Nothing) and last and last[1] == back.tag:
        why = f"no commits since {back.tag}, which was rolled back"
        return replace(decision, why=why, released=False, rolled_back=told)
    return replace(decision, rolled_back=told)


def decide_deploy(world: World, request: Request, config: Config) -> Decision:
    """What a deployment without a number does: ship this commit, unless a newer one is live already."""
    problems = unreadable(world)
    if problems:
        return Blocked(problems)
    if (
        not isinstance(world.base, Base)
        or not isinstance(world.history, History)
        or isinstance(world.remote, Unread)
    ):
        return Blocked(problems)
    last = previous(world, config)
    try:
        version = bump.current_version(world.base, config.app)
    except ReleaseError as error:
        return Blocked((Problem("version", error.what, error.advice),))
    base = world.base.commit
    if world.history.overtaken:
        return Nothing(
            f"superseded: {world.history.overtaken[:7]} is live and newer than {base[:7]}", released=True
        )
    tag = TagPattern(config.app.tag).tag(version)
    release = Release(
        config.app.name,
        request.environment,
        base,
        last[0] if last else None,
        last[1] if last else None,
        version,
        tag,
        base,
    )
    return Go("start", release, f"commit {base[:7]}", relive=True, rolled_back=standing(world, config))


def _held(
    decision: Decision, world: World, begun: Subject, request: Request, said: Wanted | None, config: Config
) -> Decision:
    """The decision with what it does otherwise than was asked, where it goes on with what was begun."""
    if not isinstance(decision, Go) or decision.release.tag != begun.tag:
        return decision
    ships_head = decision.kind != "finish"
    found = difference(world, begun, request, said or request.level, config, ships_head=ships_head)
    return replace(decision, differs=found)


def _finish(world: World, config: Config, begun: Subject) -> Go | None:
    release = Release.of(begun, world.environment, is_package=config.target is not None)
    tagged = isinstance(world.remote, Remote) and world.remote.tags.get(begun.tag) == begun.commit
    if tagged:
        return Go(
            "finish",
            release,
            f"{begun.tag} is on the remote, and not complete yet",
        )
    if is_out(world, begun):
        state = "published" if world.package is not None else "live and healthy"
        return Go("finish", release, f"{begun.tag} is {state}, and not recorded yet")
    return None


def _next(world: World, request: Request, config: Config, begun: Subject | None) -> Decision:
    if (
        not isinstance(world.base, Base)
        or isinstance(world.history, Unread)
        or isinstance(world.remote, Unread)
    ):
        return Blocked(unreadable(world))
    last = previous(world, config)
    if last and not world.history.unreleased:
        return _nothing(world, last)
    closed = _closed(world, world.base.commit)
    if closed is not None:
        return closed
    if request.finish and begun is None:
        return Nothing("no release is unfinished")
    before = last[0] if last else bump.current_version(world.base, config.app)
    version = _number(before, request, world, config, begun)
    foreign = [one for one in unrecorded(world, config) if one != version]
    if foreign:
        return Blocked((_foreign(foreign, config),))
    tag = TagPattern(config.app.tag).tag(version)
    made = bump.bump(world.base, version, tag, config.app, config.identity)
    release = Release(
        config.app.name,
        request.environment,
        world.base.commit,
        last[0] if last else None,
        last[1] if last else None,
        version,
        tag,
        made.commit,
        made.files,
        is_package=config.target is not None,
    )
    kind: Kind = (
        "supersede" if begun and begun.version == version and begun.commit != made.commit else "start"
    )
    return Go(kind, release, _why(kind, world, begun, release), relive=_relive(world, release))


def _closed(world: World, base: str) -> Nothing | None:
    """The end of a commit that was released, or rolled back, already: it is not shipped again under another number."""
    record = world.record if isinstance(world.record, Record) else None
    subject = record.subject if record and record.subject and record.subject.base == base else None
    if record and subject and record.outcome == "released":
        return Nothing(f"{base[:7]} was released as {subject.tag}", subject, released=True)
    closed = (
        subject.tag
        if record and subject and record.outcome == "rolled-back"
        else rolled_back_tag(world, base)
    )
    if closed is not None:
        return Nothing(f"{base[:7]} was rolled back as {closed}; a new commit gets the next number", subject)
    return None


def _number(before: str, request: Request, world: World, config: Config, begun: Subject | None) -> str:
    """The next number: an unfinished one is kept if it asks for more, a burnt one is left out."""
    version = _following(before, request, config)
    record = world.record if isinstance(world.record, Record) else None
    retired = world.package.retired if isinstance(world.package, Package) else ()
    burnt = {*(record.burnt if record else ()), *rolled_back(world, config), *retired}
    if begun and record and record.healthy and record.subject == begun and not _is_same(world, config, begun):
        burnt.add(begun.version)  # it was healthy once: no other commit may have it
    if begun and begun.version not in burnt and precedes(before, begun.version):
        base = world.base.commit if isinstance(world.base, Base) else None
        if request.finish or begun.base == base or precedes(version, begun.version):
            return begun.version
    while version in burnt:
        version = prerelease(version, "patch", request.pre) if request.pre else bumped(version, "patch")
    return version


def _level(request: Request) -> Level:
    """The level to bump by. Raises BlockedError where it was left to the evidence and none was read."""
    if request.level == "auto":
        raise BlockedError(
            "What the next number must be was not found out.", "Name it: --bump patch, minor or major."
        )
    return request.level


def _following(before: str, request: Request, config: Config) -> str:
    """The number that was asked for. Raises BlockedError where it leaves its line, or would go back."""
    try:
        level = _level(request)
        version = prerelease(before, level, request.pre) if request.pre else bumped(before, level)
    except ValueError as error:
        raise BlockedError(f"{error}.", "Choose another word for --pre, or a higher --bump.") from None
    if not in_line(version, config.line):
        raise BlockedError(
            f"{version} is not in the line {config.line}.", "Say --bump patch, or release it without --line."
        )
    return version


def _foreign(versions: list[str], config: Config) -> Problem:
    tag = TagPattern(config.app.tag).tag(versions[0])
    return Problem(
        "registry",
        f"The registry has {', '.join(versions)} of {config.app.name}, which no tag records.",
        f"If it was made from a commit of {config.branch}: tag that commit {tag} and push the tag, then run the same "
        "command again. Or ask for its number (--bump): the same content is then recorded, never published twice.",
    )


def _is_same(world: World, config: Config, begun: Subject) -> bool:
    """Whether the base that was read would be bumped to the very commit that was begun."""
    if not isinstance(world.base, Base) or begun.base != world.base.commit:
        return False
    made = bump.bump(world.base, begun.version, begun.tag, config.app, config.identity)
    return made.commit == begun.commit


def _why(kind: Kind, world: World, begun: Subject | None, release: Release) -> str:
    if kind == "supersede" and begun:
        return f"{begun.tag} was begun from {begun.base[:7]} and is not healthy: this commit takes its number"
    if begun and begun.commit == release.commit:
        return f"{begun.tag} was begun and is not finished"
    history = world.history
    count = 0 if isinstance(history, Unread) else len(history.unreleased)
    since = f"since {release.previous_tag}" if release.previous_tag else "and no release yet"
    return f"{count} commit{'' if count == 1 else 's'} {since}"


def _relive(world: World, release: Release) -> bool:
    """Whether another bundle of the same number may be answering."""
    marks = [live.release for live in world.live.values() if isinstance(live, Live) and live.release]
    other = any(tag == release.tag and commit != release.commit for tag, commit in marks)
    health = world.health
    return other or (isinstance(health, Health) and health.version == release.version)


def _nothing(world: World, last: tuple[str, str]) -> Nothing:
    record = world.record
    subject = record.subject if isinstance(record, Record) else None
    base = world.base.commit if isinstance(world.base, Base) else None
    if subject and subject.tag == last[1] and base in {subject.base, subject.commit}:
        return Nothing(f"{last[1]} is released: no commits since", subject, released=base == subject.base)
    return Nothing(f"no commits since {last[1]}", subject)
