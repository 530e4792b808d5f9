"""`inv verify`: whether everything that shows the version agrees on the last release, or on what a rollback left live."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.commands.status.course import rolled_back
from release.commands.verify.last_release import last_released
from release.config import load
from release.model.deployment import Health, WorkerDeployment
from release.model.health import NO_ROUTE
from release.model.outcome import Failure, Outcome, StepResult
from release.model.rolled_back import facts
from release.model.step import Done, Stuck
from release.model.unread import Unread
from release.observe.world import observe
from release.run.attempt import unlocked
from release.run.effects.perform import perform
from release.steps.verify import Verify
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.model.outcome import Ending, Listener
    from release.model.release import Release
    from release.model.rolled_back import RolledBack
    from release.model.world import Part, World
    from release.systems.ops import Connect, Ops


def verify(
    root: Path,
    environ: Mapping[str, str],
    environment: str,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Look once, write nothing: exit 0 when all agree, else 1 with what does not.

    After a rollback: exit 0 when what is live is whole and healthy (the outcome is then rolled-back, not verified).
    """
    config = load(root)
    ops = connect(config, environment, environ, perform=perform)
    try:
        world = observe(ops)
        back = rolled_back(config, world)
        if back is not None:
            return _of_rollback(ops, world, back, listener)
        return _of_release(ops, world, last_released(world, config), listener)
    finally:
        ops.close()


def _of_release(ops: Ops, world: World, release: Release, listener: Listener) -> Outcome:
    """Whether everything agrees on the last release."""
    started = ops.clock.elapsed()
    parts: tuple[Part, ...] = ("published",) if ops.name == ops.config.production else ()
    step = Verify.of(ops.environment, *parts)
    listener.started(step.name)
    made = unlocked(ops, step, world, release, listener.line)
    if made.trouble is not None:
        raise made.trouble
    look = made.look
    is_done = isinstance(look, Done)
    detail = look.what if isinstance(look, Stuck) else look.detail
    result = StepResult(step.name, "ok" if is_done else "failed", ops.clock.elapsed() - started, detail)
    count = len(step.faults(made.world, release))
    meaning = (
        f"{count} checks do not match the last release."
        if count != 1
        else "One check does not match the last release."
    )
    failure = None if is_done else Failure(step.name, detail, meaning, step.advice)
    outcome = Outcome("verified" if is_done else "failed", "nothing", ops.name, release, failure=failure)
    return _ended(ops, outcome, result, listener)


def _of_rollback(ops: Ops, world: World, back: RolledBack, listener: Listener) -> Outcome:
    """Whether what is live after a rollback is whole and healthy; the release that was rolled back need not be."""
    started = ops.clock.elapsed()
    listener.started("verify")
    badge = ops.environment.badge
    if badge is not None:
        world = replace(world, badge=ops.web.badge(badge, ops.url))
    faults = _faults(ops, world, back)
    named = f"{back.name} is rolled back; {back.to or 'what served before'} is live"
    is_well = "served by every worker" if world.health == NO_ROUTE else "healthy"
    result = StepResult(
        "verify",
        "failed" if faults else "ok",
        ops.clock.elapsed() - started,
        "; ".join(faults) or f"{named} and {is_well}",
    )
    failure = None
    if faults:
        state, advice = tuple(facts(back)), "Fix what is named above, then run inv verify."
        advice = f"To finish it: {back.finishing}" if back.remaining else advice
        failure = Failure("verify", result.detail, _meaning(world, back), advice, state)
    ending: Ending = "failed" if faults else "rolled-back"
    why = "" if faults else f"{named} and {is_well} in {ops.name}"
    outcome = Outcome(ending, "nothing", ops.name, why=why, failure=failure, rolled_back=back)
    return _ended(ops, outcome, result, listener)


def _meaning(world: World, back: RolledBack) -> str:
    health = world.health
    if back.remaining:
        return f"The rollback of {back.name} is not complete."
    if isinstance(health, Health) and health.asked and not health.answered:
        return f"{back.name} was rolled back; whether what is live is healthy is unknown: it did not answer."
    if isinstance(health, Health) and health.problem:
        return f"{back.name} was rolled back, and what is live is not healthy."
    return f"{back.name} was rolled back, and what is live does not match."


def _faults(ops: Ops, world: World, back: RolledBack) -> tuple[str, ...]:
    """What speaks against the environment being whole and healthy on what is live."""
    marks = {live.release if isinstance(live, WorkerDeployment) else None for live in back.live.values()}
    mark = marks.pop() if len(marks) == 1 else None
    version = ops.config.app.pattern.version(mark[0]) if mark else None
    found = [f"{name} still serves {back.name}" for name in back.remaining]
    found += [f"{name}: {live.because}" for name, live in back.live.items() if isinstance(live, Unread)]
    health = world.health
    if not isinstance(health, Health):
        found.append(health.because if health else "nothing answers")
    elif health.problem or (version and health.version not in {version, None}):
        found.append(health.problem or f"health says {health.version}, not {version}")
    badge = world.badge
    if isinstance(badge, Unread):
        found.append(badge.because)
    elif version and badge is not None and badge != version:
        found.append(f"the dashboard's badge says {badge}, not {version}")
    return tuple(found)


def _ended(ops: Ops, outcome: Outcome, result: StepResult, listener: Listener) -> Outcome:
    listener.finished(result)
    outcome = replace(outcome, steps=(result,), urls=(ops.url,))
    listener.ended(outcome)
    return outcome
