"""The environment's record as a lock: taken, renewed and given back by compare-and-swap on the remote."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from release.errors import BlockedError, CannotReadError, LockLostError, ReleaseError
from release.frozen import Frozen
from release.model.record import Holder, Record
from release.model.repository import Remote
from release.model.unread import Unread
from release.observe.world import look_again
from release.systems.git.content import record_commit
from release.systems.machine.checkout_lock import user
from release.systems.machine.deadline import left

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from release.model.world import World
    from release.systems.ops import Ops

LONGEST_WRITE = 310.0  # seconds that a write of a vanished holder may still take: wrangler gives up after 303
LONGEST_BEAT = 130.0  # seconds: git gives up after 120
BEATS = 3  # renewals in the time of one lease


class Wait(Frozen, frozen=True):
    """Somebody holds the record, and may be dead: wait until then (seconds since 1970)."""

    until: float
    who: str


class StaleError(ReleaseError):
    """The record changed while this run waited for it: look at the world again."""


def claim(
    record: Record | None, wanted: Record, now: float, *, orphaned: bool, patient: bool = False
) -> Record | Wait:
    """The record that takes the lock, or a wait. Pure. Raises BlockedError when another release holds it.

    `orphaned` says that the holder ran in this checkout and is gone: its lease counts no more. `patient` waits for
    another release too (deployments to staging queue up).
    """
    if record is None or record.holder is None or orphaned or now > record.lease_until + LONGEST_WRITE:
        return wanted
    who = f"{record.holder.who} on {record.holder.where}"
    if patient or record.subject == wanted.subject:
        return Wait(record.lease_until + LONGEST_WRITE, who)
    url = f" ({record.holder.url})" if record.holder.url else ""
    raise BlockedError(
        f"{who} is {_doing(record)} right now{url}.",
        "Wait for it to end, then run the same command again. If that run is dead: inv unlock",
    )


def holder(ops: Ops, doing: str = "") -> Holder:
    """How the record names the run that holds it; `doing` is the step that it runs alone."""
    run = ops.environ.get("GITHUB_RUN_ID")
    url = f"{ops.environ.get('GITHUB_SERVER_URL', '')}/{ops.environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return Holder(
        who=ops.environ.get("GITHUB_ACTOR") or user(),
        where=f"{socket.gethostname()}:{ops.root}",
        checkout=ops.checkout,
        run=secrets.token_hex(8),
        url=url if run else None,
        doing=doing,
    )


def _doing(record: Record) -> str:
    if record.holder and record.holder.doing:
        return f"running the step {record.holder.doing} on {record.environment}"
    return f"releasing {record.subject.tag if record.subject else 'something'} to {record.environment}"


def acquire(ops: Ops, world: World, wanted: Record, tell: Callable[[str], None]) -> World:
    """Take the lock for `wanted`: the first write of a release.

    Waits, with a countdown, for a holder that may be dead. Raises StaleError when the record changed meanwhile,
    BlockedError when another release holds it or the remote refuses the ref.
    """
    seen = world.remote.record if isinstance(world.remote, Remote) else None
    while True:
        record = world.record if isinstance(world.record, Record) else None
        held = record.holder if record else None
        orphaned = held is not None and bool(held.checkout) and held.checkout == ops.checkout
        patient = ops.name != ops.config.production
        answer = claim(record, wanted, ops.clock.now(), orphaned=orphaned, patient=patient)
        if isinstance(answer, Record):
            return _taken_up(ops, world, answer, patient=patient)
        left = max(0.0, answer.until - ops.clock.now())
        tell(f"{answer.who} may still be at work: waiting {left:.0f} s at most")
        ops.clock.sleep(min(5.0, left + 0.1))
        world = look_again(ops, world, ("remote", "record"))
        if not isinstance(world.remote, Remote) or world.remote.record != seen:
            raise StaleError(
                "The record changed while this run waited for it.", "Run the same command again."
            )


def _taken_up(ops: Ops, world: World, record: Record, *, patient: bool) -> World:
    """Put the claim; a deployment that another one has forestalled looks again, as if it had waited from the start."""
    try:
        return swap(ops, world, record)
    except LockLostError as error:
        if not patient:
            raise
        raise StaleError("Another deployment was quicker.", "Run the same command again.") from error


def renew(ops: Ops, world: World, **changes: Any) -> World:  # noqa: ANN401
    """Prolong the lease and note changes. Raises LockLostError when the record is no longer this run's."""
    if not isinstance(world.record, Record):
        raise LockLostError("The environment's record is gone.", "Run the same command again.")
    return swap(ops, world, msgspec.structs.replace(world.record, **changes))


