"""`inv rollback`: the workers go back to what served before, by API, the last one first; the database stays.

It depends on nothing that may be broken in an incident: not on CI, staging, the checklist, tests, plugins or npm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from release.commands.rollback.crossing import migrations_between
from release.commands.rollback.end import Course, already, half, suffix, untouched, whole
from release.commands.rollback.redeploy import redeploy
from release.commands.rollback.routes import as_one, routes_to_noted, routes_to_tag, survey
from release.config import load
from release.errors import BlockedError, EffectError, ReleaseError
from release.model.deployment import WorkerDeployment
from release.model.outcome import Failure, StepResult
from release.model.record import Record, Rollback
from release.model.release import Write
from release.model.rolled_back import serving
from release.model.unread import Unread
from release.observe.migrations import d1_at
from release.plan.plan import Plan
from release.run import lock
from release.systems.cloudflare.messages import UNREASONED
from release.systems.machine.checkout_lock import is_busy
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.commands.rollback.routes import Route, Situation, Trip
    from release.model.outcome import Listener, Outcome
    from release.model.record import Record
    from release.plan.plan import PlannedWrite
    from release.systems.ops import Connect, Ops

INCOMPLETE = "The rollback is not complete."
AGAIN = "Run the same command again to finish."


@dataclass(frozen=True)
class RollbackOptions:
    """What was asked for: back to what served before (`tag` None) or to a release; `reason` is kept."""

    environment: str
    tag: str | None = None
    reason: str = ""
    despite_migrations: bool = False


def rollback(
    root: Path,
    environ: Mapping[str, str],
    options: RollbackOptions,
    confirm: Callable[[str, str], None] | None,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Put the workers back, after `confirm`; without it nothing is changed, and the outcome is a plan.

    Exit 0 when it is so (again), 3 when something is half way or unhealthy.

    Raises BlockedError when there is nothing to go back to, a release runs, or the database has moved on.
    """
    ops = connect(load(root), options.environment, environ)
    try:
        if is_busy(root):
            raise BlockedError(
                "A run in this checkout has not ended: it could deploy again after the rollback.",
                "Stop it (Ctrl-C where it runs), then run the same command again.",
            )
        ground = survey(ops, listener.line)
        ways = routes_to_tag(ops, ground, options.tag) if options.tag else routes_to_noted(ops, ground)
        if not ways:
            return already(ops, ground, options.tag, listener)
        _refuse(ops, ground, options, listener)
        course = Course(ops, listener, ground, ways, as_one(ops, ground, ways), options.tag)
        for way in ways:
            listener.line(str(way))
        _say_database(ops, ground, listener)
        if confirm is None:
            return untouched(course)
        where = f"forward to {course.trip.to}" if course.trip.is_forward else "back"
        confirm(f"Roll {ops.name} {where}?", ops.name)
        outcome = _carried_out(course, options)
        _tell_plugins(course, options.reason, outcome)
        return outcome
    finally:
        ops.close()


def _tell_plugins(course: Course, reason: str, ended: Outcome) -> None:
    """Tell every plugin how a rollback ended; what is wrong with one becomes a line and changes nothing.

    They are looked for only now: a rollback depends on no plugin.
    """
    from release import extensions

    ops, say = course.ops, course.listener.line
    try:
        plugins = extensions.load(ops.config, environ=ops.environ)
    except ReleaseError as error:
        say(f"no plugin was told: {error.what}")
        return
    for line in plugins.tell("release_rolled_back", tag=course.trip.left, reason=reason, ended=ended):
        say(line)


def _refuse(ops: Ops, ground: Situation, options: RollbackOptions, listener: Listener) -> None:
    record = ground.record
    if record is None:
        return
    refuse_while_released(ops, record)
    between = migrations_between(ops, record, options.tag)
    for name in between.safe:
        listener.line(f"{name} was applied since; the older workers are compatible with it")
    for line in between.narrowed:
        listener.line(f"but {line}")
    if between.barring and not options.despite_migrations:
        raise BlockedError(
            f"Migrations were applied since: {', '.join(between.barring)}. {between.why}",
            "If it is compatible, add --despite-migrations. The database is not changed either way.",
        )


def refuse_while_released(ops: Ops, record: Record) -> None:
    """Raise BlockedError while another checkout's release runs."""
    if record.holder and record.holder.checkout != ops.checkout and ops.clock.now() < record.lease_until:
        raise BlockedError(
            f"{record.holder.who} on {record.holder.where} is releasing to {ops.name} right now.",
            "Stop that run first; if it is dead: inv unlock",
        )


def _say_database(ops: Ops, ground: Situation, listener: Listener) -> None:
    record = ground.record
    bookmarks = bookmarks_of(ops, record) if record else {}
    if bookmarks:
        stays = "The database is not changed. To restore it too (you lose later writes), run:"
        several = "The databases are not changed. To restore one too (you lose its later writes), run:"
        listener.line(several if len(bookmarks) > 1 else stays)
    for name, bookmark in bookmarks.items():
        listener.line(f"  {time_travel(ops, name, bookmark)}")
    if bookmarks:
        listener.line(f"  or, once the workers are back: inv rollback --database{suffix(ops)}")


