"""What all steps promise: an effect that happened leaves nothing to do, and says what of it can be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release.errors import CannotReadError
from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database, Health, Smoke, WorkerDeployment
from release.model.effects import Call, CreateRelease, DeployWorker, PushRelease, WatchHealth
from release.model.migrating import ApplyMigrations, InsertLedger
from release.model.record import Record
from release.model.release import Write
from release.model.repository import Folder, History, Migration, Remote
from release.model.step import Done, Stuck, Todo
from release.plan.plan import forecast, make_plan, stuck
from release.sequences import Kind, Setting, sequence
from release.steps.backfill import Backfill
from release.steps.record import RecordRelease
from release.steps.verify import Verify
from tests.unit.worlds import (
    BASES,
    CONFIGURED,
    NOTHING,
    PARTS,
    SCHEMAS,
    SOUND,
    SQL,
    STRANGER,
    SUBJECTS,
    release_of,
    subject_of,
    without,
    worlds,
)

if TYPE_CHECKING:
    from release.model.record import Subject
    from release.model.step import Look, Step
    from release.model.world import World

SEQUENCE = sequence(Setting(Kind.RELEASE, CONFIGURED, "production"))
RELEASE = release_of(subject_of(BASES[0], "1.2.4"))
NAMES = [step.name for step in SEQUENCE]


def looked(step: Step, world: World) -> Look:
    """A look that counts what cannot be replayed as stuck, as a run does."""
    try:
        return step.look(world, RELEASE)
    except CannotReadError as error:
        return Stuck(error.what, error.advice)


def test_the_order_of_a_release() -> None:
    assert NAMES == [
        "test",
        "bump",
        "backfill",
        "migrate",
        "deploy mcp",
        "deploy cms",
        "smoke",
        "contract",
        "record",
        "github-release",
        "verify",
    ]


@pytest.mark.parametrize("step", SEQUENCE, ids=NAMES)
@settings(max_examples=25)
@given(world=worlds())
def test_after_its_expected_effects_a_step_is_done(step: Step, world: World) -> None:
    look = looked(step, world)
    if not isinstance(look, Todo):
        return
    for effect in look.effects:
        world = effect.expect(world)
    after = looked(step, world)
    # verify looks at more than what it does: the rest of the release
    assert isinstance(after, Done) or (step.name == "verify" and isinstance(after, Stuck))


@pytest.mark.parametrize("step", SEQUENCE, ids=NAMES)
@settings(max_examples=25)
@given(world=worlds())
def test_what_was_expected_counts_as_landed(step: Step, world: World) -> None:
    look = looked(step, world)
    if not isinstance(look, Todo):
        return
    after = world
    for effect in look.effects:
        after = effect.expect(after)
    for effect in look.effects:
        assert effect.written(after, step.name) == effect.writes(step.name)


@pytest.mark.parametrize("step", SEQUENCE, ids=NAMES)
@settings(max_examples=25)
@given(world=worlds(), part=st.sampled_from([*PARTS, "releases", "health"]))
def test_a_step_never_breaks_on_what_could_not_be_read(step: Step, world: World, part: str) -> None:
    look = looked(step, without(world, part))
    if isinstance(look, Stuck):
        assert look.what
    if isinstance(look, Todo):
        for effect in look.effects:
            expected = effect.expect(without(world, part))
            assert set(effect.written(expected, step.name)) <= set(effect.writes(step.name))


@pytest.mark.parametrize("step", SEQUENCE, ids=NAMES)
def test_each_step_says_what_its_failure_means_and_what_to_do(step: Step) -> None:
    assert step.meaning.endswith(".")
    assert step.advice.endswith(".")


@given(worlds(), SUBJECTS)
def test_a_plan_whose_steps_are_not_stuck_ends_with_everything_done(world: World, subject: Subject) -> None:
    release = release_of(subject)
    try:
        seen = forecast(SEQUENCE, world, release)
    except CannotReadError:
        return
    if stuck(seen):
        return
    for one in seen:
        if isinstance(one.look, Todo):
            for effect in one.look.effects:
                world = effect.expect(world)
    rest = [one.look for one in forecast(SEQUENCE, world, release) if one.step.name != "backfill"]
    assert all(isinstance(look, Done) for look in rest)


@given(worlds())
def test_a_plan_is_the_same_for_the_same_world(world: World) -> None:
    try:
        one, two = (make_plan(forecast(SEQUENCE, world, RELEASE), world, RELEASE) for _ in range(2))
    except CannotReadError:
        return
    assert one.hash == two.hash


def read(world: World, **changes: object) -> World:
    """The world with some parts exchanged."""
    return replace(world, **changes)  # type: ignore[arg-type]  # the parts of a world


def database(ledger: tuple[str, ...] | None, schema: int) -> Database:
    """A database with this ledger, and the schema after so many migrations."""
    return Database("double-production", "uuid", ledger, SCHEMAS[schema])


@given(worlds())
def test_backfill_writes_only_where_one_prefix_fits(world: World) -> None:
    step = Backfill("npm run backfill")
    # the second migration changes data only: one and two files leave the same schema
    both = step.look(read(world, base=BASES[0], databases={"cms": database(None, 1)}), RELEASE)
    assert isinstance(both, Stuck)
    assert "0002_data.sql" in both.what
    assert both.advice.endswith("inv step.backfill --through 0002_data.sql")
    three = step.look(read(world, base=BASES[0], databases={"cms": database((), 2)}), RELEASE)
    assert isinstance(three, Todo)
    assert [effect.names for effect in three.effects if isinstance(effect, InsertLedger)] == [tuple(SQL)]


def test_backfill_shows_what_differs_where_nothing_fits() -> None:
    world = read(SOUND, databases={"cms": database(None, 3)})
    look = Backfill("npm run backfill").look(world, RELEASE)
    assert isinstance(look, Stuck)
    assert "it has table other" in look.what
    assert "npm run backfill" in look.advice


@pytest.mark.parametrize(("through", "names"), [("0001_pages.sql", 1), ("0003_slug.sql", 3)])
def test_backfill_through_a_file_is_a_persons_decision(through: str, names: int) -> None:
    look = Backfill("x", through).look(read(SOUND, databases={"cms": database(None, 1)}), RELEASE)
    assert isinstance(look, Todo)
    (effect,) = look.effects
    assert isinstance(effect, InsertLedger)
    assert effect.names == tuple(SQL)[:names]


def test_backfill_through_a_file_that_is_not_there_is_stuck() -> None:
    look = Backfill("x", "9999.sql").look(read(SOUND, databases={"cms": database(None, 1)}), RELEASE)
    assert isinstance(look, Stuck)
    assert "There is no migration 9999.sql" in look.what


def test_only_what_is_in_the_ledger_has_landed() -> None:
    effect = ApplyMigrations(database((), 0), BASES[0].folders["cms"].migrations, Rules("migrations"))
    world = read(SOUND, databases={"cms": database(tuple(SQL)[:1], 1)})
    assert effect.written(world, "migrate") == effect.writes("migrate")[:1]


def test_a_deployment_of_another_commit_has_not_landed() -> None:
    effect = DeployWorker("cms", "script", RELEASE)
    live = WorkerDeployment("script", (("v", 100.0),), f"{RELEASE.tag}+{STRANGER}", None)
    assert effect.written(read(SOUND, live={"cms": live}), "deploy cms") == ()


def test_a_tag_whose_branch_was_refused_has_half_landed() -> None:
    effect = PushRelease(RELEASE, "main", Record(environment="production", nonce=""), "")
    tagged = Remote("a" * 40, {RELEASE.tag: RELEASE.commit}, None)
    world = read(SOUND, remote=tagged, history=History(contained=True, unreleased=()))
    assert effect.written(world, "record") == effect.writes("record")[:1]


def test_a_release_that_github_does_not_show_has_not_landed() -> None:
    assert CreateRelease(RELEASE).written(SOUND, "github-release") == ()


def test_a_plugins_effect_lands_once_it_is_done() -> None:
    effect = Call("chat", lambda _: None, RELEASE, (Write("", "chat", "#releases", "post"),))
    assert effect.writes("chat") == (Write("chat", "chat", "#releases", "post"),)
    assert effect.written(SOUND, "chat") == ()
    assert effect.written(effect.expect(SOUND), "chat") == effect.writes("chat")


def test_a_watch_expects_the_ids_that_serve() -> None:
    live = WorkerDeployment("script", (("v7", 100.0),), RELEASE.annotation, None)
    after = WatchHealth(RELEASE, left_version=False).expect(read(SOUND, live={"cms": live, "mcp": None}))
    assert after.smoke == Smoke(healthy=True, detail="", version_ids={"cms": "v7"})


def test_a_tag_that_names_another_commit_is_never_moved() -> None:
    world = read(SOUND, remote=Remote("a" * 40, {RELEASE.tag: STRANGER}, None))
    look = RecordRelease("main").look(world, RELEASE)
    assert isinstance(look, Stuck)
    assert f"{RELEASE.tag} names {STRANGER[:7]} on the remote" in look.what


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"health": Health("1.2.3", None, None)}, "health says 1.2.3"),
        ({"health": NOTHING}, "Nobody answers."),
        ({"badge": "1.2.3"}, "the dashboard's badge says 1.2.3"),
        ({"badge": NOTHING}, "Nobody answers."),
        ({"remote": Remote("a" * 40, {}, None)}, "cms-v1.2.4 is not on the remote"),
        ({"remote": NOTHING}, "the remote could not be read"),
        ({"history": History(contained=True, unreleased=())}, "the branch does not hold the release"),
        ({"releases": frozenset()}, "GitHub has no Release cms-v1.2.4"),
        ({"releases": NOTHING}, "Nobody answers."),
    ],
)
def test_verify_says_which_place_disagrees(changes: dict[str, object], words: str) -> None:
    good = read(
        SOUND,
        health=Health("1.2.4", None, None),
        badge="1.2.4",
        releases=frozenset({RELEASE.tag}),
        remote=Remote("a" * 40, {RELEASE.tag: RELEASE.commit}, None),
        history=History(contained=True, unreleased=(), is_on_branch=True),
    )
    assert isinstance(Verify(has_badge=True).look(good, RELEASE), Done)
    look = Verify(has_badge=True).look(read(good, **changes), RELEASE)
    assert isinstance(look, Stuck)
    assert words in look.what


def test_a_database_whose_ledger_names_unknown_files_is_migrated_all_the_same() -> None:
    """A ledger that another branch wrote cannot be replayed; D1 itself refuses what does not fit."""
    strange = Database("double-production", "uuid", ("0000_gone.sql",), SCHEMAS[1])
    look = SEQUENCE[3].look(read(SOUND, databases={"cms": strange}), RELEASE)
    assert isinstance(look, Todo)


def test_a_migration_that_cannot_be_replayed_is_told() -> None:
    bad = (Migration("0001_bad.sql", b"CREATE TABLE;", ""),)
    world = read(
        SOUND, base=replace(BASES[0], folders={"cms": Folder(bad)}), databases={"cms": database(None, 1)}
    )
    look = looked(SEQUENCE[2], world)
    assert isinstance(look, Stuck)
    assert "0001_bad.sql cannot be replayed" in look.what
