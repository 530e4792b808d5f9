"""Where a rollback leads: each worker's way from the version that serves to the one that served before."""

from __future__ import annotations

import re
from concurrent.futures import TimeoutError as TooLongError
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.deadline import Lanes
from release.errors import BlockedError, ReleaseError
from release.ops.content import read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model import Live
    from release.ops import Ops
    from release.record import Record

PATIENCE = (
    1.0  # seconds that a rollback waits for the record: in an incident the remote may be what is broken
)
_WAS = re.compile(r"^was (?P<id>[0-9a-f-]{36}) ")
ROLLED_BACK = "rollback "


@dataclass(frozen=True)
class Way:
    """One worker's way back. `to` is None where Cloudflare no longer lists a version of the wanted tag."""

    worker: str
    script: str
    now: str
    to: str | None


@dataclass(frozen=True)
class Ground:
    """What a rollback starts from: what serves, the record and its object (None: it did not answer)."""

    live: Mapping[str, Live | None]
    record: Record | None
    held: str | None


def survey(ops: Ops, tell: Callable[[str], None]) -> Ground:
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
    return Ground(live, record, held)


def ways_to_noted(ops: Ops, ground: Ground) -> tuple[Way, ...]:
    """The way of each worker to what the record, or else its deployment's message, noted; the last worker first.

    Nothing for a worker that is there already. Raises BlockedError where nobody noted anything.
    """
    noted = {worker.name: _noted(ground, worker.name) for worker in ops.config.workers}
    if not any(noted.values()):
        raise BlockedError(
            "Nothing is noted that served before: no release of this tool has deployed here.",
            "Name the release to go back to: inv rollback TAG",
        )
    ways = []
    for name in reversed(noted):
        live, before = ground.live.get(name), noted[name]
        if before and live and live.version_id != before:
            ways.append(Way(name, ops.script(name), live.version_id or "", before))
    return tuple(ways)


def ways_to_tag(ops: Ops, ground: Ground, tag: str) -> tuple[Way, ...]:
    """The way of each worker to the newest version that carries this tag's mark; the last worker first."""
    ways = []
    for worker in reversed(ops.config.workers):
        script, live = ops.script(worker.name), ground.live.get(worker.name)
        if live and live.release and live.release[0] == tag:
            continue
        ways.append(
            Way(worker.name, script, (live.version_id or "") if live else "", _listed(ops, script, tag))
        )
    if any(way.to is None for way in ways) and not ops.git.remote_refs(f"refs/tags/{tag}"):
        raise BlockedError(f"The remote has no release {tag}.", "`git ls-remote --tags` lists what there is.")
    return tuple(ways)


def _noted(ground: Ground, worker: str) -> str | None:
    live = ground.live.get(worker)
    if ground.record is not None and worker in ground.record.before:
        return ground.record.before[worker]
    if live is None or live.message is None:
        return None
    if live.message.startswith(ROLLED_BACK):
        return live.version_id
    found = _WAS.match(live.message)
    return found["id"] if found else None


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
        if oid is None:
            return None, None
        if git.object(oid) is None:
            git.fetch(ops.record_ref)
        return read_record(git, oid), oid
    finally:
        git.close()
