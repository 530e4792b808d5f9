"""A step alone: what it leaves in the record, and what it may repair where nothing is to be released."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from release.decide.decide import Go, Nothing, decide
from release.decide.single_step import found_bump, opening, repair, without_number
from release.model.deployment import WorkerDeployment
from release.model.evidence import Evidence, Fault, Verdict
from release.model.record import Holder, Record, Window
from release.model.repository import Checkout, Commit, History, Remote
from release.model.request import Request
from tests.unit.worlds import BASES, CONFIGURED, SOUND, STRANGER, subject_of

if TYPE_CHECKING:
    from release.decide.decide import Decision
    from release.model.world import World

SUBJECT = subject_of(BASES[0], "1.2.3")
NEXT = subject_of(BASES[0], "1.2.4")
HOLDER = Holder(who="ada", where="laptop", run="r1")
WANTED = Record(
    environment="production",
    nonce="",
    holder=HOLDER,
    subject=NEXT,
    asked="patch",
    plan_hash="p1",
    migrated=("0002_data.sql",),
    before={"cms": "v1"},
    outcome="running",
)
TAGGED = Remote(BASES[0].commit, {SUBJECT.tag: SUBJECT.commit}, None)
LIVE = WorkerDeployment(
    "script", (("v1", 100.0),), f"{SUBJECT.tag}+{SUBJECT.commit}", f"was v0 base {SUBJECT.base}"
)
QUIET = replace(SOUND, remote=TAGGED, live={"mcp": LIVE, "cms": LIVE})


def record(**parts: Any) -> Record:  # noqa: ANN401
    return Record(environment="production", nonce="n", **{"subject": SUBJECT, "outcome": "released", **parts})


def begun(**parts: Any) -> Record:  # noqa: ANN401
    return record(subject=NEXT, outcome="failed", healthy=True, **parts)


@pytest.mark.parametrize("only", ["test", "bump", "backfill"])
def test_a_step_that_leaves_nothing_keeps_the_record_and_only_takes_the_lock(only: str) -> None:
    old = record(burnt=("1.2.2",), bookmark="b")
    kept = opening(replace(QUIET, record=old), CONFIGURED, WANTED, only)
    assert kept.holder == HOLDER
    assert (kept.subject, kept.outcome, kept.burnt, kept.bookmark, kept.migrated) == (
        SUBJECT,
        "released",
        ("1.2.2",),
        "b",
        (),
    )


def test_without_a_record_it_makes_one_that_names_no_release() -> None:
    kept = opening(QUIET, CONFIGURED, WANTED, "test")
    assert (kept.holder, kept.subject, kept.migrated) == (HOLDER, None, ())


@pytest.mark.parametrize("only", ["deploy cms", "smoke", "record", "verify"])
def test_a_step_of_a_release_opens_its_record(only: str) -> None:
    assert opening(replace(QUIET, record=record()), CONFIGURED, WANTED, only) is WANTED


def test_migrate_alone_keeps_what_a_rollback_needs_and_names_no_release() -> None:
    kept = opening(replace(QUIET, record=record()), CONFIGURED, WANTED, "migrate")
    assert (kept.subject, kept.asked, kept.plan_hash, kept.healthy) == (None, "", "", False)
    assert (kept.migrated, kept.before) == (WANTED.migrated, WANTED.before)


def test_migrate_within_the_release_that_was_begun_is_a_part_of_it() -> None:
    assert opening(replace(QUIET, record=begun()), CONFIGURED, WANTED, "migrate") is WANTED


def test_migrate_beside_another_release_that_was_begun_is_kept_with_that_one() -> None:
    other = replace(QUIET, record=begun(migrated=("0001_pages.sql",)))
    wanted = Record(
        environment="production", nonce="", holder=HOLDER, migrated=("0001_pages.sql", "0002_data.sql")
    )
    kept = opening(other, CONFIGURED, wanted, "migrate")
    assert (kept.subject, kept.migrated) == (NEXT, ("0001_pages.sql", "0002_data.sql"))


def test_a_repair_keeps_the_record_and_only_migrate_adds_to_it() -> None:
    world = replace(QUIET, record=record(migrated=("0001_pages.sql",), window=Window(open=True)))
    for only, migrated in (("verify", ("0001_pages.sql",)), ("migrate", ("0001_pages.sql", "0002_data.sql"))):
        kept = opening(world, CONFIGURED, WANTED, only, is_repair=True)
        assert (kept.subject, kept.outcome, kept.migrated) == (SUBJECT, "released", migrated)


RELEASED = Nothing("cms-v1.2.3 is released already", SUBJECT, released=True)


@pytest.mark.parametrize(
    "only", ["test", "backfill", "migrate", "smoke", "record", "github-release", "verify"]
)
def test_where_nothing_is_to_be_released_a_step_looks_after_the_last_release(only: str) -> None:
    found = repair(QUIET, RELEASED, only, CONFIGURED)
    assert isinstance(found, Go)
    assert (found.kind, found.release.tag) == ("repair", SUBJECT.tag)


@pytest.mark.parametrize("only", ["bump", "deploy cms", "deploy mcp"])
def test_what_would_change_what_is_live_repairs_nothing(only: str) -> None:
    assert repair(QUIET, RELEASED, only, CONFIGURED) is None


def test_what_was_rolled_back_is_not_repaired_but_the_database_is() -> None:
    world = replace(QUIET, record=record(outcome="rolled-back"))
    assert repair(world, RELEASED, "verify", CONFIGURED) is None
    assert repair(world, RELEASED, "migrate", CONFIGURED) is not None


def test_a_release_that_only_the_deployments_say_was_left_is_not_repaired_either() -> None:
    left = replace(LIVE, closed=((SUBJECT.tag, SUBJECT.base),))
    assert repair(replace(QUIET, live={"cms": left}), RELEASED, "record", CONFIGURED) is None


def test_an_environment_without_numbers_has_no_release_to_record() -> None:
    world = replace(QUIET, environment="staging")
    assert repair(world, RELEASED, "record", CONFIGURED) is None
    assert repair(world, RELEASED, "test", CONFIGURED) is not None


def test_before_the_first_release_there_is_nothing_to_repair() -> None:
    assert repair(SOUND, Nothing("no commits"), "verify", CONFIGURED) is None


def test_without_a_record_the_last_release_is_read_from_its_tag_and_the_deployment() -> None:
    found = repair(QUIET, Nothing("no commits"), "verify", CONFIGURED)
    assert found is not None
    assert (found.release.version, found.release.base, found.release.commit) == (
        "1.2.3",
        SUBJECT.base,
        SUBJECT.commit,
    )


def test_a_step_without_a_bump_takes_the_number_that_lies_in_the_work_tree() -> None:
    waiting = replace(
        SOUND,
        remote=Remote(BASES[0].commit, {"cms-v1.2.3": STRANGER}, None),
        history=History(contained=True, unreleased=(Commit("a" * 40, "feat: a"),)),
    )

    def at(level: str) -> Any:  # noqa: ANN401
        return decide(waiting, Request(level=level), CONFIGURED)  # type: ignore[arg-type]

    for level in ("patch", "minor", "major"):
        files = at(level).release.files
        checkout = Checkout(BASES[0].commit, "main", (), shallow=False, files=dict(files))
        world = replace(waiting, checkout=checkout)

        def look(request: Request, seen: World = world) -> Decision:
            return decide(seen, request, CONFIGURED)

        decision, request = found_bump(look, world, Request())
        assert isinstance(decision, Go)
        assert (decision.release.version, request.level) == (at(level).release.version, level)


def test_a_step_that_needs_no_number_is_not_held_up_by_what_demands_one_but_by_what_is_wrong() -> None:
    wrong = Fault("0001 was changed")
    verdict = without_number(
        Verdict(
            (Evidence("schema", "major", ("dropped",), (Fault("unreadable"),), (wrong,)),), Window(open=True)
        )
    )
    (one,) = verdict.evidence
    assert (one.least, one.cannot_tell, one.errors) == (None, (), (wrong,))
    assert verdict.window == Window(open=True)
