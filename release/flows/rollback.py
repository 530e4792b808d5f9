"""`inv rollback`: the workers go back to what served before, by API, the last one first; the database stays.

It depends on nothing that may be broken in an incident: not on CI, staging, the checklist, tests, plugins or npm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from release import lock
from release.config import load
from release.errors import BlockedError, EffectError, ReleaseError
from release.flows import telling
from release.flows.crossing import migrations_between
from release.flows.redeploy import redeploy
from release.flows.way_back import ROLLED_BACK, survey, ways_to_noted, ways_to_tag
from release.model import Write
from release.ops import connect
from release.ops.machine import is_busy
from release.outcome import EXIT_CODES, Failure, Outcome, StepResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.flows.way_back import Ground, Way
    from release.model import Live
    from release.ops import Connect, Ops
    from release.outcome import Ending, Listener


@dataclass(frozen=True)
class Wanted:
    """What was asked for: back to what served before (`tag` None) or to a release; `reason` is kept."""

    environment: str
    tag: str | None = None
    reason: str = ""
    despite_migrations: bool = False


def rollback(
    root: Path,
    environ: Mapping[str, str],
    wanted: Wanted,
    confirm: Callable[[str, str], None],
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Put the workers back. Exit 0 when it is so (again), 3 when something is half way or unhealthy.

    Raises BlockedError when there is nothing to go back to, a release runs, or the database has moved on.
    """
    ops = connect(load(root), wanted.environment, environ)
    try:
        if is_busy(root):
            raise BlockedError(
                "A run in this checkout has not ended: it could deploy again after the rollback.",
                "Stop it (Ctrl-C where it runs), then run the same command again.",
            )
        ground = survey(ops, listener.line)
        ways = ways_to_tag(ops, ground, wanted.tag) if wanted.tag else ways_to_noted(ops, ground)
        if not ways:
            back = wanted.tag or "what served before"
            outcome = Outcome(
                "nothing", "rollback", ops.name, why=f"{ops.name} is back on {back} already", exit_code=0
            )
            listener.ended(outcome)
            return outcome
        _refuse(ops, ground, wanted, listener)
        for way in ways:
            listener.line(
                f"{way.worker:<6} {way.now[:8] or 'nothing'} -> {(way.to or f'a new deployment of {wanted.tag}')[:36]}"
            )
        _say_database(ops, ground, listener)
        confirm(f"Roll {ops.name} back?", ops.name)
        try:
            outcome = _carried_out(ops, ground, ways, wanted, listener)
        except KeyboardInterrupt as error:
            outcome = _interrupted(ops, ways, str(error) or "Interrupted (Ctrl-C).", listener)
        telling.rolled_back(ops, _left(ground), wanted.reason, outcome, listener)
        return outcome
    finally:
        ops.close()


def _refuse(ops: Ops, ground: Ground, wanted: Wanted, listener: Listener) -> None:
    record = ground.record
    if record is None:
        return
    if record.holder and record.holder.checkout != ops.checkout and ops.clock.now() < record.lease_until:
        raise BlockedError(
            f"{record.holder.who} on {record.holder.where} is releasing to {ops.name} right now.",
            "Stop that run first; if it is dead: inv unlock",
        )
    between = migrations_between(ops, record, wanted.tag)
    for name in between.safe:
        listener.line(f"{name} lies in between; the older workers run on its schema")
    for line in between.narrowed:
        listener.line(f"but {line}")
    if between.barring and not wanted.despite_migrations:
        raise BlockedError(
            f"A migration lies in between: {', '.join(between.barring)}. {between.why}",
            "If they can (an additive migration), add --despite-migrations; the database is not touched either way.",
        )


def _say_database(ops: Ops, ground: Ground, listener: Listener) -> None:
    record = ground.record
    if record and record.bookmark and ops.environment.database:
        listener.line("the database stays as it is. To put it back as well (later writes are lost):")
        listener.line(f"  {time_travel(ops, record.bookmark)}")


def time_travel(ops: Ops, bookmark: str) -> str:
    """The exact command that restores a database to a bookmark."""
    environment = ops.environment
    return f"wrangler d1 time-travel restore {environment.database} --env {environment.wrangler} --bookmark={bookmark}"


def _carried_out(
    ops: Ops, ground: Ground, ways: tuple[Way, ...], wanted: Wanted, listener: Listener
) -> Outcome:
    results: list[StepResult] = []
    left = _left(ground)
    message = f"{ROLLED_BACK}{left} -> {_aim(ground, wanted)}: {wanted.reason or 'no reason given'}"
    for way in ways:
        name, started = f"roll back {way.worker}", ops.clock.elapsed()
        listener.started(name)
        trouble = _put_back(ops, way, wanted, message, listener)
        live = _live(ops, way.script)
        if trouble or live is None or (live.version_id != way.to if way.to else live.release is None):
            failure = Failure(
                name,
                trouble or "Cloudflare still serves another version.",
                "The rollback is not complete.",
                "Run the same command again.",
            )
            return _ended(ops, listener, "unrecorded", results, failure)
        write = Write(name, "cloudflare", way.script, f"deploy version {live.version_id}")
        detail = f"version {(live.version_id or '')[:8]} (was {way.now[:8] or 'nothing'})"
        results.append(StepResult(name, "ok", ops.clock.elapsed() - started, detail, (write,)))
        listener.finished(results[-1])
    _close(ops, ground, listener)
    return _smoke(ops, results, left, listener)


