"""Run: the gate, the lock, and the sequence step by step. It believes the world, never an exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from release import lock
from release.decide import Go, Nothing
from release.errors import BlockedError, ReleaseError
from release.model import Live, Release, Remote, Unread
from release.ops.settle import follow, restore
from release.outcome import EXIT_CODES, Failure, Outcome, StepResult
from release.preflight import Prospect
from release.record import Approval, Record, Subject
from release.report import failure_of, state_of
from release.step import Done, Stuck, Todo
from release.world import look_again

if TYPE_CHECKING:
    from release.extensions import Extensions
    from release.model import World, Write
    from release.ops import Ops
    from release.outcome import Ending, Listener
    from release.step import Step

Gate = Callable[[Prospect], Approval]


@dataclass(frozen=True)
class Run:
    """What every part of a run needs."""

    ops: Ops
    extensions: Extensions
    listener: Listener
    prospect: Prospect
    release: Release
    only: str | None = None


def carry_out(
    ops: Ops,
    extensions: Extensions,
    prospect: Prospect,
    gate: Gate,
    listener: Listener,
    *,
    only: str | None = None,
) -> Outcome:
    """Approve and run a plan to its end; the answer says how it ended. `only` runs one step of it alone."""
    if (
        isinstance(prospect.decision, Nothing)
        or prospect.release is None
        or prospect.plan is None
        or prospect.problems
    ):
        return _end(listener, extensions, without_run(prospect))
    run = Run(ops, extensions, listener, prospect, prospect.release, only)
    try:
        approval = gate(prospect)
        with lock.this_machine(ops.root):
            return _end(listener, extensions, _locked(run, approval))
    except BlockedError as error:
        failure = Failure("start", error.what, "Nothing was written.", error.advice)
        return _end(listener, extensions, _outcome(run, "blocked", (), failure))


def without_run(prospect: Prospect) -> Outcome:
    """The outcome where there is nothing to carry out, or something is in the way."""
    decision = prospect.decision
    plan = prospect.plan.hash if prospect.plan else None
    if isinstance(decision, Nothing):
        code = 0 if decision.released else EXIT_CODES["nothing"]
        last = decision.last
        release = _subject_release(last, prospect.world.environment) if last else None
        return Outcome(
            "nothing", "nothing", prospect.world.environment, release, plan, decision.why, exit_code=code
        )
    return Outcome(
        "blocked",
        prospect.kind,
        prospect.world.environment,
        prospect.release,
        plan,
        problems=prospect.problems,
        exit_code=EXIT_CODES["blocked"],
    )


def _locked(run: Run, approval: Approval) -> Outcome:
    world = lock.acquire(run.ops, run.prospect.world, _wanted(run, approval), run.listener.line)
    results: list[StepResult] = []
    try:
        for one in run.prospect.outlooks:
            world, result, failure = _one_step(run, one.step, world)
            results.append(result)
            if failure is not None:
                return _failed(run, world, results, failure)
        return _succeeded(run, world, results)
    except BaseException as error:
        restore(run.ops, run.prospect.world)
        with contextlib.suppress(ReleaseError):
            _close(run, world, "failed")
        if isinstance(error, ReleaseError):
            failure = Failure("run", error.what, "The run was stopped.", error.advice)
            return _failed(run, world, results, failure)
        raise


def _wanted(run: Run, approval: Approval) -> Record:
    """The record under which this release runs: its plan, and what served before it."""
    world, release = run.prospect.world, run.release
    subject = Subject(
        app=release.app,
        version=release.version,
        tag=release.tag,
        previous=release.previous,
        previous_tag=release.previous_tag,
        base=release.base,
        commit=release.commit,
    )
    old = world.record if isinstance(world.record, Record) else None
    begun = old if old and old.unfinished else None
    same = begun if begun and begun.subject == subject else None
    serving = {
        name: live.version_id
        for name, live in world.live.items()
        if isinstance(live, Live) and live.version_id
    }
    burnt = old.burnt if old else ()
    if begun and begun.healthy and not same and begun.subject and begun.outcome != "recorded":
        burnt += (begun.subject.version,)
    return Record(
        environment=release.environment,
        nonce="",
        holder=lock.holder(run.ops),
        subject=subject,
        plan=msgspec.Raw(msgspec.json.encode(run.prospect.plan)),
        plan_hash=run.prospect.plan.hash if run.prospect.plan else "",
        approvals=(*(same.approvals if same else ()), approval),
        before=begun.before if begun else serving,
        bookmark=begun.bookmark if begun else None,
        healthy=same.healthy if same else False,
        outcome=same.outcome if same and same.outcome == "recorded" else "running",
        burnt=burnt,
    )


def _one_step(run: Run, step: Step, world: World) -> tuple[World, StepResult, Failure | None]:
    clock, started = run.ops.clock, run.ops.clock.elapsed()
    run.listener.started(step.name)
    _observe(run, "release_step_started", step=step.name)
    world = look_again(run.ops, world, step.reads, run.release)
    look = _looked(step, world, run.release)
    acted = False
    writes: tuple[Write, ...] = ()
    trouble: ReleaseError | None = None
    if isinstance(look, Todo) and run.only in {None, step.name}:
        acted = True
        world, writes, trouble = _act(run, step, look, world)
        look = _looked(step, world, run.release)
    seconds = clock.elapsed() - started
    if isinstance(look, Done):
        world = _note(run, world)
        result = StepResult(step.name, "ok" if acted else "skipped", seconds, look.detail, writes)
    else:
        result = StepResult(step.name, "failed", seconds, _reason(look, trouble, run, step), writes)
    run.listener.finished(result)
    _observe(run, "release_step_finished", step=step.name, outcome=result.outcome, seconds=seconds)
    failure = None if isinstance(look, Done) else failure_of(step, result.detail, look)
    return world, result, failure


def _act(
    run: Run, step: Step, todo: Todo, world: World
) -> tuple[World, tuple[Write, ...], ReleaseError | None]:
    """Do the effects of a step, then look at the world. A failure is kept: the world decides what it means."""
    trouble: ReleaseError | None = None
    for effect in todo.effects:
        if effect.writes(step.name):
            world = _note(run, world, before_write=True)
        try:
            world = run.ops.perform(run.ops, effect, world, run.listener.line)
        except ReleaseError as error:
            trouble = error
            break
    world = look_again(run.ops, world, step.reads, run.release)
    landed = tuple(write for effect in todo.effects for write in effect.landed(world, step.name))
    return world, landed, trouble


def _note(run: Run, world: World, *, before_write: bool = False) -> World:
    """Put what this run has learned into the record; before a write, prove that the record is still ours."""
    record = world.record
    if not isinstance(record, Record):
        return world
    news: dict[str, Any] = {}
    if world.bookmark and world.bookmark != record.bookmark:
        news["bookmark"] = world.bookmark
    if world.smoke is not None and world.smoke.healthy and not record.healthy:
        news["healthy"] = True
    tired = record.lease_until - run.ops.clock.now() < run.ops.config.lease / 2
    if news or (tired and before_write):
        return lock.renew(run.ops, world, **news)
    if before_write:
        lock.prove(run.ops, world)
    return world


def _looked(step: Step, world: World, release: Release) -> Done | Todo | Stuck:
    try:
        return step.look(world, release)
    except ReleaseError as error:
        return Stuck(error.what, error.advice)


def _reason(look: Todo | Stuck, trouble: ReleaseError | None, run: Run, step: Step) -> str:
    if trouble is not None:
        return run.ops.mask(trouble.what)
    if isinstance(look, Stuck):
        return run.ops.mask(look.what)
    if run.only not in {None, step.name}:
        return f"{step.name} is not done yet: {look.detail}"
    return f"it said that it succeeded, but the world is not so: {look.detail}"


def _succeeded(run: Run, world: World, results: list[StepResult]) -> Outcome:
    landed = any(result.name == "record" for result in results)
    ending: Ending = "released" if landed else "deployed"
    if run.only is None:
        world = _close(run, world, "released")
        if landed:
            follow(run.ops, run.prospect.world, run.release)
        return _outcome(run, ending, results)
    _close(run, world, "running" if run.only != "verify" else "released")
    return _outcome(run, ending, results)


def _failed(run: Run, world: World, results: list[StepResult], failure: Failure) -> Outcome:
    recorded = _is_recorded(world, run.release)
    if recorded:
        follow(run.ops, run.prospect.world, run.release)
    else:
        restore(run.ops, run.prospect.world)
    with contextlib.suppress(ReleaseError):
        world = look_again(run.ops, world, ("live", "database"))
    with contextlib.suppress(ReleaseError):
        world = _close(run, world, "recorded" if recorded else "failed")
    changed = recorded or has_changed(run.prospect, world)
    ending: Ending = "unrecorded" if changed else "failed"
    full = replace(failure, state=state_of(run.ops, run.prospect, world, changed=changed, recorded=recorded))
    return _outcome(run, ending, results, full)


def has_changed(prospect: Prospect, world: World) -> bool:
    """Whether production is not what it was when the plan was made; unknown counts as changed."""
    plan = prospect.plan
    if plan is None:
        return False
    for name, before in plan.serving.items():
        live = world.live.get(name)
        if isinstance(live, Unread) or ((live.version_id or "a split") if live else "") != before:
            return True
    database = world.database
    if isinstance(database, Unread):
        return True
    return bool(database and database.applied and database.applied[-1] != plan.ledger)


def _is_recorded(world: World, release: Release) -> bool:
    return isinstance(world.remote, Remote) and world.remote.tags.get(release.tag) == release.commit


def _close(run: Run, world: World, outcome: str) -> World:
    """Give the lock back, and keep in the record how it ended."""
    record = world.record
    if not isinstance(record, Record) or record.holder is None:
        return world
    if record.outcome == "recorded" and outcome == "failed":
        outcome = "recorded"
    return lock.swap(run.ops, world, msgspec.structs.replace(record, holder=None, outcome=outcome))


def _outcome(
    run: Run,
    ending: Ending,
    results: list[StepResult] | tuple[StepResult, ...],
    failure: Failure | None = None,
) -> Outcome:
    prospect = run.prospect
    again = f"inv release --env {run.ops.name}" if ending == "unrecorded" else None
    kind = prospect.decision.kind if isinstance(prospect.decision, Go) else prospect.kind
    why = prospect.decision.why if isinstance(prospect.decision, Go) else ""
    return Outcome(
        ending,
        kind,
        run.ops.name,
        run.release,
        prospect.plan.hash if prospect.plan else None,
        why,
        tuple(results),
        failure=failure,
        next=again,
        urls=(run.ops.url,),
        exit_code=EXIT_CODES[ending],
    )


def _end(listener: Listener, extensions: Extensions, outcome: Outcome) -> Outcome:
    for raised in extensions.tell("release_finished", release=outcome.release, outcome=outcome.outcome):
        listener.line(raised)
    listener.ended(outcome)
    return outcome


def _observe(run: Run, hook: str, **what: Any) -> None:  # noqa: ANN401
    for raised in run.extensions.tell(hook, release=run.release, **what):
        run.listener.line(raised)


def _subject_release(subject: Subject, environment: str) -> Release:
    return Release(
        subject.app,
        environment,
        subject.base,
        subject.previous,
        subject.previous_tag,
        subject.version,
        subject.tag,
        subject.commit,
    )
