"""What a hotfix does next, on standings built by hand: the order of the whole way, and no standing without an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.commands.hotfix.next_action import State, next_action
from release.model.readiness import CommitCheck
from release.model.repository import Commit
from release.systems.github.actions import Run
from release.systems.github.pulls import Head, Pull

A, B = "a" * 40, "b" * 40
FIX = (Commit(A, "fix: the login"),)
GREEN, RED, RUNS = (CommitCheck("ci", state, state) for state in ("green", "red", "running"))
START = State("cms-v1.2.3", "cms-v1.2.4", "hotfix/cms-v1.2.4", "main", ignored=("deploy to staging",))


def on_branch(**more: object) -> State:
    return replace(START, local=A, remote=A, own=FIX, tip=B, **more)  # type: ignore[arg-type]


def pull(state: str = "open", merged: str | None = None, head: str = A) -> Pull:
    return Pull(
        number=1, html_url="https://github.example/1", state=state, head=Head("h", head), merged_at=merged
    )


DONE = pull("closed", "2026-11-23T15:00:00Z")


@pytest.mark.parametrize(
    ("standing", "kind"),
    [
        (START, "make"),
        (replace(START, local=A, picks=(B,)), "pick"),
        (replace(START, local=A), "switch"),
        (replace(START, local=A, is_checked_out=True), "blocked"),
        (replace(START, local=A, dirty=("mine.txt",)), "blocked"),
        (replace(START, local=A, own=FIX), "push"),
        (on_branch(relation="ahead"), "push"),
        (on_branch(relation="behind"), "follow"),
        (on_branch(relation="apart"), "blocked"),
        (on_branch(is_from_tag=False), "blocked"),
        (on_branch(strange=FIX), "blocked"),
        (on_branch(), "open"),
        (on_branch(pull=pull("closed")), "blocked"),
        (on_branch(pull=pull(), checks=()), "wait"),
        (on_branch(pull=pull(), checks=(RUNS, GREEN)), "wait"),
        (on_branch(pull=pull(), checks=(RED, RUNS)), "blocked"),
        (on_branch(pull=pull(), checks=(GREEN,)), "merge"),
        (on_branch(pull=DONE, checks=(RUNS,)), "wait"),
        (on_branch(pull=DONE, checks=(RED,)), "blocked"),
        (on_branch(pull=DONE, checks=(GREEN,)), "dispatch"),
        (on_branch(pull=DONE, run=Run(id=7)), "look"),
    ],
)
def test_the_way_from_the_tag_to_production(standing: State, kind: str) -> None:
    assert next_action(standing).kind == kind


def test_a_branch_that_github_removed_after_the_merge_is_no_new_beginning() -> None:
    assert next_action(replace(on_branch(pull=DONE, checks=(GREEN,)), remote=None)).kind == "dispatch"
    assert next_action(replace(START, pull=DONE, tip=B, checks=(GREEN,))).kind == "dispatch"


def test_a_second_fix_after_the_merge_gets_a_pull_request_of_its_own() -> None:
    assert next_action(on_branch(pull=pull("closed", "2026", head=B), relation="ahead")).kind == "push"
    assert next_action(on_branch(pull=pull("closed", "2026", head=B))).kind == "open"


def test_the_deployment_to_staging_is_not_waited_for() -> None:
    staging = CommitCheck("deploy to staging", "running", "in_progress")
    assert next_action(on_branch(pull=DONE, checks=(GREEN, staging))).kind == "dispatch"
    assert next_action(on_branch(pull=DONE, checks=(staging,))).kind == "wait"


commits = st.sampled_from([(), FIX])
shas = st.sampled_from([None, A, B])
standings = st.builds(
    State,
    st.just("cms-v1.2.3"),
    st.just("cms-v1.2.4"),
    st.just("hotfix/cms-v1.2.4"),
    st.just("main"),
    local=shas,
    remote=shas,
    relation=st.sampled_from(["same", "ahead", "behind", "apart"]),
    is_from_tag=st.booleans(),
    own=commits,
    strange=commits,
    picks=st.sampled_from([(), (B,)]),
    is_checked_out=st.booleans(),
    dirty=st.sampled_from([(), ("mine.txt",)]),
    pull=st.sampled_from([None, pull(), pull("closed"), DONE, pull("closed", "2026", B)]),
    tip=st.just(B),
    checks=st.sampled_from([None, (), (GREEN,), (RED,), (RUNS, GREEN)]),
    run=st.sampled_from([None, Run(id=7)]),
)


@given(standings)
def test_every_standing_has_an_answer_and_what_is_in_the_way_says_what_to_do(standing: State) -> None:
    found = next_action(standing)
    assert found.what
    assert bool(found.advice) == (found.kind == "blocked")


@given(standings)
def test_nothing_is_merged_or_released_that_ci_has_not_passed(standing: State) -> None:
    if next_action(standing).kind in {"merge", "dispatch"}:
        assert standing.checks == (GREEN,)
