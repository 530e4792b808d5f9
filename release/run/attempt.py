"""One step tried: look, perform what is to be done, look again. The world says what came of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.frozen import Frozen
from release.model.step import Stuck, Todo
from release.observe.world import look_again

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.effects import Effect
    from release.model.release import Release, Write
    from release.model.step import Look, Step
    from release.model.world import World
    from release.systems.ops import Ops, Tell

    See = Callable[[World], World]
    Perform = Callable[[Effect, World], tuple[World, ReleaseError | None]]


class Attempt(Frozen, frozen=True):
    """What came of a step: its last look, the writes that the world shows, and what went wrong on the way."""

    world: World
    look: Look
    has_acted: bool = False
    writes: tuple[Write, ...] = ()
    trouble: ReleaseError | None = None


def attempt(step: Step, world: World, release: Release, see: See, perform: Perform | None) -> Attempt:
    """Look, perform, look again. `see` reads again what the step looks at; without `perform` it is only looked.

    A failure of an effect ends the acting and is kept: the world decides what it means.
    """
    world = see(world)
    look = looked(step, world, release)
    if perform is None or not isinstance(look, Todo):
        return Attempt(world, look)
    trouble: ReleaseError | None = None
    for effect in look.effects:
        world, trouble = perform(effect, world)
        if trouble is not None:
            break
    world = see(world)
    writes = tuple(write for effect in look.effects for write in effect.written(world, step.name))
    return Attempt(world, looked(step, world, release), has_acted=True, writes=writes, trouble=trouble)


def unlocked(ops: Ops, step: Step, world: World, release: Release, tell: Tell) -> Attempt:
    """The same without a run: nothing is noted in a record, and no lease is renewed."""
    return attempt(
        step,
        world,
        release,
        lambda seen: look_again(ops, seen, step.reads, release),
        partial(_performed, ops, tell),
    )


def looked(step: Step, world: World, release: Release) -> Look:
    """What a step says; where it cannot tell, it is stuck."""
    try:
        return step.look(world, release)
    except ReleaseError as error:
        return Stuck(error.what, error.advice)


def _performed(ops: Ops, tell: Tell, effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
    try:
        return ops.perform(ops, effect, world, tell), None
    except ReleaseError as error:
        return world, error
