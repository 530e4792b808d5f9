"""What a world proves: what cannot be read, what was begun, where it serves, what was rolled back (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.version import TagPattern, highest, in_line, precedes
from release.model.health import live_ids, unlike
from release.model.packaging import ours
from release.model.problem import Problem
from release.model.record import Subject
from release.model.release import Release
from release.model.rolled_back import standing
from release.model.stores import applied
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from release.config import Config
    from release.model.deployment import WorkerDeployment
    from release.model.world import World


def unreadable(world: World) -> tuple[Problem, ...]:
    """The parts without which nothing can be decided, and why they could not be read."""
    needed: dict[str, object] = {
        "checkout": world.checkout,
        "remote": world.remote,
        "record": world.record,
        "commit": world.base,
        "history": world.history,
        **{_database(name, world): one for name, one in world.databases.items()},
        "registry": world.package,
        **{f"worker {name}": live for name, live in world.live.items()},
    }
    unread = [(name, part) for name, part in needed.items() if isinstance(part, Unread)]
    causes = [(name, part) for name, part in unread if not part.follows] or unread
    by_reason = {
        part.because: (name, part.advice or "Run the same command again.") for name, part in reversed(causes)
    }
    return tuple(Problem(name, because, advice) for because, (name, advice) in reversed(by_reason.items()))


def refused(world: World) -> tuple[Problem, ...]:
    """GitHub's refusal of the token, once: without it nothing that is asked there is known, nor whether anything is released."""
    found = world.releases
    if not isinstance(found, Unread) or not found.is_refused:
        return ()
    return (Problem("token", found.because, found.advice),)


def unfinished(world: World, config: Config) -> Subject | None:
    """The release that was begun in this environment and is neither complete nor closed.

    Its record says so; where the record is lost, the annotation of a live version and its message do. A release
    that left no trace outside its record (a test failed, say) was not begun, and its number is free.
    """
    record, back = read(world.record), standing(world, config)
    closed = back.tag if back and not back.remaining else None
    begun = record.unfinished if record else None
    if begun is not None and begun.tag != closed and _has_trace(world, begun):
        return begun
    burnt = record.burnt if record else ()
    marked = (_from_annotation(live, world, config) for live in _lives(world))
    return next((found for found in marked if found is not None and found.version not in burnt), None)


def is_out(world: World, subject: Subject) -> bool:
    """Whether this release reached its users: every worker serves it and is healthy, or the registry has its tarball."""
    if world.package is not None:
        return ours(world, subject.version, subject.commit) is not None
    return is_everywhere(world, subject) and is_healthy(world, subject)


def unrecorded(world: World, config: Config) -> tuple[str, ...]:
    """The versions on the registry, above the last release, that no tag names."""
    package, remote = read(world.package), read(world.remote)
    if package is None or remote is None:
        return ()
    last, pattern = previous(world, config), TagPattern(config.app.tag)
    tagged = {pattern.version(tag) for tag in remote.tags}
    return tuple(
        version
        for version in package.versions
        if last and version not in tagged and in_line(version, config.line) and precedes(last[0], version)
    )


def is_everywhere(world: World, subject: Subject) -> bool:
    """Whether Cloudflare serves this release, wholly, on every worker."""
    lives = [read(live) for live in world.live.values()]
    return bool(lives) and all(live and live.release == (subject.tag, subject.commit) for live in lives)


def is_healthy(world: World, subject: Subject) -> bool:
    """Whether the health route answers as this release, as far as it tells; without a route nothing speaks against it.

    What it does not tell is Cloudflare's word: see `is_everywhere`.
    """
    health = read(world.health)
    release = Release.of(subject, world.environment)
    return health is not None and unlike(health, release, live_ids(world.live)) is None


def previous(world: World, config: Config) -> tuple[str, str] | None:
    """Version and tag of the highest release on the remote; None before the first."""
    remote = read(world.remote)
    return highest(remote.tags, TagPattern(config.app.tag)) if remote else None


def rolled_back(world: World, config: Config) -> set[str]:
    """The numbers that the deployments' messages say were rolled back; they stand where a record was lost."""
    version_of = TagPattern(config.app.tag).version
    closed = (version_of(tag) for live in _lives(world) for tag, _ in live.closed)
    return {version for version in closed if version}


def rolled_back_tag(world: World, base: str) -> str | None:
    """The release of this base that the deployments' messages say was rolled back, and that is not back since."""
    lives = _lives(world)
    marks = {live.release for live in lives}
    back = marks.pop() if len(marks) == 1 else None
    closed = (one for live in lives for one in live.closed if back is None or one[0] != back[0])
    return next((tag for tag, shipped in closed if shipped == base), None)


def _database(name: str, world: World) -> str:
    return "database" if len(world.databases) == 1 else f"database {name}"


def base_of(world: World, tag: str, commit: str) -> str | None:
    """The base of a release, as the message of a deployment that still serves it tells."""
    serving = (live for live in _lives(world) if live.release == (tag, commit))
    return next((base for live in serving if (base := _word_after(live.message or "", "base"))), None)


def _has_trace(world: World, subject: Subject) -> bool:
    """Whether a worker serves it, it migrated the database, it was seen healthy once, or its tag is on the remote."""
    remote, record = read(world.remote), read(world.record)
    if remote and remote.tags.get(subject.tag) == subject.commit:
        return True
    if record and record.subject == subject and ours(world, subject.version, subject.commit):
        return True
    if record and (record.healthy or set(record.migrated) & applied(world)):
        return True
    return (subject.tag, subject.commit) in {live.release for live in _lives(world)}


def _lives(world: World) -> list[WorkerDeployment]:
    """What the workers serve, as far as it was read."""
    return [live for part in world.live.values() if (live := read(part)) is not None]


def _from_annotation(live: WorkerDeployment, world: World, config: Config) -> Subject | None:
    version = TagPattern(config.app.tag).version(live.release[0]) if live.release else None
    remote = read(world.remote)
    if live.release is None or version is None or remote is None:
        return None
    tag, commit = live.release
    message = live.message or ""
    told = _word_after(message, "base") if message.startswith("was ") else None
    base = told or dict(live.closed).get(tag)  # it was rolled back, and is back since
    last = previous(world, config)
    if tag in remote.tags or not base or (last and precedes(version, last[0])):
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
