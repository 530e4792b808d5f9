"""Refs, tags, branches and commits over REST, with GitHub's description watching both sides."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone

MISSING = "f" * 40


def test_user_and_repository(forge: Forge, github: httpx.Client) -> None:
    assert github.get(f"{forge.api_url}/user").json()["login"] == "releaser"
    repository = github.get(f"{forge.api_url}/repos/acme/cms").json()
    assert (repository["full_name"], repository["default_branch"]) == ("acme/cms", "main")
    assert repository["clone_url"] == forge.clone_url


def test_a_ref_is_found_quoted_and_unquoted(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    for path in ("git/ref/heads%2Fmain", "git/ref/heads/main"):
        assert github.get(path).json()["object"] == {
            "type": "commit",
            "sha": tip,
            "url": str(github.base_url) + f"git/commits/{tip}",
        }


def test_the_prefix_of_a_ref_is_404_and_matching_refs_finds_it(github: httpx.Client, clone: Clone) -> None:
    clone.git("tag", "cms-v1.0.0")
    clone.git("tag", "cms-v1.0.1")
    clone.git("tag", "api-v1.0.0")
    clone.git("push", "-q", "origin", "--tags")
    assert github.get("git/ref/tags%2Fcms-v").status_code == 404
    names = [ref["ref"] for ref in github.get("git/matching-refs/tags%2Fcms-v").json()]
    assert names == ["refs/tags/cms-v1.0.0", "refs/tags/cms-v1.0.1"]
    assert github.get("git/matching-refs/tags%2Fnone").json() == []


def test_a_ref_made_over_rest_is_git_s_truth(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    made = github.post("git/refs", json={"ref": "refs/tags/v1", "sha": tip})
    assert made.status_code == 201
    assert clone.git("ls-remote", "origin", "refs/tags/v1").startswith(tip)


@pytest.mark.parametrize(
    ("ref", "sha", "message"),
    [
        ("refs/heads/main", "tip", "Reference already exists"),
        ("refs/heads/new", MISSING, "Object does not exist"),
        ("main", "tip", "main is not a valid ref name."),
        ("refs/tags/a..b", "tip", "refs/tags/a..b is not a valid ref name."),
    ],
)
def test_a_ref_that_github_refuses(
    github: httpx.Client, clone: Clone, ref: str, sha: str, message: str
) -> None:
    sha = clone.git("rev-parse", "main") if sha == "tip" else sha
    answer = github.post("git/refs", json={"ref": ref, "sha": sha})
    assert (answer.status_code, answer.json()["message"]) == (422, message)


def test_a_ref_moves_back_only_by_force(github: httpx.Client, clone: Clone) -> None:
    first = clone.git("rev-parse", "main~1")
    refused = github.patch("git/refs/heads%2Fmain", json={"sha": first})
    assert (refused.status_code, refused.json()["message"]) == (422, "Update is not a fast forward")
    moved = github.patch("git/refs/heads%2Fmain", json={"sha": first, "force": True})
    assert moved.json()["object"]["sha"] == first


def test_a_ref_that_is_not_there_can_neither_move_nor_go(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    assert github.patch("git/refs/heads%2Fnone", json={"sha": tip}).status_code == 422
    assert github.delete("git/refs/heads%2Fnone").json()["message"] == "Reference does not exist"


def test_a_deleted_ref_is_gone(github: httpx.Client, clone: Clone) -> None:
    clone.git("push", "-q", "origin", "main:feature")
    assert github.delete("git/refs/heads%2Ffeature").status_code == 204
    assert github.get("git/ref/heads%2Ffeature").status_code == 404


def test_a_tag_object_made_over_rest_is_an_annotated_tag(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    tagger = {"name": "Ada", "email": "ada@example.com", "date": "2026-01-02T03:04:05Z"}
    body = {"tag": "v1", "message": "first", "object": tip, "type": "commit", "tagger": tagger}
    made = github.post("git/tags", json=body).json()
    assert github.get(f"git/tags/{made['sha']}").json() == made
    assert made["tagger"] == tagger
    github.post("git/refs", json={"ref": "refs/tags/v1", "sha": made["sha"]}).raise_for_status()
    assert github.get("git/ref/tags%2Fv1").json()["object"]["type"] == "tag"
    clone.git("fetch", "-q", "--tags")
    assert clone.git("rev-parse", "v1^{commit}") == tip
    assert github.get(f"git/tags/{MISSING}").status_code == 404


def test_branches_and_one_branch(github: httpx.Client, clone: Clone) -> None:
    clone.git("push", "-q", "origin", "main:feature/x")
    assert [branch["name"] for branch in github.get("branches").json()] == ["feature/x", "main"]
    branch = github.get("branches/feature%2Fx").json()
    assert branch["commit"]["sha"] == clone.git("rev-parse", "main")
    assert branch["protected"] is False
    missing = github.get("branches/none")
    assert (missing.status_code, missing.json()["message"]) == (404, "Branch not found")


def test_rules_of_a_branch_show_in_each_answer_and_hold(
    forge: Forge, github: httpx.Client, clone: Clone
) -> None:
    assert github.get("branches/main/protection").json()["message"] == "Branch not protected"
    ruleset = forge.add_ruleset("main takes pull requests", ["main"], [{"type": "pull_request"}])
    assert [rule["ruleset_id"] for rule in github.get("rules/branches/main").json()] == [ruleset.id]
    assert github.get("rulesets").json()[0]["name"] == "main takes pull requests"
    assert "required_pull_request_reviews" in github.get("branches/main/protection").json()
    assert [b["name"] for b in github.get("branches", params={"protected": "true"}).json()] == ["main"]
    refused = github.patch("git/refs/heads%2Fmain", json={"sha": clone.git("rev-parse", "main")})
    assert "Changes must be made through a pull request." in refused.json()["message"]


def test_commits_are_listed_newest_first_by_path_and_sha(github: httpx.Client, clone: Clone) -> None:
    def subjects(**query: str) -> list[str]:
        return [commit["commit"]["message"] for commit in github.get("commits", params=query).json()]

    assert subjects() == ["feat: two", "feat: one"]
    assert subjects(path="one") == ["feat: one"]
    assert subjects(sha=clone.git("rev-parse", "main~1")) == ["feat: one"]
    assert github.get("commits", params={"sha": "none"}).status_code == 404


def test_one_commit_by_branch_and_sha(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    by_name, by_sha = github.get("commits/main").json(), github.get(f"commits/{tip}").json()
    assert by_name == by_sha
    assert by_sha["commit"]["author"]["name"] == "Ada"
    assert github.get(f"git/commits/{tip}").json()["tree"] == by_sha["commit"]["tree"]
    assert github.get(f"git/commits/{MISSING}").status_code == 404
    missing = github.get(f"commits/{MISSING}")
    assert (missing.status_code, missing.json()["message"]) == (422, f"No commit found for SHA: {MISSING}")


def test_compare_counts_both_directions(github: httpx.Client, clone: Clone) -> None:
    clone.git("checkout", "-q", "-b", "side", "main~1")
    clone.commit("three")
    clone.commit("four")
    clone.git("push", "-q", "origin", "side")
    found = github.get("compare/main...side").json()
    assert (found["status"], found["ahead_by"], found["behind_by"]) == ("diverged", 2, 1)
    assert [c["commit"]["message"] for c in found["commits"]] == ["feat: three", "feat: four"]
    assert github.get("compare/main...main").json()["status"] == "identical"
    assert github.get("compare/main~1...main").status_code == 404
    assert github.get("compare/main...none").status_code == 404


def test_statuses_of_a_commit_are_one_word(github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    assert github.get("commits/main/status").json()["state"] == "pending"
    for context, state in (("ci", "failure"), ("lint", "success")):
        github.post(f"statuses/{tip}", json={"state": state, "context": context}).raise_for_status()
    assert github.get("commits/main/status").json()["state"] == "failure"
    github.post(f"statuses/{tip}", json={"state": "success", "context": "ci"})
    combined = github.get(f"commits/{tip}/status").json()
    assert (combined["state"], combined["total_count"]) == ("success", 2)


def test_check_runs_that_a_test_sets(forge: Forge, github: httpx.Client, clone: Clone) -> None:
    tip = clone.git("rev-parse", "main")
    forge.add_check_run(tip, "test")
    forge.add_check_run(tip, "e2e", None)
    runs = github.get("commits/main/check-runs").json()
    assert [(run["name"], run["status"], run["conclusion"]) for run in runs["check_runs"]] == [
        ("test", "completed", "success"),
        ("e2e", "in_progress", None),
    ]
    assert github.get("commits/main/check-runs", params={"check_name": "e2e"}).json()["total_count"] == 1


def test_contents_of_a_file_and_a_folder(github: httpx.Client, clone: Clone) -> None:
    clone.commit("apps/cms/package.json", '{"version": "1.2.3"}\n')
    clone.git("push", "-q", "origin", "main")
    file = github.get("contents/apps/cms/package.json").json()
    assert base64.b64decode(file["content"]) == b'{"version": "1.2.3"}\n'
    assert [entry["path"] for entry in github.get("contents/apps").json()] == ["apps/cms"]
    assert github.get("contents/none").status_code == 404
    assert github.get("contents/one", params={"ref": "none"}).status_code == 404


def test_the_slice_of_a_raw_path_with_slashes_is_one_variable(github: httpx.Client, clone: Clone) -> None:
    clone.git("push", "-q", "origin", "main:refs/heads/release/1.2/x")
    assert github.get("git/ref/heads%2Frelease%2F1.2%2Fx").status_code == 200
