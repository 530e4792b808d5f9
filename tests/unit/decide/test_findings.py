"""What a world proves, case by case: what cannot be read, what was begun, what serves, what was rolled back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.decide.findings import (
    base_of,
    is_everywhere,
    is_healthy,
    previous,
    rolled_back,
    rolled_back_tag,
    unfinished,
    unreadable,
    unrecorded,
)
from release.model.deployment import Database, Health, WorkerDeployment
from release.model.record import Record
from release.model.registry import Package, Published
from release.model.repository import Remote
from release.model.unread import Unread
from tests.unit.worlds import BASES, CONFIGURED, SOUND, SQL, STRANGER, subject_of

if TYPE_CHECKING:
    from release.model.world import World

SUBJECT = subject_of(BASES[0], "1.2.4")
MARK = f"{SUBJECT.tag}+{SUBJECT.commit}"
WHOLE = (("v9", 100.0),)
NEW = WorkerDeployment("script", WHOLE, MARK, f"was v1 base {SUBJECT.base}")
OLD = WorkerDeployment("script", (("v1", 100.0),), f"cms-v1.2.3+{STRANGER}", None)
RELEASED = replace(SOUND, remote=Remote(BASES[0].commit, {"cms-v1.2.3": STRANGER}, None))


def record(outcome: str = "failed", **parts: object) -> Record:
    return Record(environment="production", nonce="n", subject=SUBJECT, outcome=outcome, **parts)  # type: ignore[arg-type]


def serving(
    mcp: WorkerDeployment | Unread | None, cms: WorkerDeployment | Unread | None, world: World = RELEASED
) -> World:
    return replace(world, live={"mcp": mcp, "cms": cms})


def test_parts_that_fail_for_one_reason_are_one_problem() -> None:
    silent = Unread("Cloudflare does not answer.", "Wait.")
    world = replace(serving(silent, silent), databases={"cms": silent})
    (problem,) = unreadable(world)
    assert (problem.check, problem.what, problem.advice) == ("database", silent.because, "Wait.")


def test_what_could_only_not_be_read_because_of_something_else_is_not_told_beside_it() -> None:
    world = replace(
        SOUND, remote=Unread("git fetch failed."), history=Unread("no remote", follows=True), base=Unread("?")
    )
    assert [one.check for one in unreadable(world)] == ["remote", "commit"]


def test_where_all_reasons_follow_from_others_they_are_told_rather_than_nothing() -> None:
    world = replace(SOUND, history=Unread("no remote", follows=True))
    (problem,) = unreadable(world)
    assert (problem.check, problem.advice) == ("history", "Run the same command again.")


def test_health_and_releases_are_not_needed_to_decide() -> None:
    assert unreadable(replace(SOUND, health=Unread("no answer"), releases=Unread("no answer"))) == ()


@pytest.mark.parametrize(
    ("world", "traces"),
    [
        (serving(OLD, OLD), False),
        (serving(NEW, OLD), True),
        (replace(serving(OLD, OLD), record=record(healthy=True)), True),
        (
            replace(
                serving(OLD, OLD),
                record=record(migrated=("0002_data.sql",)),
                databases={"cms": Database("d", "u", tuple(SQL)[:2], ())},
            ),
            True,
        ),
        (
            replace(
                serving(OLD, OLD),
                record=record(migrated=("0003_slug.sql",)),
                databases={"cms": Database("d", "u", tuple(SQL)[:2], ())},
            ),
            False,
        ),
        (replace(serving(OLD, OLD), remote=Remote("", {SUBJECT.tag: SUBJECT.commit}, None)), True),
        (replace(serving(OLD, OLD), remote=Remote("", {SUBJECT.tag: STRANGER}, None)), False),
    ],
)
def test_a_release_is_unfinished_only_where_it_left_a_trace(world: World, *, traces: bool) -> None:
    noted = world if world.record else replace(world, record=record())
    assert unfinished(noted, CONFIGURED) == (SUBJECT if traces else None)


@pytest.mark.parametrize("outcome", ["released", "rolled-back"])
def test_what_is_complete_or_closed_is_not_unfinished(outcome: str) -> None:
    tagged = Remote(BASES[0].commit, {SUBJECT.tag: SUBJECT.commit}, None)
    world = replace(serving(OLD, OLD), record=record(outcome, healthy=True), remote=tagged)
    assert unfinished(world, CONFIGURED) is None


def test_a_lost_record_is_read_from_what_a_worker_serves() -> None:
    found = unfinished(serving(NEW, OLD), CONFIGURED)
    assert found is not None
    assert (found.tag, found.commit, found.base, found.previous) == (
        SUBJECT.tag,
        SUBJECT.commit,
        SUBJECT.base,
        "1.2.3",
    )


@pytest.mark.parametrize(
    "live",
    [
        replace(NEW, message="by hand"),
        replace(NEW, message=None),
        replace(NEW, tag=f"another-v1.2.4+{SUBJECT.commit}"),
        replace(NEW, tag=f"cms-v1.2.2+{SUBJECT.commit}"),
        replace(NEW, tag=f"cms-v1.2.3+{SUBJECT.commit}"),
        replace(NEW, shares=(("v9", 50.0), ("v1", 50.0))),
    ],
    ids=["no base told", "no message", "another app", "an older number", "a tagged one", "split"],
)
def test_not_every_mark_is_a_release_that_was_begun(live: WorkerDeployment) -> None:
    assert unfinished(serving(live, OLD), CONFIGURED) is None


def test_a_burnt_number_is_not_begun_again_from_its_mark() -> None:
    lost = Record(environment="production", nonce="n", burnt=("1.2.4",))
    assert unfinished(replace(serving(NEW, OLD), record=lost), CONFIGURED) is None


def test_a_release_is_everywhere_only_where_every_worker_serves_this_very_commit() -> None:
    assert is_everywhere(serving(NEW, NEW), SUBJECT)
    other = replace(NEW, tag=f"{SUBJECT.tag}+{STRANGER}")
    for mcp in (OLD, other, None, Unread("no answer")):
        assert not is_everywhere(serving(mcp, NEW), SUBJECT)
    assert not is_everywhere(replace(SOUND, live={}), SUBJECT)


@pytest.mark.parametrize(
    ("health", "well"),
    [
        (Health("1.2.4", SUBJECT.commit, None), True),
        (Health("1.2.4", SUBJECT.commit[:7].upper(), None), True),
        (Health("1.2.4", None, None), True),
        (Health("1.2.4", SUBJECT.commit[:6], None), False),
        (Health("1.2.4", STRANGER, None), False),
        (Health("1.2.3", SUBJECT.commit, None), False),
        (Health("1.2.4", SUBJECT.commit, "it answered 500"), False),
        (Unread("no answer"), False),
    ],
)
def test_healthy_is_this_version_and_where_it_is_told_this_commit(
    health: Health | Unread, *, well: bool
) -> None:
    assert is_healthy(replace(SOUND, health=health), SUBJECT) is well


def test_the_previous_release_is_the_highest_number_and_not_the_last_word() -> None:
    tags = dict.fromkeys(("cms-v1.10.0", "cms-v1.9.0", "v9.9.9", "cms-v1.10.0-rc.1", "cms-vnext"), STRANGER)
    assert previous(replace(SOUND, remote=Remote("", tags, None)), CONFIGURED) == ("1.10.0", "cms-v1.10.0")
    assert previous(SOUND, CONFIGURED) is None
    assert previous(replace(SOUND, remote=Unread("no answer")), CONFIGURED) is None


def test_numbers_that_deployments_say_were_left_are_known_without_a_record() -> None:
    left = replace(OLD, closed=(("cms-v1.2.4", "a" * 40), ("something", "")))
    assert rolled_back(serving(left, None), CONFIGURED) == {"1.2.4"}


def test_a_base_that_was_rolled_back_is_found_by_its_commit_unless_it_is_back() -> None:
    left = replace(OLD, closed=(("cms-v1.2.4", "a" * 40),))
    assert rolled_back_tag(serving(left, OLD), "a" * 40) == "cms-v1.2.4"
    assert rolled_back_tag(serving(left, OLD), "b" * 40) is None
    back = replace(NEW, closed=(("cms-v1.2.4", "a" * 40),))
    assert rolled_back_tag(serving(back, back), "a" * 40) is None


def test_the_base_of_a_release_is_told_by_the_deployment_that_still_serves_it() -> None:
    assert base_of(serving(OLD, NEW), SUBJECT.tag, SUBJECT.commit) == SUBJECT.base
    assert base_of(serving(OLD, OLD), SUBJECT.tag, SUBJECT.commit) is None
    cut = replace(NEW, message="was v1 base")
    assert base_of(serving(cut, cut), SUBJECT.tag, SUBJECT.commit) is None


def test_versions_above_the_last_tag_that_no_tag_names_are_unrecorded() -> None:
    versions = {one: Published(one, "", "") for one in ("1.2.2", "1.2.3", "1.2.4")}
    world = replace(RELEASED, package=Package("cms", "http://registry", versions, {}))
    assert unrecorded(world, CONFIGURED) == ("1.2.4",)
    assert unrecorded(RELEASED, CONFIGURED) == ()
    tagged = Remote("", {"cms-v1.2.3": STRANGER, "cms-v1.2.4": STRANGER}, None)
    assert unrecorded(replace(world, remote=tagged), CONFIGURED) == ()