def _interrupted(ops: Ops, ways: tuple[Way, ...], why: str, listener: Listener) -> Outcome:
    """The outcome of a rollback that was stopped: what serves now, as Cloudflare says it."""
    state, is_unchanged = [], True
    for way in ways:
        live = _live(ops, way.script)
        is_unchanged = is_unchanged and live is not None and (live.version_id or "") == way.now
        state.append((way.worker, f"serves {live.version_id or 'nothing'}" if live else "unknown: no answer"))
    meaning = "No worker was put back." if is_unchanged else "The rollback is not complete."
    failure = Failure("rollback", why, meaning, "Run the same command again to finish.", tuple(state))
    return _ended(ops, listener, "failed" if is_unchanged else "unrecorded", [], failure)


def _put_back(ops: Ops, way: Way, wanted: Wanted, message: str, listener: Listener) -> str:
    """Why it failed, nothing when it did not."""
    try:
        if way.to is not None:
            ops.cloudflare.deploy_version(way.script, way.to, message)
        else:
            redeploy(ops, way.worker, wanted.tag or "", message, listener.line)
    except EffectError as error:
        return error.what
    return ""


def _left(ground: Ground) -> str:
    """The release that is left: the record's, or what the workers say."""
    if ground.record and ground.record.subject:
        return ground.record.subject.tag
    marks = [live.release[0] for live in ground.live.values() if live and live.release]
    return marks[-1] if marks else "unknown"


def _aim(ground: Ground, wanted: Wanted) -> str:
    """The release that comes back: the one named, or the one before the record's."""
    subject = ground.record.subject if ground.record else None
    return wanted.tag or (subject and subject.previous_tag) or "what served before"


def _live(ops: Ops, script: str) -> Live | None:
    try:
        return ops.cloudflare.live(script)
    except ReleaseError:
        return None


def _close(ops: Ops, ground: Ground, listener: Listener) -> None:
    """Note in the record that the release is closed, and its number burnt; the workers are back either way."""
    record = ground.record
    if record is None:
        return
    burnt = (*record.burnt, record.subject.version) if record.subject else record.burnt
    closed = msgspec.structs.replace(
        record, holder=None, outcome="rolled-back", burnt=tuple(dict.fromkeys(burnt))
    )
    try:
        lock.put(ops, closed, ground.held)
    except ReleaseError as error:
        listener.line(f"the record could not be updated: {error.what}")


def _smoke(ops: Ops, results: list[StepResult], left: str, listener: Listener) -> Outcome:
    """Whether the environment is healthy again, as another version than the one that was left."""
    listener.started("smoke")
    started, limits = ops.clock.elapsed(), ops.environment.smoke
    in_a_row, fault, version = 0, None, None
    while in_a_row < limits.streak and ops.clock.elapsed() - started < limits.deadline:
        health = ops.web.health(ops.environment, ops.url)
        version, fault = health.version, health.problem
        if fault is None and ops.config.app.pattern.tag(version or "0.0.0") == left:
            fault = f"it still answers as {version}"
        in_a_row = 0 if fault else in_a_row + 1
        if in_a_row < limits.streak:
            listener.line(fault or f"{version} is healthy ({in_a_row} of {limits.streak})")
            ops.clock.sleep(limits.interval)
    healthy = in_a_row >= limits.streak
    detail = f"{version} is healthy" if healthy else fault or "no healthy answer"
    results.append(StepResult("smoke", "ok" if healthy else "failed", ops.clock.elapsed() - started, detail))
    listener.finished(results[-1])
    failure = (
        None
        if healthy
        else Failure(
            "smoke",
            detail,
            "What served before is not healthy either.",
            "Look at the database and the bindings: D1 was not rolled back.",
        )
    )
    back = f"{left} is rolled back: {ops.name} is healthy on {version}"
    return _ended(
        ops, listener, "rolled-back" if healthy else "unrecorded", results, failure, back if healthy else ""
    )


def _ended(
    ops: Ops,
    listener: Listener,
    ending: Ending,
    results: list[StepResult],
    failure: Failure | None,
    why: str = "",
) -> Outcome:
    outcome = Outcome(
        ending,
        "rollback",
        ops.name,
        why=why,
        steps=tuple(results),
        failure=failure,
        urls=(ops.url,),
        next=None if failure is None else "inv rollback",
        exit_code=EXIT_CODES[ending],
    )
    listener.ended(outcome)
    return outcome
