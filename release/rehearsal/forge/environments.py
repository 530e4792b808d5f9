"""Environments with their reviewers, and deployments with their statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.forge import commits
from release.rehearsal.forge.answers import Answer, Refusal, invalid, not_found
from release.rehearsal.forge.repository import now
from release.rehearsal.forge.store import Deployment, DeploymentStatus

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.shapes import Json
    from release.rehearsal.forge.store import Environment

_STATES = ("error", "failure", "inactive", "in_progress", "queued", "pending", "success")


def get_environment(repository: Repository, call: Call) -> Answer:
    """An environment with its protection rules."""
    environment = repository.state.environments.get(call.path["environment_name"])
    if environment is None:
        raise not_found()
    rules: list[Json] = []
    if environment.wait_timer:
        rules.append({**_rule(environment, "wait_timer"), "wait_timer": environment.wait_timer})
    if environment.reviewers:
        rules.append(
            {
                **_rule(environment, "required_reviewers"),
                "prevent_self_review": environment.prevent_self_review,
                "reviewers": reviewers(repository, environment),
            }
        )
    times = dict.fromkeys(("created_at", "updated_at"), environment.created_at)
    from_branches = {"protected_branches": True, "custom_branch_policies": False}
    policy = from_branches if environment.protected_branches_only else None
    more = {"protection_rules": rules, "deployment_branch_policy": policy}
    return Answer({**named(repository, environment), **times, **more})


def named(repository: Repository, environment: Environment) -> Json:
    """An environment as other answers mention it."""
    page = f"{repository.shapes.html_url}/deployments/activity_log"
    return {
        "id": environment.id,
        "node_id": f"EN_{environment.id}",
        "name": environment.name,
        "url": f"{repository.shapes.repository_url}/environments/{environment.name}",
        "html_url": f"{page}?environments_filter={environment.name}",
    }


def reviewers(repository: Repository, environment: Environment) -> list[Json]:
    """Who may approve."""
    return [{"type": "User", "reviewer": repository.shapes.user(login)} for login in environment.reviewers]


def _rule(environment: Environment, kind: str) -> Json:
    return {"id": environment.id + len(kind), "node_id": f"GA_{environment.id}_{kind}", "type": kind}


def list_deployments(repository: Repository, call: Call) -> Answer:
    """Deployments, newest first; `sha`, `ref`, `task` and `environment` choose."""
    wanted = {name: call.query[name] for name in ("sha", "ref", "task", "environment") if name in call.query}
    found = [
        deployment
        for deployment in reversed(repository.state.deployments.values())
        if all(getattr(deployment, name) == value for name, value in wanted.items())
    ]
    return Answer(items=[shown(repository, deployment) for deployment in found])


def create_deployment(repository: Repository, call: Call) -> Answer:
    """A deployment of a ref. 409 while its commit's statuses are not green, unless none is required."""
    ref = str(call.required("Deployment", "ref"))
    sha = repository.bare.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    known = any(status.sha == sha for status in repository.state.statuses)
    if known and call.body.get("required_contexts") != [] and commits.overall(repository, sha) != "success":
        raise Refusal(409, f"Conflict: Commit status checks failed for {ref}.")
    deployment = Deployment(
        id=repository.state.new_id(),
        ref=ref,
        sha=sha,
        task=call.body.get("task", "deploy"),
        environment=call.body.get("environment", "production"),
        description=call.body.get("description"),
        payload=call.body.get("payload", {}),
        creator=call.login,
        created_at=now(),
    )
    repository.state.deployments[deployment.id] = deployment
    return Answer(shown(repository, deployment), 201)


def get_deployment(repository: Repository, call: Call) -> Answer:
    """One deployment."""
    return Answer(shown(repository, _by_id(repository, call)))


def list_statuses(repository: Repository, call: Call) -> Answer:
    """What a deployment went through, newest first."""
    wanted = _by_id(repository, call).id
    found = [
        status for status in reversed(repository.state.deployment_statuses) if status.deployment == wanted
    ]
    return Answer(items=[_status(repository, status) for status in found])


def create_status(repository: Repository, call: Call) -> Answer:
    """A new state of a deployment; success makes earlier ones of the environment inactive."""
    deployment = _by_id(repository, call)
    state = call.required("DeploymentStatus", "state")
    if state not in _STATES:
        raise invalid("DeploymentStatus", "state")
    made = _new_status(repository, deployment, state, call)
    if state == "success" and call.body.get("auto_inactive", True):
        for earlier in repository.state.deployments.values():
            if earlier.environment == deployment.environment and _is_active(repository, earlier, deployment):
                _new_status(repository, earlier, "inactive", call)
    return Answer(_status(repository, made), 201)


def _is_active(repository: Repository, earlier: Deployment, deployment: Deployment) -> bool:
    states = [s.state for s in repository.state.deployment_statuses if s.deployment == earlier.id]
    return earlier.id != deployment.id and states[-1:] == ["success"]


def _new_status(repository: Repository, deployment: Deployment, state: str, call: Call) -> DeploymentStatus:
    status = DeploymentStatus(
        id=repository.state.new_id(),
        deployment=deployment.id,
        state=state,
        description=call.body.get("description", ""),
        environment=call.body.get("environment", deployment.environment),
        environment_url=call.body.get("environment_url", ""),
        log_url=call.body.get("log_url", ""),
        creator=call.login,
        created_at=now(),
    )
    repository.state.deployment_statuses.append(status)
    return status


def _by_id(repository: Repository, call: Call) -> Deployment:
    deployment = repository.state.deployments.get(call.number("deployment_id"))
    if deployment is None:
        raise not_found()
    return deployment


def shown(repository: Repository, deployment: Deployment) -> Json:
    """A deployment."""
    url = f"{repository.shapes.repository_url}/deployments/{deployment.id}"
    same = ("id", "ref", "sha", "task", "environment", "description", "payload", "created_at")
    return {
        **{name: getattr(deployment, name) for name in same},
        "node_id": f"DE_{deployment.id}",
        "url": url,
        "statuses_url": f"{url}/statuses",
        "repository_url": repository.shapes.repository_url,
        "creator": repository.shapes.user(deployment.creator),
        "updated_at": deployment.created_at,
    }


def _status(repository: Repository, status: DeploymentStatus) -> Json:
    url = f"{repository.shapes.repository_url}/deployments/{status.deployment}"
    links = {name: getattr(status, name) for name in ("environment_url", "log_url") if getattr(status, name)}
    same = ("id", "state", "description", "environment", "created_at")
    return {
        **{name: getattr(status, name) for name in same},
        **links,
        "node_id": f"DES_{status.id}",
        "url": f"{url}/statuses/{status.id}",
        "deployment_url": url,
        "repository_url": repository.shapes.repository_url,
        "target_url": status.log_url or url,
        "creator": repository.shapes.user(status.creator),
        "updated_at": status.created_at,
    }
