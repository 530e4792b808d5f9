"""`inv unlock`: free the lock of a run that is dead, or replace a record that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.errors import ReleaseError
from release.model.outcome import Outcome
from release.model.record import Record
from release.plan.targets import placed
from release.run import lock
from release.systems.git.content import fetched_record
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.model.outcome import Listener
    from release.systems.ops import Connect, Ops


def unlock(
    root: Path,
    environ: Mapping[str, str],
    environment: str,
    confirm: Callable[[str, str], None] | None,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Take the holder out of the record, after `confirm`; without it nothing is changed.

    Raises BlockedError when the answer is no, or somebody was quicker.
    """
    ops = connect(placed(root, environment), environment, environ)
    try:
        held = ops.git.remote_refs(ops.record_ref).get(ops.record_ref)
        record = _read(ops, held, listener) if held else None
        if record is None or (record.holder is None and record.nonce):
            outcome = Outcome(
                "nothing", "unlock", environment, why=f"{environment} is not locked", is_so=True
            )
            listener.ended(outcome)
            return outcome
        for line in _told(ops, record):
            listener.line(line)
        if confirm is None:
            outcome = Outcome("planned", "unlock", environment, next=_command(environment))
            listener.ended(outcome)
            return outcome
        confirm(f"Unlock {environment}?", environment)
        ending = "failed" if record.outcome == "running" else record.outcome
        lock.put(ops, msgspec.structs.replace(record, holder=None, outcome=ending), held)
        outcome = Outcome("unlocked", "unlock", environment, why=f"{environment} is free", next="inv status")
        listener.ended(outcome)
        return outcome
    finally:
        ops.close()


def _read(ops: Ops, held: str, listener: Listener) -> Record:
    """The record; an empty one in the place of one that cannot be read."""
    try:
        return fetched_record(ops.git, ops.record_ref, held)
    except ReleaseError as error:
        if ops.git.object(held) is None:  # it could not be fetched, and may well be whole
            raise
        listener.line(error.what)
        listener.line(
            "An empty record replaces it. The release it described is then known only by its marks at Cloudflare."
        )
        return Record(environment=ops.name, nonce="")


def _told(ops: Ops, record: Record) -> list[str]:
    holder = record.holder
    if holder is None:
        return []
    left = record.lease_until - ops.clock.now()
    lease = f"its lease runs for {left:.0f} s more" if left > 0 else f"its lease ended {-left:.0f} s ago"
    return [
        f"{holder.who} on {holder.where} holds the lock for {_purpose(record)}; {lease}.",
        *([f"Its run: {holder.url}"] if holder.url else []),
        "If that run is alive, it stops before its next write; what it has already asked Cloudflare for may still happen.",
        *([] if holder.doing else ["The release stays unfinished: `inv release` finishes it."]),
    ]


def _command(environment: str) -> str:
    return "inv unlock" if environment == "production" else f"inv unlock --env {environment}"


def _purpose(record: Record) -> str:
    if record.holder and record.holder.doing:
        return f"the step {record.holder.doing}"
    return record.subject.tag if record.subject else "a release"
