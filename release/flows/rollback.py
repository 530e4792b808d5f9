"""`inv rollback`: the workers go back to what served before the last release; by API, the last one first.

It depends on nothing that may be broken in an incident: not on tests, staging, plugins, npm or wrangler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from release import lock
from release.config import load
from release.decide import Nothing
from release.errors import BlockedError, ReleaseError
from release.flows.releases import of_subject
from release.model import Live, Unread, Write
from release.ops import connect
from release.outcome import EXIT_CODES, Failure, Outcome, StepResult
from release.preflight import Prospect
from release.record import Record
from release.world import look_again, observe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.model import Release, World
    from release.ops import Ops
    from release.outcome import Ending, Listener
    from release.run import Gate


@dataclass(frozen=True)
class Way:
    """One worker's way back: from the id that serves to the id that served."""

    worker: str
    script: str
    now: str
    before: str


def rollback(
    root: Path, environ: Mapping[str, str], environment: str, reason: str, gate: Gate, listener: Listener
) -> Outcome:
    """Put back what the record noted. Exit 0 when it is so (again), 3 when the old version is not healthy either."""
    ops = connect(load(root), environment, environ)
    try:
        world = observe(ops)
        record = _noted(world)
        release = of_subject(record.subject, environment) if record.subject else None
        if release is None:
            raise BlockedError("The record names no release.", "Nothing was deployed by this tool here.")
        ways = _ways(ops, world, record)
        if not ways:
            outcome = Outcome(
                "nothing",
                "nothing",
                environment,
                release,
                why=f"{release.tag} is rolled back already",
                exit_code=0,
            )
            listener.ended(outcome)
            return outcome
        _refuse_closed_schema(world, record)
        gate(Prospect(world, Nothing("rollback"), "inv rollback", release))
        return _carried_out(ops, world, record, release, ways, reason, listener)
    finally:
        ops.close()


def _noted(world: World) -> Record:
    if isinstance(world.record, Record) and world.record.before:
        return world.record
    because = (
        world.record.because
        if isinstance(world.record, Unread)
        else "no release has noted what served before it"
    )
    raise BlockedError(
        f"There is nothing to go back to: {because}.",
        "Deploy the last good tag: git switch --detach TAG && inv deploy",
    )


def _ways(ops: Ops, world: World, record: Record) -> tuple[Way, ...]:
    ways = []
    for worker in reversed(ops.config.workers):
        live, before = world.live.get(worker.name), record.before.get(worker.name)
        now = live.version_id if isinstance(live, Live) else None
        if before and now != before:
            ways.append(Way(worker.name, ops.script(worker.name), now or "", before))
    return tuple(ways)


def _refuse_closed_schema(world: World, record: Record) -> None:
    del world, record


def _carried_out(
    ops: Ops,
    world: World,
    record: Record,
    release: Release,
    ways: tuple[Way, ...],
    reason: str,
    listener: Listener,
) -> Outcome:
    previous = release.previous_tag or "what served before"
    message = f"rollback {release.tag} -> {previous}: {reason or 'no reason given'}"[:100]
    results: list[StepResult] = []
    for way in ways:
        name, started = f"roll back {way.worker}", ops.clock.elapsed()
        listener.started(name)
        write = Write(name, "cloudflare", way.script, f"deploy version {way.before}")
        trouble = ""
        try:
            ops.cloudflare.deploy_version(way.script, way.before, message)
        except ReleaseError as error:
            trouble = error.what
        world = look_again(ops, world, ("live",))
        live = world.live.get(way.worker)
        if not isinstance(live, Live) or live.version_id != way.before:
            failure = Failure(
                name,
                trouble or "Cloudflare still serves another version",
                "The roll back did not happen.",
                "Run the same command again.",
            )
            return _ended(ops, listener, "unrecorded", release, results, failure)
        results.append(
            StepResult(
                name,
                "ok",
                ops.clock.elapsed() - started,
                f"version {way.before[:8]} (was {way.now[:8]})",
                (write,),
            )
        )
        listener.finished(results[-1])
    _close(ops, world, record, listener)
    return _smoke(ops, release, results, listener)


def _close(ops: Ops, world: World, record: Record, listener: Listener) -> None:
    burnt = (
        (*record.burnt, record.subject.version)
        if record.subject and record.outcome != "released"
        else record.burnt
    )
    closed = msgspec.structs.replace(
        record, holder=None, outcome="rolled-back", burnt=tuple(dict.fromkeys(burnt))
    )
    try:
        lock.swap(ops, world, closed)
    except ReleaseError as error:
        listener.line(f"the record could not be updated: {error.what}")


def _smoke(ops: Ops, release: Release, results: list[StepResult], listener: Listener) -> Outcome:
    listener.started("smoke")
    started = ops.clock.elapsed()
    health = ops.web.health(ops.environment, ops.url)
    limit = started + ops.environment.smoke.deadline
    while (health.problem or health.version == release.version) and ops.clock.elapsed() < limit:
        listener.line(health.problem or f"still answers as {health.version}")
        ops.clock.sleep(ops.environment.smoke.interval)
        health = ops.web.health(ops.environment, ops.url)
    healthy = health.problem is None and health.version != release.version
    detail = (
        f"{health.version} is healthy"
        if healthy
        else health.problem or f"it still answers as {health.version}"
    )
    results.append(StepResult("smoke", "ok" if healthy else "failed", ops.clock.elapsed() - started, detail))
    listener.finished(results[-1])
    if healthy:
        return _ended(ops, listener, "rolled-back", release, results, None)
    failure = Failure(
        "smoke",
        detail,
        "The version that served before is not healthy either.",
        "Look at the database and the bindings; D1 was not rolled back.",
    )
    return _ended(ops, listener, "unrecorded", release, results, failure)


def _ended(
    ops: Ops,
    listener: Listener,
    ending: Ending,
    release: Release,
    results: list[StepResult],
    failure: Failure | None,
) -> Outcome:
    outcome = Outcome(
        ending,
        "rollback",
        ops.name,
        release,
        steps=tuple(results),
        failure=failure,
        urls=(ops.url,),
        exit_code=EXIT_CODES[ending],
    )
    listener.ended(outcome)
    return outcome
