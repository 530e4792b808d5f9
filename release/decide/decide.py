"""Decide: what one invocation is to do, as a pure function of the world and the request."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from release.decide.asked import difference
from release.decide.findings import (
    is_out,
    previous,
    refused,
    rolled_back_tag,
    unfinished,
    unreadable,
    unrecorded,
)
from release.decide.numbers import next_number
from release.errors import ReleaseError
from release.formats.version import TagPattern
from release.frozen import Frozen
from release.model import bump
from release.model.health import NO_ROUTE
from release.model.problem import Problem
from release.model.release import Release
from release.model.rolled_back import standing, with_next
from release.model.unread import read
from release.model.world import KnownWorld

if TYPE_CHECKING:
    from release.config import Config
    from release.decide.asked import Difference
    from release.model.record import Subject
    from release.model.request import Request, Wanted
    from release.model.rolled_back import RolledBack
    from release.model.world import World

Kind = Literal["start", "finish", "supersede", "repair"]


@dataclass(frozen=True)
class Go:
    """Carry out a release. `why` says in a few words what was found.

    start: a new number, or the same release once more · finish: it is live and healthy, record it ·
    supersede: the number was never healthy, another commit takes it · repair: one step alone, on the last release.
    `number_was_live` is true when the number may be live already, so that a health answer alone does not prove the new bundle.
    `rolled_back`, here and below, is the release that a rollback took away, while nothing newer is live. `differs` says
    how what was begun is not what was asked for, None where it is.
    """

    kind: Kind
    release: Release
    why: str
    number_was_live: bool = False
    rolled_back: RolledBack | None = None
    differs: Difference | None = field(default=None, compare=False)  # told, and nothing that is done


class Nothing(Frozen, frozen=True):
    """There is nothing to release; `released` when this very commit was released already."""

    why: str
    last: Subject | None = None
    released: bool = False
    rolled_back: RolledBack | None = None


class Blocked(Frozen, frozen=True):
    """The world cannot be read well enough, or contradicts itself."""

    problems: tuple[Problem, ...]
    rolled_back: RolledBack | None = None


Decision = Go | Nothing | Blocked


def decide(world: World, request: Request, config: Config, said: Wanted | None = None) -> Decision:
    """What this invocation does. At most one version lands, and an unfinished one comes first.

    `said` is the bump as it was typed, where `request` has an auto settled.
    """
    if problems := (*unreadable(world), *refused(world)):
        return Blocked(problems)
    known = KnownWorld.of(world)
    begun, back = unfinished(known, config), standing(known, config)
    try:
        decision = _decided(known, request, config, begun, said or request.level)
    except ReleaseError as error:
        decision = _blocked(error)
    return decision if back is None else _after_rollback(decision, back, known, request, config)


def decide_deploy(world: World, request: Request, config: Config) -> Decision:
    """What a deployment without a number does: ship this commit, unless a newer one is live already."""
    if problems := unreadable(world):
        return Blocked(problems)
    known = KnownWorld.of(world)
    try:
        version = bump.current_version(known.base, config.app)
    except ReleaseError as error:
        return _blocked(error)
    base, overtaken = known.base.commit[:7], known.history.overtaken
    if overtaken:
        return Nothing(f"superseded: {overtaken[:7]} is live and newer than {base}", released=True)
    release = _release(known, request, config, version)
    return Go("start", release, f"commit {base}", number_was_live=True, rolled_back=standing(known, config))


def _decided(
    world: KnownWorld, request: Request, config: Config, begun: Subject | None, said: Wanted
) -> Decision:
    """What was begun is finished where it is out; else the next release is made, or the same one once more."""
    if begun is None:
        return _next(world, request, config, None)
    decision = _finish(world, config, begun) or _next(world, request, config, begun)
    if not isinstance(decision, Go) or decision.release.tag != begun.tag:
        return decision
    ships_head = decision.kind != "finish"
    return replace(decision, differs=difference(world, begun, request, said, config, ships_head=ships_head))


def _after_rollback(
    decision: Decision, back: RolledBack, world: KnownWorld, request: Request, config: Config
) -> Decision:
    """The same decision, with what was rolled back: that release is not said to be released."""
    if isinstance(decision, Go):
        told = with_next(back, len(world.history.unreleased), decision.release.version)
        return replace(decision, rolled_back=told)
    last = previous(world, config)
    try:
        coming = next_number(last[0], request, world, config, None) if last else None
    except ReleaseError:
        coming = None
    told = with_next(back, 0 if isinstance(decision, Nothing) else None, coming)
    if isinstance(decision, Nothing) and last and last[1] == back.tag:
        why = f"no commits since {back.tag}, which was rolled back"
        return replace(decision, why=why, released=False, rolled_back=told)
    return replace(decision, rolled_back=told)


def _finish(world: KnownWorld, config: Config, begun: Subject) -> Go | None:
    """Record and complete what is tagged, or out; None where it is neither."""
    if world.remote.tags.get(begun.tag) == begun.commit:
        why = f"{begun.tag} is on the remote, and not complete yet"
    elif is_out(world, begun):
        state = "live" if world.health == NO_ROUTE else "live and healthy"
        state = state if world.package is None else "published"
        why = f"{begun.tag} is {state}, and not recorded yet"
    else:
        return None
    return Go("finish", Release.of(begun, world.environment, is_package=config.target is not None), why)


def _next(world: KnownWorld, request: Request, config: Config, begun: Subject | None) -> Decision:
    """Ship the base under the next number, unless there is nothing to ship, or something stands in the number's way."""
    last = previous(world, config)
    if last and not world.history.unreleased:
        return _nothing(world, last[1])
    if closed := _closed(world):
        return closed
    if request.finish and begun is None:
        return Nothing("no release is unfinished")
    before = last[0] if last else bump.current_version(world.base, config.app)
    version = next_number(before, request, world, config, begun)
    foreign = [one for one in unrecorded(world, config) if one != version]
    if foreign:
        return Blocked((_foreign(foreign, config),))
    release = _release(world, request, config, version, is_bumped=True)
    takes_over = begun and begun.version == version and begun.commit != release.commit
    kind: Kind = "supersede" if takes_over else "start"
    return Go(
        kind, release, _why(kind, world, begun, release), number_was_live=_number_was_live(world, release)
    )