def bookmarks_of(ops: Ops, record: Record) -> dict[str, str]:
    """The bookmarks of a release by the name of their database in D1; none whose database has no name now."""
    databases = ops.config.databases
    if record.bookmarks or record.bookmark is None or not databases:
        return dict(record.bookmarks)
    if len(databases) > 1:  # it was the only one when the release began: the plan of then names it
        moved = {write.target for write in _writes(record) if write.system == "d1"}
        return {moved.pop(): record.bookmark} if len(moved) == 1 else {}
    try:
        name = ops.environment.databases.get(databases[0].name) or d1_at(ops, "HEAD", databases[0])[0]
    except (ReleaseError, OSError):
        return {}
    return {name: record.bookmark}


def _writes(record: Record) -> tuple[PlannedWrite, ...]:
    try:
        return msgspec.json.decode(record.plan, type=Plan).writes
    except msgspec.MsgspecError:
        return ()


def time_travel(ops: Ops, database: str, bookmark: str) -> str:
    """The exact command that restores a database to a bookmark."""
    environment, words = ops.environment, ""
    owner = next(
        (one.worker for one in ops.config.databases if environment.databases.get(one.name) == database), None
    )
    file = ops.config.placed(owner, ops.name).config if owner else ""
    if file:
        words += f" --config {file}"
    if environment.wrangler:
        words += f" --env {environment.wrangler}"
    return f"wrangler d1 time-travel restore {database}{words} --bookmark={bookmark}"


def _carried_out(course: Course, options: RollbackOptions) -> Outcome:
    """Deploy each way, the last worker first; a way that fails ends it."""
    ops, listener, results = course.ops, course.listener, list[StepResult]()
    lives: dict[str, WorkerDeployment | Unread | None] = dict(course.ground.live)
    message = f"{course.trip.message}{options.reason or UNREASONED}"
    try:
        for way in course.ways:
            name, started = f"roll back {way.worker}", ops.clock.elapsed()
            listener.started(name)
            trouble = _put_back(ops, way, options, message, listener)
            live = lives[way.worker] = _live(ops, way.script)
            if trouble or not _is_there(way, live):
                failure = Failure(name, trouble or _still(live), INCOMPLETE, AGAIN)
                return half(course, results, failure, lives)
            version = live.version_id if isinstance(live, WorkerDeployment) else ""
            write = Write(name, "cloudflare", way.script, f"deploy version {version}")
            detail = f"version {serving(live)} (was {way.now[:8] or 'nothing'})"
            results.append(StepResult(name, "ok", ops.clock.elapsed() - started, detail, (write,)))
            listener.finished(results[-1])
        return whole(course, results, _close(course, options), lives)
    except KeyboardInterrupt as error:
        lives |= {way.worker: _live(ops, way.script) for way in course.ways}
        failure = Failure("rollback", str(error) or "Interrupted (Ctrl-C).", INCOMPLETE, AGAIN)
        return half(course, results, failure, lives)


def _put_back(ops: Ops, way: Route, options: RollbackOptions, message: str, listener: Listener) -> str:
    """Why it failed, nothing when it did not."""
    try:
        if way.to is not None:
            ops.cloudflare.deploy_version(way.script, way.to, message)
        else:
            redeploy(ops, way.worker, options.tag or "", message, listener.line)
    except EffectError as error:
        return error.what
    return ""


def _is_there(way: Route, live: WorkerDeployment | Unread | None) -> bool:
    return isinstance(live, WorkerDeployment) and (
        live.version_id == way.to if way.to else live.release is not None
    )


def _still(live: WorkerDeployment | Unread | None) -> str:
    if isinstance(live, Unread):
        return f"What Cloudflare serves could not be read: {live.because}"
    return "Cloudflare still serves another version."


def _live(ops: Ops, script: str) -> WorkerDeployment | Unread | None:
    try:
        return ops.cloudflare.live(script)
    except ReleaseError as error:
        return Unread(error.what, error.advice)


def _close(course: Course, options: RollbackOptions) -> Record | None:
    """Note in the record what is true now; the workers serve it either way. The record as it should be."""
    record = course.ground.record
    if record is None:
        return None
    closed = _noted(course.ops, record, course.trip, options)
    try:
        lock.put(course.ops, closed, course.ground.held)
    except ReleaseError as error:
        course.listener.line(f"the record could not be updated: {error.what}")
    return closed


def _noted(ops: Ops, record: Record, trip: Trip, options: RollbackOptions) -> Record:
    """The record after a rollback. A number that was left stays burnt, also once its own release is back."""
    subject, kept, version_of = record.subject, record.rollback, ops.config.app.pattern.version
    if trip.is_forward and subject is not None and trip.to == subject.tag:
        was = kept.was if kept else ""
        outcome = was if was in {"released", "recorded"} else "failed"  # the next run looks what is missing
        return replace(record, holder=None, outcome=outcome, rollback=None)
    if kept is None or record.outcome != "rolled-back" or trip.left == kept.left:
        now, was = ops.clock.now(), record.outcome
        by = lock.holder(ops).who
        kept = Rollback(left=trip.left, to=trip.to, who=by, at=now, why=options.reason, was=was)
    else:
        kept = replace(kept, to=trip.to)  # from one older release to another: what took this one away stays
    burnt = (*record.burnt, version_of(trip.left) or "", subject.version if subject else "")
    return replace(
        record,
        holder=None,
        outcome="rolled-back",
        burnt=tuple(filter(None, dict.fromkeys(burnt))),
        rollback=kept,
    )
