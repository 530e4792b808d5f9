"""What one invocation is to do, over thousands of worlds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from release.decide.decide import Blocked, Go, Nothing, decide, decide_deploy
from release.decide.findings import is_everywhere, is_healthy, unfinished
from release.formats.version import parse
from release.model.deployment import Health, WorkerDeployment
from release.model.record import Record, Subject
from release.model.repository import Base, History, Remote
from release.model.request import Request
from release.model.unread import Unread
from tests.unit.worlds import (
    BASES,
    CONFIGURED,
    NOTHING,
    PARTS,
    REQUESTS,
    SOUND,
    STRANGER,
    SUBJECTS,
    subject_of,
    without,
    worlds,
)

if TYPE_CHECKING:
    from release.decide.decide import Decision
    from release.model.world import World


def decided(world: World, request: Request | None = None) -> Decision:
    """The decision of the double's configuration."""
    return decide(world, request or Request(), CONFIGURED)


def tagged(world: World) -> dict[str, str]:
    """The tags of a world whose remote could be read."""
    assert isinstance(world.remote, Remote)
    return dict(world.remote.tags)


def live_everywhere(world: World, subject: Subject) -> World:
    """The world in which Cloudflare serves a release on every worker, and it is healthy."""
    live = WorkerDeployment(
        "script", (("v9", 100.0),), f"{subject.tag}+{subject.commit}", f"was x base {subject.base}"
    )
    health = Health(subject.version, subject.commit, None)
    return replace(world, live=dict.fromkeys(world.live, live), health=health)


@given(worlds(), REQUESTS)
def test_the_same_world_and_request_decide_the_same(world: World, request: Request) -> None:
    assert decided(world, request) == decided(world, request)


@given(worlds(), REQUESTS)
def test_a_new_number_is_higher_than_every_tag_and_names_none(world: World, request: Request) -> None:
    decision = decided(world, request)
    if not isinstance(decision, Go) or decision.kind == "finish":
        return
    assert decision.release.tag not in tagged(world)
    assert all(parse(tag.removeprefix("cms-v")) < parse(decision.release.version) for tag in tagged(world))
    if decision.release.previous:
        assert parse(decision.release.previous) < parse(decision.release.version)


@given(worlds(), REQUESTS)
def test_a_burnt_number_is_never_used_again(world: World, request: Request) -> None:
    decision = decided(world, request)
    if isinstance(world.record, Record) and isinstance(decision, Go) and decision.kind != "finish":
        assert decision.release.version not in world.record.burnt


@given(worlds(), REQUESTS)
def test_a_number_that_was_healthy_is_never_given_to_another_commit(world: World, request: Request) -> None:
    record, decision = world.record, decided(world, request)
    if not (isinstance(record, Record) and record.healthy and record.unfinished and isinstance(decision, Go)):
        return
    if decision.release.version == record.unfinished.version:
        assert decision.release.commit == record.unfinished.commit


@given(worlds(), SUBJECTS)
def test_a_number_whose_bump_would_differ_today_is_not_reused_once_healthy(
    world: World, begun: Subject
) -> None:
    """Somebody changed the configured identity since: the same base makes another commit now."""
    other = Subject(**{name: getattr(begun, name) for name in begun.__struct_fields__} | {"commit": STRANGER})
    record = Record(environment="production", nonce="n", subject=other, healthy=True, outcome="failed")
    decision = decided(replace(world, record=record))
    if isinstance(decision, Go) and decision.release.version == other.version:
        assert decision.release.commit == other.commit


@given(worlds(), SUBJECTS, REQUESTS)
def test_a_release_that_is_live_and_healthy_is_finished_whatever_is_asked(
    world: World, subject: Subject, request: Request
) -> None:
    assume(subject.tag not in tagged(world))
    record = Record(environment="production", nonce="n", subject=subject, outcome="running")
    world = replace(live_everywhere(world, subject), record=record)
    decision = decided(world, request)
    assert isinstance(decision, Go)
    assert (decision.kind, decision.release.commit) == ("finish", subject.commit)