def _release(
    world: KnownWorld, request: Request, config: Config, version: str, *, is_bumped: bool = False
) -> Release:
    """The base under this number: as the commit that raises it, or as it is."""
    number, previous_tag = previous(world, config) or (None, None)
    tag, base = TagPattern(config.app.tag).tag(version), world.base
    made = bump.bump(base, version, tag, config.app, config.identity) if is_bumped else None
    return Release(
        config.app.name,
        request.environment,
        base.commit,
        number,
        previous_tag,
        version,
        tag,
        made.commit if made else base.commit,
        made.files if made else {},
        is_package=config.target is not None,
    )


def _closed(world: KnownWorld) -> Nothing | None:
    """The end of a commit that was released, or rolled back, already: it is not shipped again under another number."""
    record, base = world.record, world.base.commit
    subject = world.subject if world.subject and world.subject.base == base else None
    outcome = record.outcome if record and subject else ""
    if subject and outcome == "released":
        return Nothing(f"{base[:7]} was released as {subject.tag}", subject, released=True)
    left = subject.tag if subject and outcome == "rolled-back" else rolled_back_tag(world, base)
    if left is not None:
        return Nothing(f"{base[:7]} was rolled back as {left}; a new commit gets the next number", subject)
    return None


def _foreign(versions: list[str], config: Config) -> Problem:
    tag = TagPattern(config.app.tag).tag(versions[0])
    return Problem(
        "registry",
        f"The registry has {', '.join(versions)} of {config.app.name}, which no tag records.",
        f"If it was made from a commit of {config.branch}: tag that commit {tag} and push the tag, then run the same "
        "command again. Or ask for its number (--bump): the same content is then recorded, never published twice.",
    )


def _why(kind: Kind, world: KnownWorld, begun: Subject | None, release: Release) -> str:
    if kind == "supersede" and begun:
        return f"{begun.tag} was begun from {begun.base[:7]} and is not healthy: this commit takes its number"
    if begun and begun.commit == release.commit:
        return f"{begun.tag} was begun and is not finished"
    count = len(world.history.unreleased)
    since = f"since {release.previous_tag}" if release.previous_tag else "and no release yet"
    return f"{count} commit{'' if count == 1 else 's'} {since}"


def _number_was_live(world: KnownWorld, release: Release) -> bool:
    """Whether another bundle of the same number may be answering."""
    marks = [live.release for live in world.live.values() if live and live.release]
    other = any(tag == release.tag and commit != release.commit for tag, commit in marks)
    health = read(world.health)
    return other or (health is not None and health.version == release.version)


def _nothing(world: KnownWorld, last_tag: str) -> Nothing:
    subject, base = world.subject, world.base.commit
    if subject and subject.tag == last_tag and base in {subject.base, subject.commit}:
        return Nothing(
            f"{last_tag} is already released; no commits since", subject, released=base == subject.base
        )
    return Nothing(f"no commits since {last_tag}", subject)


def _blocked(error: ReleaseError) -> Blocked:
    return Blocked((Problem("version", error.what, error.advice),))
