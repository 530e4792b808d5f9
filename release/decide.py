"""Decide: what one invocation is to do, as a pure function of the world and the request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from release import bump
from release.errors import ReleaseError
from release.model import Base, Health, History, Live, Problem, Release, Remote, Unread
from release.record import Record, Subject
from release.version import TagPattern, bumped, highest, precedes

if TYPE_CHECKING:
    from release.config import Config
    from release.model import Request, World

Kind = Literal["start", "finish", "supersede"]


@dataclass(frozen=True)
class Go:
    """Carry out a release. `why` says in a few words what was found.

    start: a new number, or the same release once more · finish: it is live and healthy, record it ·
    supersede: the number was never healthy, another commit takes it. `relive` is true when the number
    may be live already, so that a health answer alone does not prove the new bundle.
    """

    kind: Kind
    release: Release
    why: str
    relive: bool = False


@dataclass(frozen=True)
class Nothing:
    """There is nothing to release; `released` when this very commit was released already."""

    why: str
    last: Subject | None = None
    released: bool = False


@dataclass(frozen=True)
class Blocked:
    """The world cannot be read well enough, or contradicts itself."""

    problems: tuple[Problem, ...]


Decision = Go | Nothing | Blocked


def decide(world: World, request: Request, config: Config) -> Decision:
    """What this invocation does. At most one version lands, and an unfinished one comes first."""
    problems = unreadable(world)
    if problems:
        return Blocked(problems)
    begun = unfinished(world, config)
    try:
        if begun is not None:
            closing = _finish(world, begun)
            if closing is not None:
                return closing
        return _next(world, request, config, begun)
    except ReleaseError as error:
        return Blocked((Problem("version", error.what, error.advice),))


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
    return Go("start", release, f"commit {base[:7]}", relive=True)


def unreadable(world: World) -> tuple[Problem, ...]:
    """The parts without which nothing can be decided, and why they could not be read."""
    needed: dict[str, object] = {
        "checkout": world.checkout,
        "remote": world.remote,
        "record": world.record,
        "commit": world.base,
        "history": world.history,
        "database": world.database,
        **{f"worker {name}": live for name, live in world.live.items()},
    }
    causes: dict[str, Problem] = {}
    for name, part in needed.items():
        if isinstance(part, Unread) and not part.because.startswith("the "):
            causes.setdefault(
                part.because, Problem(name, part.because, part.advice or "Run the same command again.")
            )
    if not causes and any(isinstance(part, Unread) for part in needed.values()):
        return (Problem("world", "Something could not be read.", "Run the same command again."),)
    return tuple(causes.values())


def unfinished(world: World, config: Config) -> Subject | None:
    """The release that was begun in this environment and is neither complete nor closed.

    Its record says so; where the record is lost, the annotation of a live version and its message do. A release
    that left no trace outside its record (a test failed, say) was not begun: its number binds nobody.
    """
    record = world.record
    if isinstance(record, Record) and record.unfinished is not None and _has_trace(world, record.unfinished):
        return record.unfinished
    for live in world.live.values():
        found = _from_annotation(live, world, config) if isinstance(live, Live) else None
        if found is not None and not (isinstance(record, Record) and found.version in record.burnt):
            return found
    return None


def _has_trace(world: World, subject: Subject) -> bool:
    """Whether a worker serves it, it was seen healthy once, or its tag is on the remote."""
    if isinstance(world.remote, Remote) and world.remote.tags.get(subject.tag) == subject.commit:
        return True
    if isinstance(world.record, Record) and world.record.healthy:
        return True
    serving = (live.release for live in world.live.values() if isinstance(live, Live))
    return (subject.tag, subject.commit) in serving


def is_everywhere(world: World, subject: Subject) -> bool:
    """Whether Cloudflare serves this release, wholly, on every worker."""
    lives = world.live.values()
    return bool(lives) and all(
        isinstance(live, Live) and live.release == (subject.tag, subject.commit) for live in lives
    )


def is_healthy(world: World, subject: Subject) -> bool:
    """Whether the health route answers as this release."""
    health = world.health
    if not isinstance(health, Health) or health.problem is not None or health.version != subject.version:
        return False
    return health.commit is None or subject.commit.startswith(health.commit)


def previous(world: World, config: Config) -> tuple[str, str] | None:
    """Version and tag of the highest release on the remote; None before the first."""
    return (
        highest(world.remote.tags, TagPattern(config.app.tag)) if isinstance(world.remote, Remote) else None
    )


def _finish(world: World, begun: Subject) -> Decision | None:
    tagged = isinstance(world.remote, Remote) and world.remote.tags.get(begun.tag) == begun.commit
    if tagged:
        return Go("finish", _release(world, begun), f"{begun.tag} is on the remote, and not complete yet")
    if is_everywhere(world, begun) and is_healthy(world, begun):
        return Go("finish", _release(world, begun), f"{begun.tag} is live and healthy, and not recorded yet")
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
    record = world.record if isinstance(world.record, Record) else None
    if (
        record
        and record.subject
        and record.outcome == "released"
        and record.subject.base == world.base.commit
    ):
        return Nothing(
            f"{world.base.commit[:7]} was released as {record.subject.tag}", record.subject, released=True
        )
    if (
        record
        and record.subject
        and record.outcome == "rolled-back"
        and record.subject.base == world.base.commit
    ):
        why = f"{world.base.commit[:7]} was rolled back as {record.subject.tag}; a new commit gets the next number"
        return Nothing(why, record.subject)
    before = last[0] if last else bump.current_version(world.base, config.app)
    version = _number(before, request, world, config, begun)
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
    )
    kind: Kind = (
        "supersede" if begun and begun.version == version and begun.commit != made.commit else "start"
    )
    return Go(kind, release, _why(kind, world, begun, release), relive=_relive(world, release))


def _number(before: str, request: Request, world: World, config: Config, begun: Subject | None) -> str:
    """The next number: an unfinished one is kept if it asks for more, a burnt one is left out."""
    version = bumped(before, request.level)
    record = world.record if isinstance(world.record, Record) else None
    base = world.base.commit if isinstance(world.base, Base) else None
    burnt = {*(record.burnt if record else ()), *_rolled_back(world, config)}
    if begun and begun.base == base and begun.version not in burnt:
        return begun.version
    if begun and record and record.healthy and record.subject == begun:
        burnt.add(begun.version)  # it was healthy once: no other commit may have it
    if begun and begun.version not in burnt and precedes(version, begun.version):
        return begun.version
    while version in burnt:
        version = bumped(version, "patch")
    return version


def _rolled_back(world: World, config: Config) -> set[str]:
    """The numbers that the deployments' messages say were rolled back; they stand where a record was lost."""
    messages = (live.message or "" for live in world.live.values() if isinstance(live, Live))
    tags = (
        message.split()[1] for message in messages if message.startswith("rollback ") and " -> " in message
    )
    return {version for version in map(TagPattern(config.app.tag).version, tags) if version}


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


def _release(world: World, subject: Subject) -> Release:
    return Release(
        subject.app,
        world.environment,
        subject.base,
        subject.previous,
        subject.previous_tag,
        subject.version,
        subject.tag,
        subject.commit,
    )


def _from_annotation(live: Live, world: World, config: Config) -> Subject | None:
    version = TagPattern(config.app.tag).version(live.release[0]) if live.release else None
    if live.release is None or version is None or isinstance(world.remote, Unread):
        return None
    tag, commit = live.release
    base = _word_after(live.message or "", "base")
    last = previous(world, config)
    if tag in world.remote.tags or not base or (last and precedes(version, last[0])):
        return None
    return Subject(
        app=config.app.name,
        version=version,
        tag=tag,
        previous=last[0] if last else None,
        previous_tag=last[1] if last else None,
        base=base,
        commit=commit,
    )


def _word_after(text: str, word: str) -> str | None:
    words = text.split()
    at = words.index(word) + 1 if word in words else len(words)
    return words[at] if at < len(words) else None
