"""Where plugins' steps go: beside what they name, and never in the place of the core's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import UsageError
from release.extensions.discovery import Plugin
from release.extensions.placement import Addition, placed
from release.model.step import Done

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look, Step
    from release.model.world import Part, World

CORE = ("test", "deploy", "smoke", "record")


@dataclass(frozen=True)
class Named:
    """A step that is only a name."""

    name: str
    reads: tuple[Part, ...] = ()
    changes: bool = False
    meaning: str = ""
    advice: str = ""

    def look(self, world: World, release: Release) -> Look:
        return Done()


def steps(*names: str) -> tuple[Step, ...]:
    return tuple(Named(name) for name in names)


def addition(name: str, place: str, plugin: str = "") -> Addition:
    """The step `name` at a place such as "after smoke"."""
    side, _, anchor = place.partition(" ")
    owner = Plugin(plugin or f"of-{name}", f"plugins/of-{name}.py", None)
    return Addition(owner, side, anchor, Named(name))  # type: ignore[arg-type]


def order(*additions: Addition, of: tuple[str, ...] = CORE, whole: tuple[str, ...] = ()) -> list[str]:
    known = ("test", "bump", *CORE)
    return [step.name for step in placed(steps(*of), additions, known, steps(*whole))]


def refused(*additions: Addition) -> str:
    with pytest.raises(UsageError) as raised:
        order(*additions)
    assert "release_steps(config, environ, environment)" in raised.value.advice
    return raised.value.what


def test_a_step_goes_before_or_after_the_one_that_it_names() -> None:
    found = order(addition("purge", "after smoke"), addition("warn", "before deploy"))
    assert found == ["test", "warn", "deploy", "smoke", "purge", "record"]


def test_several_at_one_place_keep_the_order_of_the_plugins() -> None:
    found = order(*(addition(name, f"{side} smoke") for side in ("before", "after") for name in side[:2]))
    assert found == ["test", "deploy", "b", "e", "smoke", "a", "f", "record"]


def test_a_step_may_stand_beside_another_plugins_step() -> None:
    found = order(
        addition("tell", "after purge"), addition("purge", "after smoke"), addition("log", "before purge")
    )
    assert found == ["test", "deploy", "smoke", "log", "purge", "tell", "record"]


def test_a_step_of_another_sequence_is_left_out_and_so_is_what_hangs_on_it() -> None:
    assert order(addition("a", "after bump"), addition("b", "before a")) == list(CORE)


def test_what_remains_of_a_release_keeps_the_steps_behind_the_last_one_that_is_done() -> None:
    additions = (
        addition("early", "before deploy"),
        addition("warm", "after deploy"),
        addition("purge", "after smoke"),
    )
    assert order(*additions, of=("smoke", "record"), whole=CORE) == ["warm", "smoke", "purge", "record"]
    assert order(*additions, of=("record",), whole=CORE) == ["purge", "record"]


def test_a_core_step_cannot_be_replaced() -> None:
    said = refused(addition("smoke", "after deploy", "sly"))
    assert said.startswith("The plugin sly (plugins/of-smoke.py) adds a step smoke, which is a core step")


def test_a_core_step_of_another_sequence_cannot_be_replaced_either() -> None:
    assert "adds a step bump, which is a core step" in refused(addition("bump", "after deploy"))


def test_two_steps_of_one_name_are_refused() -> None:
    said = refused(addition("purge", "after smoke", "one"), addition("purge", "after record", "two"))
    assert said.startswith(
        "The plugin two (plugins/of-purge.py) adds a step purge, which exists already: one "
    )


@pytest.mark.parametrize(
    ("place", "hint"), [("after smok", 'did you mean "smoke"?'), ("after the party", "which is no step.")]
)
def test_an_unknown_anchor_is_refused_with_the_nearest_name(place: str, hint: str) -> None:
    said = refused(addition("purge", place, "p"), addition("tell", "after purge"))
    assert said.startswith(f"The plugin p (plugins/of-purge.py) puts its step purge {place}")
    assert said.endswith(hint)


def test_two_plugins_in_a_cycle_are_both_named() -> None:
    said = refused(addition("a", "after b", "one"), addition("b", "before a", "two"))
    assert said == "Steps of plugins wait for each other: one puts a after b; two puts b before a."


def test_a_step_beside_itself_is_a_cycle_too() -> None:
    assert "one puts a after a" in refused(addition("a", "after a", "one"))


NAMES = st.sampled_from("abcdef")


@given(
    st.dictionaries(
        NAMES, st.tuples(st.sampled_from(["before", "after"]), st.sampled_from([*CORE, *"abcdef"]))
    )
)
def test_the_core_keeps_its_order_and_every_addition_its_side(places: dict[str, tuple[str, str]]) -> None:
    additions = [addition(name, f"{side} {anchor}") for name, (side, anchor) in places.items()]
    try:
        found = order(*additions)
    except UsageError:
        return
    assert [name for name in found if name in CORE] == list(CORE)
    assert sorted(found) == sorted([*CORE, *places])
    for name, (side, anchor) in places.items():
        assert (found.index(name) < found.index(anchor)) == (side == "before")
