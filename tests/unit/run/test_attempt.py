"""A step is looked at, carried out and looked at again; what the world shows is what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from release.errors import CannotReadError, EffectError
from release.model.release import Write
from release.model.step import Done, Stuck, Todo
from release.run.attempt import attempt
from tests.golden import scenes

if TYPE_CHECKING:
    from release.errors import ReleaseError
    from release.model.effects import Effect
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World

WRITE = Write("label", "git", "origin", "write a label")


@dataclass(frozen=True)
class Label:
    """An effect whose name the world shows among what is done."""

    is_brief: ClassVar[bool] = True

    name: str

    def writes(self, step: str) -> tuple[Write, ...]:
        del step
        return (WRITE,)

    def expect(self, world: World) -> World:
        return world.with_done(self.name)

    def written(self, world: World, step: str) -> tuple[Write, ...]:
        return self.writes(step) if self.name in world.done else ()


@dataclass(frozen=True)
class Labels:
    """A step that wants these labels."""

    names: tuple[str, ...]
    name: str = "label"
    reads: tuple[Part, ...] = ()
    changes: bool = True
    meaning: str = "A label is missing."
    advice: str = "Add it."

    def look(self, world: World, release: Release) -> Look:
        del release
        missing = [name for name in self.names if name not in world.done]
        if "unreadable" in missing:
            raise CannotReadError("The labels cannot be read.", "Run it again.")
        return Todo(tuple(Label(name) for name in missing)) if missing else Done("all are there")


def done(effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
    return effect.expect(world), None


def same(world: World) -> World:
    return world


def test_a_step_that_is_done_already_acts_no_more() -> None:
    made = attempt(Labels(()), scenes.world(), scenes.RELEASE, same, done)
    assert isinstance(made.look, Done)
    assert (made.has_acted, made.writes, made.trouble) == (False, (), None)


def test_what_is_missing_is_done_and_the_world_says_what_was_written() -> None:
    made = attempt(Labels(("a", "b")), scenes.world(), scenes.RELEASE, same, done)
    assert isinstance(made.look, Done)
    assert made.has_acted
    assert made.writes == (WRITE, WRITE)


def test_without_leave_to_perform_it_is_only_looked() -> None:
    made = attempt(Labels(("a",)), scenes.world(), scenes.RELEASE, same, None)
    assert isinstance(made.look, Todo)
    assert not made.has_acted


def test_an_effect_that_fails_ends_the_acting_and_what_landed_before_it_is_told() -> None:
    def perform(effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
        return (world, EffectError("refused")) if effect == Label("b") else done(effect, world)

    made = attempt(Labels(("a", "b", "c")), scenes.world(), scenes.RELEASE, same, perform)
    assert str(made.trouble) == "refused"
    assert isinstance(made.look, Todo)
    assert (made.writes, len(made.look.effects)) == ((WRITE,), 2)


def test_an_effect_that_failed_and_landed_all_the_same_is_done() -> None:
    def perform(effect: Effect, world: World) -> tuple[World, ReleaseError | None]:
        return effect.expect(world), EffectError("exit code 1")

    made = attempt(Labels(("a",)), scenes.world(), scenes.RELEASE, same, perform)
    assert isinstance(made.look, Done)
    assert made.writes == (WRITE,)


def test_an_effect_that_succeeded_and_did_not_land_leaves_the_step_undone() -> None:
    made = attempt(Labels(("a",)), scenes.world(), scenes.RELEASE, same, lambda _, world: (world, None))
    assert isinstance(made.look, Todo)
    assert (made.has_acted, made.writes) == (True, ())


def test_a_step_that_cannot_tell_is_stuck_with_the_reason() -> None:
    made = attempt(Labels(("unreadable",)), scenes.world(), scenes.RELEASE, same, done)
    assert made.look == Stuck("The labels cannot be read.", "Run it again.")
