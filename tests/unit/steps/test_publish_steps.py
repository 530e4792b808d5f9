"""The steps of a publish on generated worlds: what is done is seen to be done, and another's version is never taken for ours."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from release.model.packaging import ours
from release.model.record import Record
from release.model.registry import Package, Published, Tarball
from release.model.release import Release
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread
from release.model.world import World
from release.steps.pack import Pack
from release.steps.publish import Publish
from release.steps.read_back import ReadItBack

if TYPE_CHECKING:
    from release.model.step import Step

RELEASE = Release("api", "api", "b" * 40, "1.3.0", "api-v1.3.0", "1.4.0", "api-v1.4.0", "c" * 40)
OTHER = replace(RELEASE, commit="d" * 40)
NOTHING = Unread("not asked")
INTEGRITIES = st.sampled_from(["sha512-a", "sha512-b"])
STEPS: tuple[Step, ...] = (Pack("packages/api"), Publish(), ReadItBack())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A registry with or without the version, a record of this release or of another, something packed or nothing."""
    there = draw(st.none() | INTEGRITIES)
    versions = {"1.3.0": Published("1.3.0", "sha512-old", "")}
    if there:
        versions["1.4.0"] = Published("1.4.0", there, "")
    subject = draw(st.sampled_from([RELEASE.subject, OTHER.subject]))
    noted = tuple(draw(st.lists(INTEGRITIES, max_size=2, unique=True)))
    packed = draw(st.none() | st.builds(lambda one: Tarball("a.tgz", one), INTEGRITIES))
    return World(
        "api",
        NOTHING,
        NOTHING,
        Record(environment="api", nonce="", subject=subject, packed=noted),
        NOTHING,
        NOTHING,
        {},
        {},
        None,
        package=Package("@acme/api", "http://registry", versions, {"latest": "1.3.0"}),
        tarball=packed,
    )


@given(worlds())
def test_what_a_step_does_is_done_afterwards(world: World) -> None:
    for step in STEPS:
        look = step.look(world, RELEASE)
        if isinstance(look, Todo):
            for effect in look.effects:
                world = effect.expect(world)
            assert isinstance(step.look(world, RELEASE), Done), step.name


@given(worlds())
def test_a_version_is_published_only_where_there_is_none(world: World) -> None:
    look = Publish().look(world, RELEASE)
    assert isinstance(world.package, Package)
    assert isinstance(look, Todo) == ("1.4.0" not in world.package.versions)


@given(worlds())
def test_another_content_is_never_taken_for_ours(world: World) -> None:
    assert isinstance(world.package, Package)
    there = world.package.versions.get("1.4.0")
    mine = {world.tarball.integrity} if world.tarball else set()
    record = world.record
    if isinstance(record, Record) and record.subject == RELEASE.subject:
        mine |= set(record.packed)
    assert (ours(world, "1.4.0", RELEASE.commit) is not None) == (
        there is not None and there.integrity in mine
    )
    look = Publish().look(world, RELEASE)
    if there is not None and there.integrity not in mine:
        assert isinstance(look, Stuck)
