"""Where a rollback leads: each worker's way from the version that serves to the one that served before."""

from __future__ import annotations

import re
from concurrent.futures import TimeoutError as TooLongError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.errors import BlockedError, ReleaseError, UsageError
from release.formats.suggestion import unknown
from release.formats.version import TagPattern, highest, parse, precedes
from release.systems.git.content import fetched_record
from release.systems.machine.deadline import Lanes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model.deployment import WorkerDeployment
    from release.model.record import Record
    from release.systems.ops import Ops

PATIENCE = (
    1.0  # seconds that a rollback waits for the record: in an incident the remote may be what is broken
)
_WAS = re.compile(r"^was (?P<id>[0-9a-f-]{36}) ")
ROLLED_BACK = "rollback "
SHOWN = 5  # releases that are listed


@dataclass(frozen=True)
class Route:
    """One worker's way from the version that serves `now`, and is of the release `left`, to the one `to`, of `tag`.

    `to` is None where Cloudflare no longer lists a version of the wanted tag; a release is "" where none is known.
    """

    worker: str
    script: str
    now: str
    to: str | None
    left: str = ""
    tag: str = ""

    def __str__(self) -> str:
        """As people read it."""
        now = _named(self.now or "nothing", self.left)
        return f"{self.worker:<6} {now} -> {_named(self.to, self.tag) if self.to else f'a new deployment of {self.tag}'}"


@dataclass(frozen=True)
class Trip:
    """All ways as one: the release that is left, the one that comes back, and whether that is the newer one."""

    left: str
    to: str
    is_forward: bool = False

    @property
    def message(self) -> str:
        """As a deployment's message begins."""
        return f"{ROLLED_BACK}{self.left} -> {self.to}: "


@dataclass(frozen=True)
class Situation:
    """What a rollback starts from: what serves, the record and its object (None: it did not answer)."""

    live: Mapping[str, WorkerDeployment | None]
    record: Record | None
    held: str | None


def survey(ops: Ops, tell: Callable[[str], None]) -> Situation:
    """Ask Cloudflare what serves, and the remote for the record, side by side; only the first is needed."""
    lanes = Lanes(len(ops.config.workers) + 1)  # without `with`: nobody waits for a record that does not come
    recorded = lanes.submit(_record, ops)
    asked = {w.name: lanes.submit(ops.cloudflare.live, ops.script(w.name)) for w in ops.config.workers}
    live = {name: one.result() for name, one in asked.items()}
    try:
        record, held = recorded.result(PATIENCE)
    except (ReleaseError, TooLongError) as error:
        why = error.what if isinstance(error, ReleaseError) else "no answer within 1 s"
        tell(f"the record cannot be read ({why}): going by the deployments' own messages")
        record, held = None, None
    return Situation(live, record, held)


def routes_to_noted(ops: Ops, ground: Situation) -> tuple[Route, ...]:
    """The way of each worker to what the record, or else its deployment's message, noted; the last worker first.

    Nothing for a worker that is there already. Raises BlockedError where nothing was noted.
    """
    noted = {worker.name: _noted(ops, ground, worker.name) for worker in ops.config.workers}
    if not any(noted.values()):
        raise BlockedError(
            "No earlier release is on record here.",
            f"Name the release to go back to: inv rollback TAG{_listing(releases(ops))}",
        )
    ways = []
    for name in reversed(noted):
        live, before = ground.live.get(name), noted[name]
        if before and live and live.version_id != before:
            tag = _tag_of(ops, ground, name, before)
            ways.append(Route(name, ops.script(name), live.version_id or "", before, _left(live), tag))
    return tuple(ways)


def routes_to_tag(ops: Ops, ground: Situation, tag: str) -> tuple[Route, ...]:
    """The way of each worker to the newest version that carries this tag's mark; the last worker first."""
    ways = []
    for worker in reversed(ops.config.workers):
        script, live = ops.script(worker.name), ground.live.get(worker.name)
        if live and live.release and live.release[0] == tag:
            continue
        now = (live.version_id or "") if live else ""
        ways.append(Route(worker.name, script, now, _listed(ops, script, tag), _left(live), tag))
    if any(way.to is None for way in ways) and not ops.git.remote_refs(f"refs/tags/{tag}"):
        raise UsageError(unknown("release", tag, releases(ops)))
    return tuple(ways)


