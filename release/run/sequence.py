"""Run: the gate, the lock, and the sequence step by step. It believes the world, never an exit code."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from release.decide.decide import Nothing
from release.decide.findings import rolled_back
from release.decide.single_step import opening
from release.errors import BlockedError, ReleaseError, StoppedError
from release.extensions.isolation import GuardedStep
from release.model.outcome import Failure, StepResult
from release.model.record import Granted, Record
from release.model.step import Done, Stuck, Todo
from release.model.world import Live, Remote
from release.observe.history import holds
from release.observe.world import look_again
from release.plan.preview import Prospect
from release.run import end as closing
from release.run import lock
from release.run.explain import failure_of

if TYPE_CHECKING:
    from release.extensions import Extensions
    from release.model.effects import Effect
    from release.model.outcome import Listener, Outcome, StepEnding
    from release.model.record import Remark, Subject, Window
    from release.model.step import Look, Step
    from release.model.world import Release, World, Write
    from release.plan.plan import Plan
    from release.systems import Ops

INTERRUPTED = "Interrupted (Ctrl-C)."
OUTSIDE = frozenset({"cloudflare", "d1", "npm"})  # what users see
Gate = Callable[["Ops", Prospect], Granted]


@dataclass(frozen=True)
class AtOnce:
    """A gate that asks nobody: no observer is told that a plan waits."""

    gate: Gate

    def __call__(self, ops: Ops, prospect: Prospect) -> Granted:
        """The gate's answer."""
        return self.gate(ops, prospect)


@dataclass(frozen=True)
class Run:
    """What every part of a run needs."""

    ops: Ops
    extensions: Extensions
    listener: Listener
    prospect: Prospect
    release: Release
    plan: Plan

    @property
    def only(self) -> str | None:
        """The one step to carry out, None for all."""
        return self.prospect.only


def carry_out(
    ops: Ops, extensions: Extensions, prospect: Prospect, gate: Gate, listener: Listener
) -> Outcome:
    """Approve and run a plan to its end, or the one step of it that was asked for; the answer says how it ended."""
    is_empty = isinstance(prospect.decision, Nothing) or prospect.release is None or prospect.plan is None
    if is_empty or prospect.problems or prospect.release is None or prospect.plan is None:
        closing.caught_up(ops, prospect)
        return _told(listener, extensions, closing.without_run(prospect, ops.config))
    run = Run(ops, extensions, listener, prospect, prospect.release, prospect.plan)
    try:
        return _told(listener, extensions, _locked(run, _granted(run, gate)))
    except BlockedError as error:
        failure = Failure("start", error.what, "Nothing was written.", error.advice)
        return _told(listener, extensions, closing.outcome(ops, prospect, "blocked", (), failure))


def _granted(run: Run, gate: Gate) -> Granted:
    """The approval of a plugin, or else of the gate; of both where a person has to vouch, which no plugin was asked."""
    by_plugin = run.extensions.approval(run.release, run.plan.hash)
    if by_plugin and not run.prospect.questions and not run.prospect.differs:
        return Granted(approvals=(by_plugin,))
    if not isinstance(gate, AtOnce):
        _observe(run, "release_approval_awaited", plan_hash=run.plan.hash)
    granted = gate(run.ops, run.prospect)
    said = (by_plugin,) if by_plugin else ()
    return msgspec.structs.replace(granted, approvals=(*said, *granted.approvals))


def _locked(run: Run, granted: Granted) -> Outcome:
    wanted = opening(
        run.prospect.world,
        run.ops.config,
        _wanted(run, granted),
        run.only,
        is_repair=run.prospect.kind == "repair",
    )
    world = lock.acquire(run.ops, run.prospect.world, wanted, run.listener.line)
    results: list[StepResult] = []
    try:
        _observe(run, "release_started", plan_hash=run.plan.hash)
        for one in run.prospect.outlooks:
            if _is_passed_over(run, one.step, world):
                continue
            world, result, failure = _one_step(run, one.step, world)
            results.append(result)
            if failure is not None:
                return closing.failed(run.ops, run.prospect, world, results, failure)
            if one.step.name == run.only:
                break
        return closing.succeeded(run.ops, run.prospect, world, results, only=run.only)
    except (ReleaseError, KeyboardInterrupt) as error:
        return _ended(run, world, results, _stopped(error))
    except BaseException:
        closing.abandon(run.ops, run.prospect, world)
        raise