@given(worlds(), SUBJECTS, st.sampled_from(BASES))
def test_finish_ignores_head_and_what_is_asked(world: World, subject: Subject, head: Base) -> None:
    record = Record(environment="production", nonce="n", subject=subject, outcome="failed")
    world = replace(live_everywhere(world, subject), record=record)
    first = decided(world)
    assume(isinstance(first, Go) and first.kind == "finish")
    moved = replace(world, base=head, history=History(contained=False, unreleased=()))
    assert decided(moved, Request(level="major")) == first


@given(worlds(), SUBJECTS)
def test_a_lost_record_is_replaced_by_what_the_deployments_say(world: World, subject: Subject) -> None:
    higher = [tag for tag in tagged(world) if parse(tag.removeprefix("cms-v")) >= parse(subject.version)]
    assume(not higher)
    world = replace(live_everywhere(world, subject), record=None)
    decision = decided(world)
    assert isinstance(decision, Go)
    assert (decision.kind, decision.release.commit, decision.release.base) == (
        "finish",
        subject.commit,
        subject.base,
    )


@given(worlds(), SUBJECTS)
def test_a_tag_on_the_remote_is_finished_even_where_nothing_serves_it(world: World, subject: Subject) -> None:
    assert isinstance(world.remote, Remote)
    remote = replace(world.remote, tags={**tagged(world), subject.tag: subject.commit})
    record = Record(environment="production", nonce="n", subject=subject, outcome="recorded")
    decision = decided(replace(world, remote=remote, record=record))
    assert isinstance(decision, Go)
    assert decision.kind == "finish"


@given(worlds(), st.sampled_from(PARTS), REQUESTS)
def test_whatever_cannot_be_read_blocks_with_its_reason(world: World, part: str, request: Request) -> None:
    decision = decided(without(world, part), request)
    assert isinstance(decision, Blocked)
    assert [(problem.what, problem.advice) for problem in decision.problems] == [
        (NOTHING.because, NOTHING.advice)
    ]
    deployed = decide_deploy(without(world, part), request, CONFIGURED)
    assert isinstance(deployed, Blocked)


@given(worlds())
def test_a_cause_that_several_parts_share_is_told_once(world: World) -> None:
    for part in PARTS:
        world = without(world, part)
    decision = decided(world)
    assert isinstance(decision, Blocked)
    assert len(decision.problems) == 1


@given(worlds())
def test_a_part_that_was_not_read_for_another_is_still_blocked(world: World) -> None:
    decision = decided(without(world, "record", Unread("the remote was not read")))
    assert isinstance(decision, Blocked)
    assert decision.problems


@given(worlds(), REQUESTS)
def test_no_commits_since_the_last_tag_is_nothing(world: World, request: Request) -> None:
    assert isinstance(world.remote, Remote)
    remote = replace(world.remote, tags={**tagged(world), "cms-v1.2.3": STRANGER})
    history = History(contained=True, unreleased=(), is_on_branch=True)
    world = replace(world, remote=remote, history=history, record=None, live={"mcp": None, "cms": None})
    assert isinstance(decided(world, request), Nothing)


@given(worlds(), REQUESTS)
def test_supersede_is_the_same_number_on_another_commit(world: World, request: Request) -> None:
    decision, begun = decided(world, request), unfinished(world, CONFIGURED)
    if isinstance(decision, Go) and decision.kind == "supersede":
        assert begun is not None
        assert (decision.release.version, decision.release.tag) == (begun.version, begun.tag)
        assert decision.release.commit != begun.commit
        assert not (is_everywhere(world, begun) and is_healthy(world, begun))


@given(worlds(), REQUESTS)
def test_what_is_decided_ships_the_base_that_was_read_unless_it_finishes(
    world: World, request: Request
) -> None:
    decision = decided(world, request)
    if not isinstance(decision, Go) or decision.kind == "finish":
        return
    assert isinstance(world.base, Base)
    assert decision.release.base == world.base.commit
    assert decision.release.commit == subject_of(world.base, decision.release.version).commit
    assert decision.release.files.keys() == world.base.files.keys()


