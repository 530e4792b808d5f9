"""One step of a run under its lock: what is noted before a write, and how the step ended."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from release.errors import BlockedError, ReleaseError, StoppedError
from release.frozen import Frozen
from release.model.outcome import StepResult
from release.model.record import Record
from release.model.repository import Remote
from release.model.step import Done, Stuck
from release.observe.history import holds
from release.observe.world import look_again
from release.run import end as ending
from release.run import lock
from release.run.attempt import attempt
from release.run.effects import building
from release.run.explain import failure_of

if TYPE_CHECKING:
    from release.extensions import Extensions
    from release.model.effects import Effect
    from release.model.outcome import Failure, Listener, StepEnding
    from release.model.release import Release, Write
    from release.model.step import Step
    from release.model.world import World
    from release.plan.plan import Plan
    from release.plan.preview import Preview
    from release.run.attempt import Attempt
    from release.systems.ops import Ops

INTERRUPTED = "Interrupted (Ctrl-C)."
OUTSIDE = frozenset({"cloudflare", "d1", "npm"})  # what users see


class Run(Frozen, frozen=True):
    """What every part of a run needs."""

    ops: Ops
    extensions: Extensions
    listener: Listener
    preview: Preview
    release: Release
    plan: Plan

    @property
    def only(self) -> str | None:
        """The one step to carry out, None for all."""
        return self.preview.only

    def tell(self, hook: str, **what: Any) -> None:  # noqa: ANN401
        """Tell the observers of plugins; what they raise is a line, and changes nothing."""
        for raised in self.extensions.tell(hook, release=self.release, **what):
            self.listener.line(raised)


def one_step(run: Run, step: Step, world: World) -> tuple[World, StepResult, Failure | None]:
    """Carry out one step, or only look at it where another one runs alone; the failure where it is not done then."""
    started = run.ops.clock.elapsed()
    run.listener.started(step.name)
    run.tell("release_step_started", step=step.name)

    def see(world: World) -> World:
        return lock.still_held(run.ops, world, look_again(run.ops, world, step.reads, run.release))

    def perform(effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
        return _performed(run, effect, effect.writes(step.name), world)

    made = attempt(step, world, run.release, see, perform if run.only in {None, step.name} else None)
    is_done = isinstance(made.look, Done)
    world = _note(run, made.world) if is_done else made.world
    detail = made.look.detail if isinstance(made.look, Done) else _reason(run, step, made)
    done_as: StepEnding = "ok" if made.has_acted else "skipped"
    seconds = run.ops.clock.elapsed() - started
    result = StepResult(step.name, done_as if is_done else "failed", seconds, detail, made.writes)
    run.listener.finished(result)
    run.tell("release_step_finished", step=step.name, outcome=result.outcome, seconds=seconds)
    return world, result, None if is_done else failure_of(step, detail, made.look, made.trouble)


def _performed(
    run: Run, effect: Effect, writes: tuple[Write, ...], world: World
) -> tuple[World, ReleaseError | None]:
    """The world after an effect, and its failure; before it writes, the record is proved and the base is looked for.

    The lease of the record is kept alive while a long one runs.
    """
    if writes:
        world = _note(run, world, before_write=True)
        if run.preview.kind != "finish" and _is_first(run, writes, world):
            _prove_base(run, world)
            building.prove(run.ops, world, run.release)
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
    news |= _bookmarks(world, record, run.ops.clock.now())
    if world.smoke is not None and world.smoke.healthy and not record.healthy:
        news["healthy"] = True
    fresh = world.tarball.integrity if world.tarball else ""
    if fresh and fresh not in record.packed:
        news["packed"] = (*record.packed, fresh)
    tired = record.lease_until - run.ops.clock.now() < run.ops.config.lease / 2
    if news or (tired and before_write):
        world = lock.renew(run.ops, world, **news)
    return lock.prove(run.ops, world) if before_write else world


def _bookmarks(world: World, record: Record, now: float) -> dict[str, Any]:
    """The bookmarks that the record does not have: the only database's, or each one's by its name in D1."""
    if len(world.databases) > 1:
        all_of_them = {**record.bookmarks, **world.bookmarks}
        news: dict[str, Any] = {"bookmarks": all_of_them} if all_of_them != record.bookmarks else {}
    else:
        fresh = next(iter(world.bookmarks.values()), record.bookmark)
        news = {"bookmark": fresh} if fresh != record.bookmark else {}
    if news:
        news["rows"] = {**record.rows, **{name: dict(counts) for name, counts in world.rows.items()}}
        news["bookmarked_at"] = now
    return news


def _is_first(run: Run, writes: tuple[Write, ...], world: World) -> bool:
    """Whether these writes are the first that users see."""
    is_outside = bool(OUTSIDE & {write.system for write in writes})
    return is_outside and not ending.has_changed(run.preview, world)


def _prove_base(run: Run, world: World) -> None:
    """Raise BlockedError where the branch lost the base since the plan was made."""
    tip, known = (
        one.remote.tip if isinstance(one.remote, Remote) else None for one in (world, run.preview.world)
    )
    base, branch = run.release.base, run.ops.config.branch
    if tip == known:
        return
    if tip is None or not holds(run.ops, tip, base):
        raise BlockedError(
            f"{branch} was rewritten meanwhile: it no longer contains {base[:7]}, which was to be released.",
            f"Look at what {branch} is now (git fetch, git log {run.ops.config.remote}/{branch}), then plan and release that.",
        )


def _reason(run: Run, step: Step, made: Attempt) -> str:
    if made.trouble is not None:
        return run.ops.mask(made.trouble.what)
    if isinstance(made.look, Stuck):
        return run.ops.mask(made.look.what)
    if run.only not in {None, step.name}:
        return f"{step.name} is not done yet: {made.look.detail}"
    return f"it said that it succeeded, but the world is not so: {made.look.detail}"