def swap(ops: Ops, world: World, record: Record) -> World:
    """Put a record in the place of the one in `world`, or raise: a change made by another run is never overwritten."""
    if not isinstance(world.remote, Remote):
        raise CannotReadError("The remote could not be read.", "Run the same command again.")
    fresh, oid = put(ops, record, world.remote.record)
    return replace(world, record=fresh, remote=replace(world.remote, record=oid))


def put(ops: Ops, record: Record, held: str | None) -> tuple[Record, str]:
    """Push a record where the remote still has the object `held` (None: no record); the record as pushed, and its object.

    Raises LockLostError when it has another, BlockedError when the remote refuses the ref.
    """
    now = ops.clock.now()
    lease = now + ops.config.lease if record.holder else 0.0
    fresh = msgspec.structs.replace(record, nonce=secrets.token_hex(8), lease_until=lease)
    oid, objects = record_commit(fresh, int(now), held or ops.git.status()[0])
    ops.git.store(objects)
    refused = ops.git.push([f"{oid}:{ops.record_ref}"], {ops.record_ref: held or ""})
    if refused is not None and ops.git.remote_refs(ops.record_ref).get(ops.record_ref) != oid:
        raise _lost(ops, held, refused)
    return fresh, oid


def prove(ops: Ops, world: World) -> World:
    """The world with the branch as it is now. Raises LockLostError unless the remote still has this run's record."""
    held, branch = (
        world.remote.record if isinstance(world.remote, Remote) else None,
        f"refs/heads/{ops.config.branch}",
    )
    seen = ops.git.remote_refs(ops.record_ref, branch)
    if seen.get(ops.record_ref) != held:
        raise _taken()
    if not isinstance(world.remote, Remote):
        return world
    return replace(world, remote=replace(world.remote, tip=seen.get(branch)))


def still_held(ops: Ops, world: World, fresh: World) -> World:
    """`fresh`, a newer reading of `world`, where this run still has the record that it had.

    A push of its own changes the record's object, never its holder. Raises LockLostError when somebody else has it:
    what is read anew must not pass for what this run holds.
    """
    if not isinstance(fresh.remote, Remote) or not isinstance(world.record, Record):
        return fresh
    if isinstance(world.remote, Remote) and world.remote.record == fresh.remote.record:
        return fresh
    fresh = look_again(ops, fresh, ("record",))
    if isinstance(fresh.record, Unread):
        raise CannotReadError(fresh.record.because, fresh.record.advice)
    if fresh.record is None or fresh.record.holder != world.record.holder:
        raise _taken()
    return fresh


class Pulse:
    """Renews a lease in the background while a long effect runs; `world` is the newest that it knows."""

    def __init__(self, ops: Ops, world: World) -> None:
        self.world = world
        self._ops = ops
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    @contextlib.contextmanager
    def beating(self) -> Iterator[Pulse]:
        """Beat until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join(left(LONGEST_BEAT))

    def onto(self, world: World) -> World:
        """`world` with the record as the last beat left it."""
        if not isinstance(world.remote, Remote) or not isinstance(self.world.remote, Remote):
            return world
        return replace(
            world, record=self.world.record, remote=replace(world.remote, record=self.world.remote.record)
        )

    def _beat(self) -> None:
        while not self._stop.wait(self._ops.config.lease / BEATS):
            # A beat that fails is made up for by the next; whoever lost the lock is stopped before its next write.
            with contextlib.suppress(ReleaseError):
                self.world = renew(self._ops, self.world)


def _lost(ops: Ops, held: str | None, refused: str) -> BlockedError:
    if ops.git.remote_refs(ops.record_ref).get(ops.record_ref) != held:
        return _taken()
    return BlockedError(
        f"The remote does not take {ops.record_ref}: {refused}.",
        "Allow pushes to refs/release/*, or set `record_ref` in [tool.release] to a ref that it takes.",
    )


def _taken() -> LockLostError:
    return LockLostError(
        "Another run has taken the record of this environment.",
        "To see which: inv status. Run the same command again when it is done.",
    )
