"""A rollback stands until something newer is live or what it left is back; what is then said of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.model.deployment import WorkerDeployment
from release.model.record import Record, Rollback
from release.model.rolled_back import after, facts, live_json, moment, serving, with_next
from release.model.unread import Unread
from tests.unit.worlds import BASES, CONFIGURED, STRANGER, subject_of

SUBJECT = subject_of(BASES[0], "1.2.4")
BY = Rollback(
    left=SUBJECT.tag, to="cms-v1.2.3", who="ada", at=1_767_000_000.0, why="it leaks", was="released"
)
RECORD = Record(
    environment="production", nonce="n", subject=SUBJECT, outcome="rolled-back", rollback=BY, burnt=("1.2.4",)
)
OLD = WorkerDeployment("script", (("v1" * 5, 100.0),), f"cms-v1.2.3+{STRANGER}", None)
LEFT = WorkerDeployment("script", (("v9" * 5, 100.0),), f"{SUBJECT.tag}+{SUBJECT.commit}", None)
NEWER = WorkerDeployment("script", (("vX" * 5, 100.0),), f"cms-v1.2.5+{STRANGER}", None)
TOLD = Rollback(left=SUBJECT.tag, to="cms-v1.2.3", who="grace", at=1_767_000_100.0, why="by hand")


def stands(
    record: Record | None,
    mcp: WorkerDeployment | Unread | None,
    cms: WorkerDeployment | Unread | None,
    environment: str = "production",
) -> str | None:
    back = after(environment, record, {"mcp": mcp, "cms": cms}, CONFIGURED)
    return back.tag if back else None


def test_a_rollback_stands_while_what_it_left_for_serves() -> None:
    assert stands(RECORD, OLD, OLD) == SUBJECT.tag


@pytest.mark.parametrize(
    ("mcp", "cms"),
    [(LEFT, LEFT), (NEWER, OLD), (NEWER, NEWER), (Unread("no answer"), Unread("no answer")), (None, None)],
    ids=["it is back", "newer on one", "newer on both", "unread", "nothing serves"],
)
def test_it_stands_no_more_where_newer_serves_or_it_is_back_and_nowhere_unseen(
    mcp: WorkerDeployment | Unread | None, cms: WorkerDeployment | Unread | None
) -> None:
    assert stands(RECORD, mcp, cms) is None


def test_a_record_that_ended_otherwise_tells_of_none() -> None:
    for outcome in ("released", "failed", "running", "recorded"):
        record = Record(environment="production", nonce="n", subject=SUBJECT, outcome=outcome)
        assert stands(record, OLD, OLD) is None


def test_an_older_record_without_its_rollback_still_tells_what_was_left() -> None:
    bare = Record(environment="production", nonce="n", subject=SUBJECT, outcome="rolled-back")
    assert stands(bare, OLD, OLD) == SUBJECT.tag


def test_the_messages_of_deployments_tell_it_where_the_record_is_lost() -> None:
    told = replace(OLD, rollbacks=(TOLD,))
    assert stands(None, told, told) == SUBJECT.tag


def test_of_two_rollbacks_the_one_that_left_the_higher_release_counts() -> None:
    twice = replace(OLD, rollbacks=(Rollback(left="cms-v1.2.3", to="cms-v1.2.2"), TOLD))
    back = after("production", None, {"cms": twice}, CONFIGURED)
    assert back is not None
    assert back.by == TOLD


def test_the_record_knows_more_than_a_message_of_the_same_rollback() -> None:
    told = replace(OLD, rollbacks=(TOLD,))
    back = after("production", RECORD, {"mcp": told, "cms": told}, CONFIGURED)
    assert back is not None
    assert back.by == BY


def test_a_rollback_that_is_half_done_names_the_workers_that_remain_and_how_to_finish() -> None:
    back = after("production", RECORD, {"mcp": OLD, "cms": LEFT}, CONFIGURED)
    assert back is not None
    assert back.remaining == ("cms",)
    told = dict(facts(back))
    assert told["not complete"] == "cms on cms-v1.2.4, the rest is not; to finish:\ninv rollback"
    assert "go forward" not in told


def test_a_whole_one_says_what_is_burnt_and_how_to_go_forward() -> None:
    back = after("production", RECORD, {"mcp": OLD, "cms": OLD}, CONFIGURED)
    told = dict(facts(back))
    assert told["rolled back"] == "cms-v1.2.4 to cms-v1.2.3 by ada on 2025-12-29 09:20 UTC: it leaks"
    assert told["burnt"].startswith("1.2.4 ")
    assert told["go forward"].startswith("inv rollback cms-v1.2.4\n")
    assert dict(facts(None)) == {}


@pytest.mark.parametrize(
    ("commits", "coming", "said"),
    [
        (None, None, "the next commit, under the next number"),
        (0, "1.2.5", "nothing: no commits since cms-v1.2.4; the next commit ships as 1.2.5"),
        (1, "1.2.5", "1 commit, as 1.2.5"),
        (3, None, "3 commits, under the next number"),
    ],
)
def test_what_ships_next_is_counted(commits: int | None, coming: str | None, said: str) -> None:
    back = after("production", RECORD, {"cms": OLD}, CONFIGURED)
    assert back is not None
    assert dict(facts(with_next(back, commits, coming)))["ships next"] == said


def test_an_environment_without_numbers_speaks_of_commits() -> None:
    back = after("staging", RECORD, {"cms": OLD}, CONFIGURED)
    assert back is not None
    assert (back.name, back.to) == (SUBJECT.commit[:7], STRANGER[:7])
    assert (back.forward, back.finishing) == ("inv deploy --env staging", "inv rollback --env staging")
    assert "burnt" not in dict(facts(back))
    assert back.as_json()["burnt"] is None


def test_scripts_get_nulls_for_what_nobody_knows() -> None:
    bare = Record(environment="production", nonce="n", subject=SUBJECT, outcome="rolled-back")
    back = after("production", bare, {"mcp": Unread("no answer"), "cms": OLD}, CONFIGURED)
    assert back is not None
    told = back.as_json()
    assert (told["who"], told["at"], told["why"]) == (None, None, None)
    assert told["live"]["mcp"] == {"version_id": None, "tag": None, "commit": None}
    assert told["live"]["cms"]["tag"] == "cms-v1.2.3"


@pytest.mark.parametrize(
    ("live", "words"),
    [
        (None, "not deployed"),
        (Unread("no answer"), "unknown (no answer)"),
        (OLD, "v1v1v1v1 (cms-v1.2.3)"),
        (replace(OLD, tag="by hand"), "v1v1v1v1 (made by no release)"),
        (
            replace(OLD, shares=(("aaaaaaaaaa", 90.0), ("bbbbbbbbbb", 10.0))),
            "90 % aaaaaaaa and 10 % bbbbbbbb",
        ),
    ],
)
def test_what_one_worker_serves_in_a_few_words(live: WorkerDeployment | Unread | None, words: str) -> None:
    assert serving(live) == words


def test_a_split_worker_has_no_version_for_scripts() -> None:
    assert live_json(replace(OLD, shares=(("a", 50.0), ("b", 50.0))))["version_id"] is None


def test_a_moment_is_told_in_utc() -> None:
    assert moment(0) == "1970-01-01 00:00 UTC"