def _ended(run: Run, world: World, results: list[StepResult], failure: Failure) -> Outcome:
    """The outcome of a run that failed; where it was stopped, and the world does not answer in time, that is said."""
    try:
        return closing.failed(run.ops, run.prospect, world, results, failure)
    except KeyboardInterrupt:
        unknown = replace(
            failure,
            meaning="What is live now could not be read in time.",
            advice="Run the same command again to finish.",
        )
        return closing.outcome(run.ops, run.prospect, "unrecorded", results, unknown)


def _is_passed_over(run: Run, step: Step, world: World) -> bool:
    """Alone, a step asks that those before it are done; tests leave nothing to see, and smoke leaves it in the record.

    The ledger needs no bump: `inv step.backfill` is what a release advises that is blocked before it can bump. `verify`
    looks for the GitHub Release itself, and needs nobody to have told GitHub of a deployment in the same run. What a
    plugin has done is known in its own run only.
    """
    if run.only in {None, step.name}:
        return False
    if isinstance(step, GuardedStep):
        run.listener.line(f"{step.name}, a step of {step.plugin.name}, is passed over: {run.only} runs alone")
        return True
    record = world.record
    was_healthy = isinstance(record, Record) and record.healthy
    needless = (step.name, run.only) in {("bump", "backfill"), ("github-release", "verify")}
    return step.name == "test" or needless or (step.name == "smoke" and was_healthy)


def _stopped(error: ReleaseError | KeyboardInterrupt) -> Failure:
    if isinstance(error, ReleaseError):
        return Failure("run", error.what, "The run was stopped.", error.advice)
    return Failure(
        "run", str(error) or INTERRUPTED, "The run was stopped.", "Run the same command again to finish."
    )


def _wanted(run: Run, granted: Granted) -> Record:
    """The record under which this release runs: its plan, and what served before it."""
    world, release = run.prospect.world, run.release
    subject = release.subject
    old = world.record if isinstance(world.record, Record) else None
    begun = old if old and old.is_open else None
    same = begun if begun and begun.subject == subject else None
    asked = "" if run.prospect.kind == "finish" and same is None else run.plan.request.level
    serving = {
        name: live.version_id
        for name, live in world.live.items()
        if isinstance(live, Live) and live.version_id
    }
    marked = {
        name: live.release[0] for name, live in world.live.items() if isinstance(live, Live) and live.release
    }
    holder, now = lock.holder(run.ops, run.only or ""), run.ops.clock.now()
    said = tuple(
        msgspec.structs.replace(one, who=one.who or holder.who, at=one.at or now)
        for one in (*run.prospect.remarks, *granted.remarks)
    )
    return Record(
        environment=release.environment,
        nonce="",
        holder=holder,
        subject=subject,
        plan=msgspec.Raw(msgspec.json.encode(run.plan)),
        plan_hash=run.plan.hash,
        approvals=(*(same.approvals if same else ()), *granted.approvals),
        remarks=_unrepeated(*(same.remarks if same else ()), *said),
        before=begun.before if begun else serving,
        served=begun.served if begun else marked,
        bookmark=begun.bookmark if begun else None,
        migrated=tuple(dict.fromkeys((*(begun.migrated if begun else ()), *run.plan.migrations))),
        window=_window(run, begun),
        healthy=same.healthy if same else False,
        outcome="recorded" if same and same.outcome == "recorded" else "running",
        burnt=tuple(sorted({*_burnt(old, subject), *rolled_back(world, run.ops.config)})),
        packed=same.packed if same else (),
        asked=(same.asked if same else "") or asked,
    )


def _window(run: Run, begun: Record | None) -> Window | None:
    """Whether what served before still works after the migrations; a release that is finished keeps what was found."""
    verdict = run.prospect.verdict
    found = verdict.window if verdict and run.prospect.kind != "finish" else None
    return found or (begun.window if begun else None)


def _unrepeated(*remarks: Remark) -> tuple[Remark, ...]:
    """Each remark once: a rerun says the same again."""
    return tuple({(one.kind, one.what, one.why): one for one in reversed(remarks)}.values())[::-1]


def _burnt(old: Record | None, subject: Subject) -> tuple[str, ...]:
    """The numbers that no other commit may have; one that was healthy and is superseded joins them."""
    if old is None:
        return ()
    left = old.unfinished
    if left is None or not old.healthy or left == subject or old.outcome == "recorded":
        return old.burnt
    return (*old.burnt, left.version)


