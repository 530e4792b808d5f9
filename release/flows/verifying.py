"""`inv verify`: whether everything that shows the version agrees on the last release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.config import load
from release.flows.releases import last_released
from release.ops import connect
from release.outcome import EXIT_CODES, Failure, Outcome, StepResult
from release.step import Done, Stuck, Todo
from release.steps.verify import Verify
from release.world import look_again, observe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.model import Part
    from release.ops import Connect
    from release.outcome import Listener


def verify(
    root: Path,
    environ: Mapping[str, str],
    environment: str,
    listener: Listener,
    *,
    connect: Connect = connect,
) -> Outcome:
    """Look once, write nothing: exit 0 when all agree, else 1 with what does not."""
    config = load(root)
    ops = connect(config, environment, environ)
    try:
        started = ops.clock.elapsed()
        world = observe(ops)
        release = last_released(world, config)
        parts: tuple[Part, ...] = ("published",) if environment == config.production else ()
        step = Verify(
            has_badge=config.environment(environment).badge is not None,
            reads=("health", "remote", "releases", *parts),
        )
        listener.started(step.name)
        world = look_again(ops, world, step.reads, release)
        look = step.look(world, release)
        if isinstance(look, Todo):
            for effect in look.effects:
                world = ops.perform(ops, effect, world, listener.line)
            look = step.look(world, release)
        is_done = isinstance(look, Done)
        detail = look.what if isinstance(look, Stuck) else look.detail
        result = StepResult(step.name, "ok" if is_done else "failed", ops.clock.elapsed() - started, detail)
        listener.finished(result)
        failure = (
            None
            if is_done
            else Failure(step.name, detail, "One place disagrees with the last release.", step.advice)
        )
        outcome = Outcome(
            "verified" if is_done else "failed",
            "nothing",
            environment,
            release,
            steps=(result,),
            failure=failure,
            urls=(ops.url,),
            exit_code=EXIT_CODES["verified" if is_done else "failed"],
        )
        listener.ended(outcome)
        return outcome
    finally:
        ops.close()
