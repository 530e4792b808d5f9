"""Run: the gate, the lock, and the sequence step by step. It believes the world, never an exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from release.decide.decide import Nothing
from release.errors import BlockedError, ReleaseError
from release.extensions.isolation import IsolatedStep
from release.frozen import Frozen
from release.model.outcome import Failure
from release.model.record import Granted, Record
from release.plan.preview import Preview
from release.run import end as ending
from release.run import lock
from release.run.begin import first_record
from release.run.step import INTERRUPTED, Run, one_step
from release.run.unrun import without_run

if TYPE_CHECKING:
    from release.extensions import Extensions
    from release.model.outcome import Listener, Outcome, StepResult
    from release.model.step import Step
    from release.model.world import World
    from release.systems.ops import Ops

Gate = Callable[["Ops", Preview], Granted]


class AtOnce(Frozen, frozen=True):
    """A gate that asks at once: no observer is told that a plan waits."""

    gate: Gate

    def __call__(self, ops: Ops, preview: Preview) -> Granted:
        """The gate's answer."""
        return self.gate(ops, preview)


def carry_out(ops: Ops, extensions: Extensions, preview: Preview, gate: Gate, listener: Listener) -> Outcome:
    """Approve and run a plan to its end, or the one step of it that was asked for; the answer says how it ended."""
    is_empty = isinstance(preview.decision, Nothing) or preview.release is None or preview.plan is None
    if is_empty or preview.problems or preview.release is None or preview.plan is None:
        ending.caught_up(ops, preview)
        return _told(listener, extensions, without_run(preview, ops.config))
    run = Run(ops, extensions, listener, preview, preview.release, preview.plan)
    try:
        return _told(listener, extensions, _locked(run, _granted(run, gate)))
    except BlockedError as error:
        failure = Failure("start", error.what, "Nothing was changed.", error.advice)
        return _told(listener, extensions, ending.outcome(ops, preview, "blocked", (), failure))


def _granted(run: Run, gate: Gate) -> Granted:
    """The approval of a plugin, or else of the gate; of both where a person has to vouch, which no plugin was asked."""
    by_plugin = run.extensions.approval(run.release, run.plan.hash)
    if by_plugin and not run.preview.questions and not run.preview.differs:
        return Granted(approvals=(by_plugin,))
    if not isinstance(gate, AtOnce):
        run.tell("release_approval_awaited", plan_hash=run.plan.hash)
    granted = gate(run.ops, run.preview)
    said = (by_plugin,) if by_plugin else ()
    return msgspec.structs.replace(granted, approvals=(*said, *granted.approvals))


def _locked(run: Run, granted: Granted) -> Outcome:
    world = lock.acquire(run.ops, run.preview.world, first_record(run, granted), run.listener.line)
    results: list[StepResult] = []
    try:
        run.tell("release_started", plan_hash=run.plan.hash)
        for one in run.preview.forecasts:
            if _is_passed_over(run, one.step, world):
                continue
            world, result, failure = one_step(run, one.step, world)
            results.append(result)
            if failure is not None:
                return ending.failed(run.ops, run.preview, world, results, failure)
            if one.step.name == run.only:
                break
        return ending.succeeded(run.ops, run.preview, world, results, only=run.only)
    except (ReleaseError, KeyboardInterrupt) as error:
        return _ended(run, world, results, _stopped(error))
    except BaseException:
        ending.abandon(run.ops, run.preview, world)
        raise


def _ended(run: Run, world: World, results: list[StepResult], failure: Failure) -> Outcome:
    """The outcome of a run that failed; where it was stopped, and the world does not answer in time, that is said."""
    try:
        return ending.failed(run.ops, run.preview, world, results, failure)
    except KeyboardInterrupt:
        unknown = replace(
            failure,
            meaning="What is live now could not be read in time.",
            advice="Run the same command again to finish.",
        )
        return ending.outcome(run.ops, run.preview, "unrecorded", results, unknown)


def _is_passed_over(run: Run, step: Step, world: World) -> bool:
    """Alone, a step asks that those before it are done; smoke leaves that in the record, tests and builds leave nothing.

    The ledger needs no bump: `inv step.backfill` is what a release advises that is blocked before it can bump. `verify`
    looks for the GitHub Release itself, and needs nobody to have told GitHub of a deployment in the same run. What a
    plugin has done is known in its own run only.
    """
    if run.only in {None, step.name}:
        return False
    if isinstance(step, IsolatedStep):
        run.listener.line(f"{step.name}, a step of {step.plugin.name}, is passed over: {run.only} runs alone")
        return True
    record = world.record
    was_healthy = isinstance(record, Record) and record.healthy
    needless = (step.name, run.only) in {("bump", "backfill"), ("github-release", "verify")}
    return step.name in {"test", "build"} or needless or (step.name == "smoke" and was_healthy)


def _stopped(error: ReleaseError | KeyboardInterrupt) -> Failure:
    if isinstance(error, ReleaseError):
        return Failure("run", error.what, "The run was stopped.", error.advice)
    return Failure(
        "run", str(error) or INTERRUPTED, "The run was stopped.", "Run the same command again to finish."
    )


def _told(listener: Listener, extensions: Extensions, outcome: Outcome) -> Outcome:
    said = extensions.tell(
        "release_finished", release=outcome.release, outcome=outcome.outcome, ended=outcome
    )
    for line in said:
        listener.line(line)
    listener.ended(outcome)
    return outcome
