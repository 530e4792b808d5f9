"""Pull requests that are really merged, and their comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import httpx

    from tests.contract.conftest import Clone

PULL = {"title": "Add three", "head": "feature", "base": "main", "body": "why"}


@pytest.fixture
def feature(clone: Clone) -> Clone:
    """A clone whose branch `feature` is one commit ahead of main."""
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit("three")
    clone.git("push", "-q", "origin", "feature")
    return clone


def open_pull(github: httpx.Client, **changes: object) -> dict[str, Any]:
    answer = github.post("pulls", json=PULL | changes)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_pull_request_shows_both_ends(github: httpx.Client, feature: Clone) -> None:
    pull = open_pull(github)
    assert pull["head"]["sha"] == feature.git("rev-parse", "feature")
    assert pull["base"]["label"] == "acme:main"
    assert (pull["mergeable"], pull["commits"], pull["state"]) == (True, 1, "open")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"head": "none"}, {"field": "head", "code": "invalid"}),
        ({"base": "none"}, {"field": "base", "code": "invalid"}),
        ({"head": "main"}, {"message": "No commits between main and main"}),
    ],
)
@pytest.mark.usefixtures("feature")
def test_a_pull_request_that_github_refuses(
    github: httpx.Client, changes: dict[str, str], told: dict[str, str]
) -> None:
    answer = github.post("pulls", json=PULL | changes)
    assert answer.status_code == 422
    assert answer.json()["errors"][0].items() >= told.items()


@pytest.mark.usefixtures("feature")
def test_a_second_pull_request_of_the_same_branches_is_refused(github: httpx.Client) -> None:
    open_pull(github)
    again = github.post("pulls", json=PULL | {"head": "acme:feature"})
    assert again.json()["errors"][0]["message"] == "A pull request already exists for acme:feature."


def test_pull_requests_are_chosen_by_head_base_and_state(github: httpx.Client, feature: Clone) -> None:
    feature.git("push", "-q", "origin", "feature:other")
    open_pull(github)
    open_pull(github, head="other")
    github.patch("pulls/2", json={"state": "closed"}).raise_for_status()

    def numbers(**query: str) -> list[int]:
        return [pull["number"] for pull in github.get("pulls", params=query).json()]

    assert numbers() == [1]
    assert numbers(state="all") == [2, 1]
    assert numbers(state="closed", base="main") == [2]
    assert numbers(head="acme:feature") == [1]
    assert numbers(base="release") == []


def test_an_open_pull_request_follows_its_branch(github: httpx.Client, feature: Clone) -> None:
    open_pull(github)
    tip = feature.commit("four")
    feature.git("push", "-q", "origin", "feature")
    assert github.get("pulls/1").json()["head"]["sha"] == tip


def test_a_merge_makes_a_commit_with_both_parents(github: httpx.Client, feature: Clone) -> None:
    head, base = feature.git("rev-parse", "feature"), feature.git("rev-parse", "main")
    open_pull(github)
    assert github.get("pulls/1/merge").status_code == 404
    merged = github.put("pulls/1/merge", json={"sha": head}).json()
    assert github.get("pulls/1/merge").status_code == 204
    feature.git("fetch", "-q", "origin")
    shown = feature.git("show", "-s", "--format=%H|%P|%s", "origin/main")
    assert shown == f"{merged['sha']}|{base} {head}|Merge pull request #1 from acme/feature"
    assert github.get("pulls/1").json()["merge_commit_sha"] == merged["sha"]
    assert [pull["number"] for pull in github.get(f"commits/{merged['sha']}/pulls").json()] == [1]


def test_a_squash_makes_one_commit_with_the_number_in_its_subject(
    github: httpx.Client, feature: Clone
) -> None:
    feature.commit("four")
    feature.git("push", "-q", "origin", "feature")
    open_pull(github)
    github.put("pulls/1/merge", json={"merge_method": "squash"}).raise_for_status()
    feature.git("fetch", "-q", "origin")
    assert feature.git("log", "--format=%s", "main..origin/main") == "Add three (#1)"
    assert feature.git("ls-tree", "--name-only", "origin/main").splitlines() == [
        "four",
        "one",
        "three",
        "two",
    ]


@pytest.mark.usefixtures("feature")
def test_a_merge_of_another_head_is_refused(github: httpx.Client) -> None:
    open_pull(github)
    answer = github.put("pulls/1/merge", json={"sha": "f" * 40})
    assert (answer.status_code, "modified" in answer.json()["message"]) == (409, True)


@pytest.mark.usefixtures("feature")
def test_a_way_of_merging_that_the_repository_forbids_is_refused(github: httpx.Client) -> None:
    open_pull(github)
    assert github.put("pulls/1/merge", json={"merge_method": "rebase"}).status_code == 405


def test_a_conflict_cannot_be_merged(github: httpx.Client, feature: Clone) -> None:
    open_pull(github)
    feature.git("checkout", "-q", "main")
    feature.commit("three", "something else")
    feature.git("push", "-q", "origin", "main")
    assert github.get("pulls/1").json()["mergeable_state"] == "dirty"
    answer = github.put("pulls/1/merge", json={})
    assert (answer.status_code, answer.json()["message"]) == (405, "Pull Request is not mergeable")


@pytest.mark.usefixtures("feature")
def test_title_and_state_change_but_a_merged_one_stays_closed(github: httpx.Client) -> None:
    open_pull(github)
    assert github.patch("pulls/1", json={"title": "Better"}).json()["title"] == "Better"
    assert github.patch("pulls/1", json={"state": "closed"}).json()["closed_at"] is not None
    assert github.patch("pulls/1", json={"state": "open"}).json()["closed_at"] is None
    github.put("pulls/1/merge", json={}).raise_for_status()
    assert github.patch("pulls/1", json={"state": "open"}).status_code == 422


@pytest.mark.usefixtures("feature")
def test_comments_are_kept_in_order(github: httpx.Client) -> None:
    open_pull(github)
    for text in ("first", "second"):
        github.post("issues/1/comments", json={"body": text}).raise_for_status()
    assert [comment["body"] for comment in github.get("issues/1/comments").json()] == ["first", "second"]
    assert github.get("pulls/1").json()["comments"] == 2
    assert github.get("issues/9/comments").status_code == 404


def test_a_pull_request_that_is_not_there(github: httpx.Client) -> None:
    assert github.get("pulls/1").status_code == 404
