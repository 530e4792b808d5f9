"""Tokens of limited permissions, as a workflow's job has them, and who may push past a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone

LIMITED = "limited-t0ken"


@pytest.fixture
def limited(forge: Forge, clone: Clone) -> Clone:
    """A clone whose token may do nothing yet."""
    forge.tokens[LIMITED] = "github-actions[bot]"
    forge.permissions[LIMITED] = {}
    clone.environment.update(forge.git_environment(LIMITED))
    return clone


def test_git_reads_with_contents_read_and_pushes_with_contents_write(forge: Forge, limited: Clone) -> None:
    assert "403" in limited.run("ls-remote", "origin").stderr
    forge.permissions[LIMITED] = {"contents": "read"}
    limited.git("ls-remote", "origin")
    limited.commit("three")
    assert "403" in limited.run("push", "origin", "main").stderr
    forge.permissions[LIMITED] = {"contents": "write"}
    limited.git("push", "origin", "main")


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "releases", "contents"),
        ("GET", "commits/main/check-runs", "checks"),
        ("GET", "commits/main/status", "statuses"),
        ("GET", "commits/main/pulls", "pull-requests"),
        ("GET", "commits/main", "contents"),
        ("GET", "actions/runs", "actions"),
        ("GET", "environments/production", "actions"),
        ("GET", "deployments", "deployments"),
    ],
)
def test_a_read_needs_its_permission(
    forge: Forge, github: httpx.Client, limited: Clone, method: str, path: str, permission: str
) -> None:
    forge.protect_environment("production")
    github.headers["Authorization"] = f"Bearer {LIMITED}"
    assert github.request(method, path).status_code == 403
    forge.permissions[LIMITED] = {permission: "read"}
    assert github.request(method, path).status_code == 200


@pytest.mark.usefixtures("limited")
def test_a_write_needs_more_than_a_read(forge: Forge, github: httpx.Client) -> None:
    github.headers["Authorization"] = f"Bearer {LIMITED}"
    forge.permissions[LIMITED] = {"deployments": "read"}
    refused = github.post("deployments", json={"ref": "main"})
    assert (refused.status_code, refused.json()["message"]) == (
        403,
        "Resource not accessible by integration",
    )
    forge.permissions[LIMITED] = {"deployments": "write"}
    assert github.post("deployments", json={"ref": "main"}).status_code == 201


@pytest.mark.usefixtures("limited")
def test_what_everybody_may_read_needs_no_permission(forge: Forge, github: httpx.Client) -> None:
    github.headers["Authorization"] = f"Bearer {LIMITED}"
    assert github.get(f"{forge.api_url}/repos/acme/cms").status_code == 200
    assert github.get("rules/branches/main").status_code == 200


def test_only_who_is_on_the_bypass_list_pushes_past_a_rule(forge: Forge, clone: Clone) -> None:
    forge.add_ruleset("main", ["main"], [{"type": "pull_request"}], bypass=["release-bot"])
    forge.add_ruleset("main, too", ["main"], [{"type": "update"}], bypass=["somebody", "release-bot"])
    clone.commit("three")
    assert "GH013" in clone.run("push", "origin", "main").stderr
    forge.tokens[forge.token] = "somebody"
    assert "GH013" in clone.run("push", "origin", "main").stderr
    forge.tokens[forge.token] = "release-bot"
    clone.git("push", "origin", "main")


def test_git_answers_below_the_repositorys_page_too(forge: Forge, clone: Clone) -> None:
    page = forge.clone_url.removesuffix(".git")
    assert clone.git("ls-remote", page) == clone.git("ls-remote", "origin")


def test_a_run_for_a_push_is_made_without_a_request(forge: Forge, github: httpx.Client, clone: Clone) -> None:
    made = forge.add_run(".github/workflows/ci.yml", "push", "main", clone.git("rev-parse", "main"), "ada")
    again = forge.add_run(".github/workflows/ci.yml", "push", "main", made.sha, "ada")
    shown = github.get(f"actions/runs/{made.id}").json()
    assert (shown["event"], shown["status"], shown["actor"]["login"]) == ("push", "queued", "ada")
    assert (made.number, again.number) == (1, 2)
