"""The environment's record as a lock: taken, renewed and given back by compare-and-swap on the remote."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import os
import secrets
import socket
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from release.errors import BlockedError, CannotReadError, LockLostError
from release.local import local_folder
from release.model import Remote
from release.ops.content import record_commit
from release.record import Holder, Record
from release.world import look_again

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from release.model import World
    from release.ops import Ops

LOCK_FILE = "lock"
LONGEST_WRITE = 120.0  # seconds that a write of a vanished holder may still take


@dataclass(frozen=True)
class Wait:
    """The same release is held by a run that may be dead: wait until then (seconds since 1970)."""

    until: float
    who: str


def claim(
    record: Record | None, wanted: Record, now: float, *, orphaned: bool, patient: bool = False
) -> Record | Wait:
    """The record that takes the lock, or a wait. Pure. Raises BlockedError when another release holds it.

    `orphaned` says that the holder ran on this machine and is gone: its lease counts no more. `patient` waits for
    another release too (deployments to staging queue up).
    """
    if record is None or record.holder is None or orphaned or now > record.lease_until + LONGEST_WRITE:
        return wanted
    who = f"{record.holder.who} on {record.holder.where}"
    if patient or record.subject == wanted.subject:
        return Wait(record.lease_until + LONGEST_WRITE, who)
    tag = record.subject.tag if record.subject else "something"
    raise BlockedError(
        f"{who} is releasing {tag} to {record.environment} right now{f' ({record.holder.url})' if record.holder.url else ''}.",
        "Wait for it to end, then run the same command again. `inv status` shows how far it is.",
    )


def holder(ops: Ops) -> Holder:
    """How the record names the run that holds it."""
    run = ops.environ.get("GITHUB_RUN_ID")
    url = f"{ops.environ.get('GITHUB_SERVER_URL', '')}/{ops.environ.get('GITHUB_REPOSITORY', '')}/actions/runs/{run}"
    return Holder(
        who=ops.environ.get("GITHUB_ACTOR") or _user(),
        where=f"{socket.gethostname()}:{ops.root}",
        run=secrets.token_hex(8),
        url=url if run else None,
    )


@contextlib.contextmanager
def this_machine(root: Path) -> Iterator[None]:
    """Hold the lock file of this checkout; children inherit it, so that an orphan still holds it.

    Raises BlockedError when another process has it.
    """
    try:
        folder = local_folder(root)
        descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BlockedError(
            f".release/ cannot be written: {error.strerror}.",
            "A release keeps its journal there: make the folder writable.",
        ) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.set_inheritable(descriptor, True)  # noqa: FBT003
        yield
    except BlockingIOError:
        raise BlockedError(
            "Another release, or a program that one started, still runs in this checkout.",
            "Wait for it to end, then run the same command again.",
        ) from None
    finally:
        os.close(descriptor)


def acquire(ops: Ops, world: World, wanted: Record, tell: Callable[[str], None]) -> World:
    """Take the lock for `wanted`: the first write of a release. Waits, with a countdown, for a run that may be dead."""
    while True:
        record = world.record if isinstance(world.record, Record) else None
        held = record.holder if record else None
        patient = ops.name != ops.config.production
        orphaned = held is not None and wanted.holder is not None and held.where == wanted.holder.where
        answer = claim(record, wanted, ops.clock.now(), orphaned=orphaned, patient=patient)
        if isinstance(answer, Record):
            return swap(ops, world, answer)
        left = max(0.0, answer.until - ops.clock.now())
        tell(f"{answer.who} may still be at work on this release: waiting {left:.0f} s at most")
        ops.clock.sleep(min(5.0, left + 0.1))
        world = look_again(ops, world, ("remote", "record"))


def renew(ops: Ops, world: World, **changes: Any) -> World:  # noqa: ANN401
    """Prolong the lease and note changes. Raises LockLostError when the record is no longer this run's."""
    if not isinstance(world.record, Record):
        raise LockLostError("The environment's record is gone.", "Run the same command again.")
    return swap(ops, world, msgspec.structs.replace(world.record, **changes))


def swap(ops: Ops, world: World, record: Record) -> World:
    """Put a record in the place of the one in `world`, or raise: nobody else's change is ever overwritten."""
    if not isinstance(world.remote, Remote):
        raise CannotReadError("The remote could not be read.", "Run the same command again.")
    now = ops.clock.now()
    lease = now + ops.config.lease if record.holder else 0.0
    fresh = msgspec.structs.replace(record, nonce=secrets.token_hex(8), lease_until=lease)
    oid, objects = record_commit(fresh, int(now), world.remote.tip or "0" * 40)
    ops.git.store(objects)
    refused = ops.git.push([f"+{oid}:{ops.record_ref}"], {ops.record_ref: world.remote.record or ""})
    if refused is not None and ops.git.remote_refs(ops.record_ref).get(ops.record_ref) != oid:
        raise _lost(ops, world, refused)
    return replace(world, record=fresh, remote=replace(world.remote, record=oid))


def _lost(ops: Ops, world: World, refused: str) -> BlockedError:
    there = ops.git.remote_refs(ops.record_ref).get(ops.record_ref)
    before = world.remote.record if isinstance(world.remote, Remote) else None
    if there != before:
        return LockLostError(
            "Somebody else has taken the record of this environment meanwhile.",
            "`inv status` says who. Run the same command again when they are done.",
        )
    return BlockedError(
        f"The remote does not take {ops.record_ref}: {refused}.",
        "Allow pushes to refs/release/*, or set `record_ref` in [tool.release] to a ref that it takes.",
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def prove(ops: Ops, world: World) -> None:
    """Raise LockLostError unless the remote still has this run's record."""
    held = world.remote.record if isinstance(world.remote, Remote) else None
    if ops.git.remote_refs(ops.record_ref).get(ops.record_ref) != held:
        raise LockLostError(
            "Somebody else has taken the record of this environment meanwhile.",
            "`inv status` says who. Run the same command again when they are done.",
        )
