"""What the owner of a repository sets, and what GitHub shows of it: secrets, keys, rules, attempts, annotations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.rehearsal.forge.store import Annotation, DeployKey, Job

if TYPE_CHECKING:
    import httpx

    from release.rehearsal.forge import Forge
    from tests.contract.conftest import Clone


def test_secrets_are_shown_by_name_and_variables_with_their_value(forge: Forge, github: httpx.Client) -> None:
    forge.protect_environment("production", ["alice"])
    forge.change(secrets={"": ("READ",), "production": ("A", "B")}, variables={"": {"ACCOUNT": "acc0"}})
    assert [one["name"] for one in github.get("actions/secrets").json()["secrets"]] == ["READ"]
    assert github.get("environments/production/secrets").json()["total_count"] == 2
    (variable,) = github.get("actions/variables").json()["variables"]
    assert (variable["name"], variable["value"]) == ("ACCOUNT", "acc0")
    assert github.get("environments/production/variables").json()["variables"] == []
    assert github.get("environments/none/secrets").status_code == 404


def test_a_ruleset_shows_which_key_bypasses_it(forge: Forge, github: httpx.Client) -> None:
    forge.change(deploy_keys=(DeployKey(1, "release", read_only=False),))
    made = forge.add_ruleset("main", ["main"], [{"type": "pull_request"}], bypass=["release", "app"])
    shown = github.get(f"rulesets/{made.id}").json()
    assert [one["actor_type"] for one in shown["bypass_actors"]] == ["DeployKey", "Integration"]
    assert shown["conditions"]["ref_name"]["include"] == ["refs/heads/main"]
    assert [key["title"] for key in github.get("keys").json()] == ["release"]
    assert github.get("rulesets/1").status_code == 404


def test_what_a_workflow_s_token_may_do_by_default_is_shown(forge: Forge, github: httpx.Client) -> None:
    assert github.get("actions/permissions/workflow").json()["default_workflow_permissions"] == "read"
    forge.change(default_permissions="write")
    assert github.get("actions/permissions/workflow").json()["default_workflow_permissions"] == "write"


def test_each_attempt_of_a_run_names_who_started_it(forge: Forge, github: httpx.Client, clone: Clone) -> None:
    run = forge.add_run("ci.yml", "push", "main", clone.git("rev-parse", "main"), "ada")
    forge.change_run(run.id, rerun_by=("bob",))
    assert github.get(f"actions/runs/{run.id}").json()["run_attempt"] == 2
    attempts = [github.get(f"actions/runs/{run.id}/attempts/{number}").json() for number in (1, 2)]
    assert [one["triggering_actor"]["login"] for one in attempts] == ["ada", "bob"]
    assert {one["actor"]["login"] for one in attempts} == {"ada"}
    assert github.get(f"actions/runs/{run.id}/attempts/3").status_code == 404


def test_what_a_job_said_is_found_at_its_check_run(forge: Forge, github: httpx.Client, clone: Clone) -> None:
    run = forge.add_run("ci.yml", "push", "main", clone.git("rev-parse", "main"), "ada")
    said = (Annotation("notice", "plan 7be1c09", "cms 1.2.3 -> 1.2.4\nmigrate"),)
    forge.change_run(run.id, jobs=(Job(7, "plan", "completed", "success", annotations=said),))
    (job,) = github.get(f"actions/runs/{run.id}/jobs").json()["jobs"]
    (shown,) = github.get(f"check-runs/{job['check_run_url'].rpartition('/')[2]}/annotations").json()
    assert (shown["title"], shown["message"]) == ("plan 7be1c09", "cms 1.2.3 -> 1.2.4\nmigrate")
    assert github.get("check-runs/8/annotations").status_code == 404


@pytest.mark.parametrize(
    ("granted", "allowed"), [({"actions": "read"}, 403), ({"deployments": "write"}, 200)]
)
def test_to_review_a_run_asks_for_more_than_to_look_at_it(
    forge: Forge, github: httpx.Client, clone: Clone, granted: dict[str, str], allowed: int
) -> None:
    environment = forge.protect_environment("production", ["releaser"])
    run = forge.add_run("ci.yml", "push", "main", clone.git("rev-parse", "main"), "ada")
    forge.change_run(run.id, waiting_for="production")
    forge.permissions[forge.token] = granted
    body = {"environment_ids": [environment.id], "state": "approved", "comment": "yes"}
    answer = github.post(f"actions/runs/{run.id}/pending_deployments", json=body)
    assert answer.status_code == allowed
    assert allowed == 200 or answer.headers["x-accepted-github-permissions"] == "deployments=write"