@given(worlds(), REQUESTS)
def test_only_a_number_that_may_be_answering_already_needs_more_than_its_version(
    world: World, request: Request
) -> None:
    decision = decided(world, request)
    if not isinstance(decision, Go) or decision.kind == "finish" or not isinstance(world.health, Health):
        return
    if world.health.version == decision.release.version:
        assert decision.number_was_live


@given(worlds())
def test_a_deployment_has_no_number_of_its_own(world: World) -> None:
    decision = decide_deploy(world, Request("staging"), CONFIGURED)
    assert isinstance(decision, Go)
    assert isinstance(world.base, Base)
    assert (decision.release.commit, decision.release.base) == (world.base.commit, world.base.commit)
    assert (decision.release.version, decision.number_was_live, dict(decision.release.files)) == (
        "1.2.3",
        True,
        {},
    )


@given(worlds(), st.text("0123456789abcdef", min_size=40, max_size=40))
def test_a_deployment_of_what_is_older_than_the_live_commit_ends_well(world: World, newer: str) -> None:
    assert isinstance(world.history, History)
    world = replace(world, history=replace(world.history, overtaken=newer))
    decision = decide_deploy(world, Request("staging"), CONFIGURED)
    assert isinstance(decision, Nothing)
    assert decision.released
    assert newer[:7] in decision.why


@given(worlds(), REQUESTS)
def test_a_manifest_without_a_version_blocks_what_needs_one(world: World, request: Request) -> None:
    broken = replace(BASES[0], files=dict.fromkeys(BASES[0].files, b"{}"))
    world = replace(world, base=broken, record=None, live={"mcp": None, "cms": None})
    assert isinstance(decide_deploy(world, request, CONFIGURED), Blocked)
    assert isinstance(decided(world, request), Blocked | Nothing)


@pytest.mark.parametrize(("level", "version"), [("patch", "1.2.4"), ("minor", "1.3.0"), ("major", "2.0.0")])
def test_the_first_release_counts_from_the_manifest(level: str, version: str) -> None:
    world = SOUND
    decision = decided(world, Request(level=level))  # type: ignore[arg-type]  # one of the three
    assert isinstance(decision, Go)
    assert (decision.release.version, decision.release.previous, decision.kind) == (version, None, "start")
    assert decision.why == "0 commits and no release yet"


def test_a_rolled_back_number_stays_burnt_where_the_record_is_lost() -> None:
    closed = (("cms-v1.2.4", "e" * 40),)
    live = WorkerDeployment("script", (("v1", 100.0),), "cms-v1.2.3+" + "1" * 40, None, closed)
    decision = decided(replace(SOUND, live={"mcp": live, "cms": live}))
    assert isinstance(decision, Go)
    assert decision.release.version == "1.2.5"


def test_a_commit_that_was_rolled_back_is_not_shipped_again_where_the_record_is_lost() -> None:
    assert isinstance(SOUND.base, Base)
    live = WorkerDeployment("script", (("v1", 100.0),), None, None, (("cms-v1.2.4", SOUND.base.commit),))
    decision = decided(replace(SOUND, live={"mcp": live, "cms": live}))
    assert isinstance(decision, Nothing)
    assert (decision.released, "rolled back as cms-v1.2.4" in decision.why) == (False, True)


def test_a_begun_release_that_asks_for_more_keeps_its_number() -> None:
    begun = subject_of(BASES[1], "1.3.0")
    live = WorkerDeployment(
        "script", (("v1", 100.0),), f"{begun.tag}+{begun.commit}", f"was x base {begun.base}"
    )
    record = Record(environment="production", nonce="n", subject=begun, outcome="failed")
    decision = decided(replace(SOUND, record=record, live={"mcp": live, "cms": None}))
    assert isinstance(decision, Go)
    assert (decision.kind, decision.release.version) == ("supersede", "1.3.0")


def test_a_release_that_left_no_trace_binds_no_number() -> None:
    record = Record(
        environment="production", nonce="n", subject=subject_of(BASES[1], "2.0.0"), outcome="failed"
    )
    decision = decided(replace(SOUND, record=record))
    assert isinstance(decision, Go)
    assert (decision.kind, decision.release.version) == ("start", "1.2.4")
