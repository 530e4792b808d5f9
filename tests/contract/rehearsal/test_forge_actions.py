"""Environments, deployments, workflows and their runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import httpx

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone

WORKFLOW = "name: Deploy production\non:\n  workflow_dispatch:\n"
DISPATCH = "actions/workflows/deploy-prod.yml/dispatches"


@pytest.fixture
def workflow(clone: Clone) -> Clone:
    """A clone whose main has a workflow that can be dispatched, and one that cannot."""
    clone.commit(".github/workflows/deploy-prod.yml", WORKFLOW)
    clone.commit(".github/workflows/ci.yml", "name: CI\non: push\n")
    clone.git("push", "-q", "origin", "main")
    return clone


def dispatch(github: httpx.Client) -> int:
    body = {"ref": "main", "inputs": {"bump": "patch"}, "return_run_details": True}
    number: int = github.post(DISPATCH, json=body).json()["workflow_run_id"]
    return number


def test_an_environment_shows_its_reviewers_and_whether_one_may_review_oneself(
    forge: Forge, github: httpx.Client
) -> None:
    assert github.get("environments/production").status_code == 404
    forge.protect_environment("production", ["alice", "bob"], prevent_self_review=True)
    (rule,) = github.get("environments/production").json()["protection_rules"]
    assert (rule["type"], rule["prevent_self_review"]) == ("required_reviewers", True)
    assert [one["reviewer"]["login"] for one in rule["reviewers"]] == ["alice", "bob"]


def test_a_deployment_goes_through_its_states(github: httpx.Client, clone: Clone) -> None:
    made = github.post("deployments", json={"ref": "main", "environment": "production"}).json()
    assert made["sha"] == clone.git("rev-parse", "main")
    for state in ("in_progress", "success"):
        github.post(f"deployments/{made['id']}/statuses", json={"state": state}).raise_for_status()
    statuses = github.get(f"deployments/{made['id']}/statuses").json()
    assert [status["state"] for status in statuses] == ["success", "in_progress"]
    assert github.get(f"deployments/{made['id']}").json() == made
    assert github.get("deployments", params={"environment": "staging"}).json() == []


@pytest.mark.usefixtures("clone")
def test_a_successful_deployment_makes_the_earlier_one_inactive(github: httpx.Client) -> None:
    first, second = (github.post("deployments", json={"ref": "main"}).json()["id"] for _ in range(2))
    for number in (first, second):
        github.post(f"deployments/{number}/statuses", json={"state": "success"}).raise_for_status()
    assert github.get(f"deployments/{first}/statuses").json()[0]["state"] == "inactive"


def test_a_deployment_of_a_red_commit_is_refused_unless_no_context_is_required(
    github: httpx.Client, clone: Clone
) -> None:
    tip = clone.git("rev-parse", "main")
    github.post(f"statuses/{tip}", json={"state": "failure"}).raise_for_status()
    assert github.post("deployments", json={"ref": "main"}).status_code == 409
    assert github.post("deployments", json={"ref": "main", "required_contexts": []}).status_code == 201
    assert github.post("deployments", json={"ref": "none"}).status_code == 422
    assert github.get("deployments/1").status_code == 404


@pytest.mark.usefixtures("workflow")
def test_workflows_are_read_from_the_default_branch(github: httpx.Client) -> None:
    found = github.get("actions/workflows").json()["workflows"]
    assert [(one["name"], one["path"].rpartition("/")[2]) for one in found] == [
        ("CI", "ci.yml"),
        ("Deploy production", "deploy-prod.yml"),
    ]


def test_a_repository_without_commits_has_no_workflows(github: httpx.Client) -> None:
    assert github.get("actions/workflows").json() == {"total_count": 0, "workflows": []}


@pytest.mark.usefixtures("workflow")
def test_a_dispatch_answers_204_or_the_run_when_asked(github: httpx.Client) -> None:
    assert github.post(DISPATCH, json={"ref": "main"}).status_code == 204
    run = github.get(f"actions/runs/{dispatch(github)}").json()
    assert (run["event"], run["run_number"], run["status"]) == ("workflow_dispatch", 2, "queued")
    assert github.get("actions/runs", params={"event": "workflow_dispatch"}).json()["total_count"] == 2
    assert github.get("actions/runs", params={"status": "completed"}).json()["total_count"] == 0


@pytest.mark.usefixtures("workflow")
def test_a_dispatch_of_what_cannot_be_dispatched_is_refused(github: httpx.Client) -> None:
    assert github.post(DISPATCH, json={"ref": "none"}).status_code == 422
    refused = github.post("actions/workflows/ci.yml/dispatches", json={"ref": "main"})
    assert "workflow_dispatch" in refused.json()["message"]
    assert github.post("actions/workflows/none.yml/dispatches", json={"ref": "main"}).status_code == 404
    assert github.get("actions/runs/1").status_code == 404


@pytest.mark.usefixtures("workflow")
def test_a_waiting_run_goes_on_when_another_approves(forge: Forge, github: httpx.Client) -> None:
    environment = forge.protect_environment("production", ["releaser", "alice"], prevent_self_review=True)
    forge.tokens["alice's"] = "alice"
    run = dispatch(github)
    assert github.get(f"actions/runs/{run}/pending_deployments").json() == []
    forge.change_run(run, status="waiting", waiting_for="production")
    (pending,) = github.get(f"actions/runs/{run}/pending_deployments").json()
    assert pending["current_user_can_approve"] is False
    body = {"environment_ids": [environment.id], "state": "approved", "comment": "plan 7be1c09"}
    assert github.post(f"actions/runs/{run}/pending_deployments", json=body).status_code == 422
    alice = {"Authorization": "Bearer alice's"}
    approved = github.post(f"actions/runs/{run}/pending_deployments", json=body, headers=alice)
    assert approved.json()[0]["environment"] == "production"
    (approval,) = github.get(f"actions/runs/{run}/approvals").json()
    assert (approval["user"]["login"], approval["comment"]) == ("alice", "plan 7be1c09")
    assert github.get(f"actions/runs/{run}").json()["status"] == "queued"


@pytest.mark.usefixtures("workflow")
def test_a_rejected_run_has_failed(forge: Forge, github: httpx.Client) -> None:
    environment = forge.protect_environment("production", ["releaser"])
    run = dispatch(github)
    forge.change_run(run, status="waiting", waiting_for="production")
    body = {"environment_ids": [environment.id], "state": "rejected", "comment": "no"}
    github.post(f"actions/runs/{run}/pending_deployments", json=body).raise_for_status()
    shown = github.get(f"actions/runs/{run}").json()
    assert (shown["status"], shown["conclusion"]) == ("completed", "failure")
    assert github.post(f"actions/runs/{run}/pending_deployments", json=body).status_code == 422


@pytest.mark.usefixtures("workflow")
def test_jobs_of_a_run_are_what_a_test_sets(forge: Forge, github: httpx.Client) -> None:
    from release.rehearsal.forge.store import Job

    run = dispatch(github)
    forge.change_run(run, jobs=(Job(1, "plan", "completed", "success"), Job(2, "deploy", "queued", None)))
    jobs = github.get(f"actions/runs/{run}/jobs").json()["jobs"]
    assert [(job["name"], job["conclusion"]) for job in jobs] == [("plan", "success"), ("deploy", None)]