def releases(ops: Ops) -> list[str]:
    """The tags of all releases on the remote, the newest first; none where it does not answer."""
    pattern, prefix = TagPattern(ops.config.app.tag), "refs/tags/"
    try:
        found = ops.git.remote_refs(f"{prefix}{ops.config.app.tag.format(version='*')}")
    except ReleaseError:
        return []
    tags = [name.removeprefix(prefix) for name in found if not name.endswith("^{}")]
    known = {tag: version for tag in tags if (version := pattern.version(tag))}
    return sorted(known, key=lambda tag: parse(known[tag]), reverse=True)


def _listing(tags: list[str]) -> str:
    return f"\nKnown releases: {', '.join(tags[:SHOWN])}" if tags else ""


def as_one(ops: Ops, ground: Situation, ways: tuple[Route, ...]) -> Trip:
    """What is left for what. Where no release made what serves, it is the record's that is left."""
    pattern, record = TagPattern(ops.config.app.tag), ground.record
    subject = record.subject if record and record.outcome != "rolled-back" else None
    lefts = [way.left for way in ways if way.left]
    top = highest(lefts, pattern)
    left = top[1] if top else next(iter(lefts), subject.tag if subject else "unknown")
    tags = {way.tag for way in ways}
    to = tags.pop() if len(tags) == 1 else ""
    older, newer = pattern.version(left), pattern.version(to)
    is_forward = older is not None and newer is not None and precedes(older, newer)
    return Trip(left, to or "what served before", is_forward)


def _named(version_id: str, tag: str) -> str:
    return f"{version_id[:8]} ({tag})" if tag else version_id[:8]


def _left(live: WorkerDeployment | None) -> str:
    return live.release[0] if live and live.release else ""


def _tag_of(ops: Ops, ground: Situation, worker: str, version_id: str) -> str:
    """The release that made a version: the record has noted it, or the version itself says so."""
    if ground.record is not None and worker in ground.record.served:
        return ground.record.served[worker]
    try:
        annotations = ops.cloudflare.version(ops.script(worker), version_id).get("annotations") or {}
    except ReleaseError:
        return ""
    return str(annotations.get("workers/tag") or "").rpartition("+")[0]


def _noted(ops: Ops, ground: Situation, worker: str) -> str | None:
    live = ground.live.get(worker)
    if ground.record is not None and worker in ground.record.before:
        return ground.record.before[worker]
    if live is None or live.message is None:
        return None
    if not live.message.startswith(ROLLED_BACK):
        found = _WAS.match(live.message)
        return found["id"] if found else None
    top = highest([one.left for one in live.rollbacks], TagPattern(ops.config.app.tag))
    if top is None or top[1] != _left(live):
        return live.version_id
    return _before_its_own(ops.cloudflare.deployments(live.script), live.version_id)


def _before_its_own(deployments: list[dict[str, Any]], version_id: str | None) -> str | None:
    """What served before a version was deployed by its own release, long before a rollback went forward to it."""
    for one in deployments:
        found = _WAS.match(str((one.get("annotations") or {}).get("workers/message") or ""))
        if found and [str(share["version_id"]) for share in one.get("versions", ())] == [version_id]:
            return found["id"]
    return None


def _listed(ops: Ops, script: str, tag: str) -> str | None:
    for version in ops.cloudflare.versions(script):
        mark = str((version.get("annotations") or {}).get("workers/tag") or "")
        if mark.rpartition("+")[0] == tag:
            return str(version["id"])
    return None


def _record(ops: Ops) -> tuple[Record | None, str | None]:
    """The record and its object. A git that does not answer is ended: nothing of this question outlives the rollback."""
    git = ops.git.within(PATIENCE)
    try:
        oid = git.remote_refs(ops.record_ref).get(ops.record_ref)
        return fetched_record(git, ops.record_ref, oid) if oid else None, oid
    finally:
        git.close()