def _one_step(run: Run, step: Step, world: World) -> tuple[World, StepResult, Failure | None]:
    started = run.ops.clock.elapsed()
    run.listener.started(step.name)
    _observe(run, "release_step_started", step=step.name)
    world = _seen_again(run, step, world)
    look: Look = _looked(step, world, run.release)
    acted = isinstance(look, Todo) and run.only in {None, step.name}
    writes: tuple[Write, ...] = ()
    trouble: ReleaseError | None = None
    if isinstance(look, Todo) and acted:
        world, writes, trouble = _act(run, step, look, world)
        look = _looked(step, world, run.release)
    if isinstance(look, Done):
        world = _note(run, world)
    detail = look.detail if isinstance(look, Done) else _reason(run, step, look, trouble)
    done_as: StepEnding = "ok" if acted else "skipped"
    ending: StepEnding = done_as if isinstance(look, Done) else "failed"
    result = StepResult(step.name, ending, run.ops.clock.elapsed() - started, detail, writes)
    run.listener.finished(result)
    _observe(run, "release_step_finished", step=step.name, outcome=result.outcome, seconds=result.seconds)
    return world, result, None if isinstance(look, Done) else failure_of(step, detail, look, trouble)


def _act(
    run: Run, step: Step, todo: Todo, world: World
) -> tuple[World, tuple[Write, ...], ReleaseError | None]:
    """Do the effects of a step, then look at the world. A failure is kept: the world decides what it means."""
    trouble: ReleaseError | None = None
    for effect in todo.effects:
        if effect.writes(step.name):
            world = _note(run, world, before_write=True)
            _prove_base(run, effect.writes(step.name), world)
        world, trouble = _performed(run, effect, world)
        if trouble is not None:
            break
    world = _seen_again(run, step, world)
    landed = tuple(write for effect in todo.effects for write in effect.landed(world, step.name))
    return world, landed, trouble


def _seen_again(run: Run, step: Step, world: World) -> World:
    return lock.still_held(run.ops, world, look_again(run.ops, world, step.reads, run.release))


def _performed(run: Run, effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
    """The world after an effect, and its failure; the lease of the record is kept alive while a long one runs."""
    pulse = lock.Pulse(run.ops, world)
    trouble: ReleaseError | None = None
    with contextlib.nullcontext() if effect.is_brief else pulse.beating():
        try:
            world = run.ops.perform(run.ops, effect, world, run.listener.line)
        except ReleaseError as error:
            trouble = error
        except KeyboardInterrupt as error:
            trouble = StoppedError(str(error) or INTERRUPTED, "Run the same command again to finish.")
    return (world if effect.is_brief else pulse.onto(world)), trouble


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
    fresh = world.tarball.integrity if world.tarball else ""
    if fresh and fresh not in record.packed:
        news["packed"] = (*record.packed, fresh)
    tired = record.lease_until - run.ops.clock.now() < run.ops.config.lease / 2
    if news or (tired and before_write):
        world = lock.renew(run.ops, world, **news)
    return lock.prove(run.ops, world) if before_write else world


def _prove_base(run: Run, writes: tuple[Write, ...], world: World) -> None:
    """Raise BlockedError where the branch lost the base since the plan was made, while nothing of it is in the environment."""
    tip, known = (
        one.remote.tip if isinstance(one.remote, Remote) else None for one in (world, run.prospect.world)
    )
    is_first = bool(OUTSIDE & {write.system for write in writes}) and not closing.has_changed(
        run.prospect, world
    )
    if run.prospect.kind == "finish" or not is_first or tip == known:
        return
    base, branch = run.release.base, run.ops.config.branch
    if tip is None or not holds(run.ops, tip, base):
        raise BlockedError(
            f"{branch} was rewritten meanwhile: it no longer contains {base[:7]}, which was to be released.",
            f"Look at what {branch} is now (git fetch, git log {run.ops.config.remote}/{branch}), then plan and release that.",
        )


def _looked(step: Step, world: World, release: Release) -> Look:
    try:
        return step.look(world, release)
    except ReleaseError as error:
        return Stuck(error.what, error.advice)


def _reason(run: Run, step: Step, look: Look, trouble: ReleaseError | None) -> str:
    if trouble is not None:
        return run.ops.mask(trouble.what)
    if isinstance(look, Stuck):
        return run.ops.mask(look.what)
    if run.only not in {None, step.name}:
        return f"{step.name} is not done yet: {look.detail}"
    return f"it said that it succeeded, but the world is not so: {look.detail}"


def _told(listener: Listener, extensions: Extensions, outcome: Outcome) -> Outcome:
    said = extensions.tell(
        "release_finished", release=outcome.release, outcome=outcome.outcome, ended=outcome
    )
    for line in said:
        listener.line(line)
    listener.ended(outcome)
    return outcome


def _observe(run: Run, hook: str, **what: Any) -> None:  # noqa: ANN401
    for raised in run.extensions.tell(hook, release=run.release, **what):
        run.listener.line(raised)
