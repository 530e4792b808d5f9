"""Environments with their reviewers, the reviews of runs that wait for one, and deployments with their statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge import commits
from release.rehearsal.forge.answers import Answer, Refusal
from release.rehearsal.forge.store import Approval, Deployment, DeploymentStatus
from release.rehearsal.forge.stored import fields, found, made

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.store import Environment, Run


def environment_shown(repository: Repository, environment: Environment) -> Json:
    rules: list[Json] = []
    if environment.wait_timer:
        rules.append({"type": "wait_timer", **fields(environment, "wait_timer")})
    if environment.reviewers:
        reviewers = {"reviewers": _reviewers(repository, environment)}
        rules.append(
            {"type": "required_reviewers", **fields(environment, "prevent_self_review"), **reviewers}
        )
    from_branches = {"protected_branches": True, "custom_branch_policies": False}
    return {
        **_named(repository, environment),
        **fields(environment, "created_at"),
        "protection_rules": [{"id": environment.id + len(rule["type"]), **rule} for rule in rules],
        "deployment_branch_policy": from_branches if environment.protected_branches_only else None,
    }


def list_approvals(repository: Repository, call: Call) -> Answer:
    """Who approved or rejected the run."""
    return Answer(
        [
            {
                **fields(approval, "state comment"),
                "user": repository.shapes.user(approval.login),
                "environments": [_named(repository, repository.state.environments[approval.environment])],
            }
            for approval in found(repository.state.runs, call, "run_id").approvals
        ]
    )


def pending_deployments(repository: Repository, call: Call) -> Answer:
    """The environment that a waiting run needs approval for; an empty list when it waits for none."""
    run = found(repository.state.runs, call, "run_id")
    environment = repository.state.environments.get(run.waiting_for or "")
    if environment is None:
        return Answer([])
    pending = {
        "environment": _named(repository, environment),
        **fields(environment, "wait_timer"),
        "current_user_can_approve": _may_review(run, environment, call.login),
        "reviewers": _reviewers(repository, environment),
    }
    return Answer([pending])


def review(repository: Repository, call: Call) -> Answer:
    """A waiting run approved (it goes on) or rejected (it fails). 422 for who may not review."""
    run = found(repository.state.runs, call, "run_id")
    ids, state, comment = (call.body[name] for name in ("environment_ids", "state", "comment"))
    environment = repository.state.environments.get(run.waiting_for or "")
    if environment is None or environment.id not in ids:
        raise Refusal(422, "There are no pending deployments for these environments")
    if not _may_review(run, environment, call.login):
        raise Refusal(422, f"{call.login} may not review deployments to {environment.name}")
    approvals = (*run.approvals, Approval(state, comment, environment.name, call.login))
    went = {"status": "queued"} if state == "approved" else {"status": "completed", "conclusion": "failure"}
    changed = msgspec.structs.replace(run, waiting_for=None, approvals=approvals, **went)
    repository.state.runs[run.id] = changed
    asked = {"environment": environment.name, "description": comment}
    deployment = Deployment(repository.state.new_id(), run.branch, run.sha, run.actor, **asked)
    repository.state.deployments[deployment.id] = deployment
    return Answer([deployment_shown(repository, deployment)])


def _may_review(run: Run, environment: Environment, login: str) -> bool:
    own = environment.prevent_self_review and login == run.actor
    return login in environment.reviewers and not own


def _named(repository: Repository, environment: Environment) -> Json:
    page = f"{repository.shapes.html_url}/deployments/activity_log"
    return {
        **fields(environment, "id name"),
        "node_id": f"EN_{environment.id}",
        "url": f"{repository.shapes.repository_url}/environments/{environment.name}",
        "html_url": f"{page}?environments_filter={environment.name}",
    }


def _reviewers(repository: Repository, environment: Environment) -> list[Json]:
    return [{"type": "User", "reviewer": repository.shapes.user(login)} for login in environment.reviewers]


def create_deployment(repository: Repository, call: Call) -> Answer:
    """A deployment of a ref. 409 while its commit's statuses are not green, unless none is required."""
    ref = call.body["ref"]
    sha = repository.bare.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    known = any(status.sha == sha for status in repository.state.statuses)
    if known and call.body.get("required_contexts") != [] and commits.overall(repository, sha) != "success":
        raise Refusal(409, f"Conflict: Commit status checks failed for {ref}.")
    deployment = made(Deployment, repository, call, sha=sha, creator=call.login)
    repository.state.deployments[deployment.id] = deployment
    return Answer(deployment_shown(repository, deployment))


def list_statuses(repository: Repository, call: Call) -> Answer:
    """What a deployment went through, newest first."""
    wanted = found(repository.state.deployments, call, "deployment_id").id
    statuses = [one for one in reversed(repository.state.deployment_statuses) if one.deployment == wanted]
    return Answer([_status(repository, status) for status in statuses])


def create_status(repository: Repository, call: Call) -> Answer:
    """A new state of a deployment; success makes earlier ones of the environment inactive."""
    deployment = found(repository.state.deployments, call, "deployment_id")
    state = call.body["state"]
    made = _new_status(repository, deployment, state, call)
    if state == "success" and call.body.get("auto_inactive", True):
        for earlier in repository.state.deployments.values():
            if earlier.environment == deployment.environment and _is_active(repository, earlier, deployment):
                _new_status(repository, earlier, "inactive", call)
    return Answer(_status(repository, made))


def _is_active(repository: Repository, earlier: Deployment, deployment: Deployment) -> bool:
    states = [s.state for s in repository.state.deployment_statuses if s.deployment == earlier.id]
    return earlier.id != deployment.id and states[-1:] == ["success"]


def _new_status(repository: Repository, deployment: Deployment, state: str, call: Call) -> DeploymentStatus:
    where = call.body.get("environment", deployment.environment)
    known = {"deployment": deployment.id, "state": state, "environment": where, "creator": call.login}
    status = made(DeploymentStatus, repository, call, **known)
    repository.state.deployment_statuses.append(status)
    return status


def deployment_shown(repository: Repository, deployment: Deployment) -> Json:
    return {
        **fields(deployment, "id ref sha task environment description payload created_at"),
        "url": _url(repository, deployment.id),
        "repository_url": repository.shapes.repository_url,
        "creator": repository.shapes.user(deployment.creator),
    }


def _status(repository: Repository, status: DeploymentStatus) -> Json:
    url = _url(repository, status.deployment)
    links = {name: link for name, link in fields(status, "environment_url log_url").items() if link}
    return {
        **fields(status, "id state description environment created_at"),
        **links,
        "url": f"{url}/statuses/{status.id}",
        "deployment_url": url,
        "repository_url": repository.shapes.repository_url,
        "target_url": status.log_url or url,
        "creator": repository.shapes.user(status.creator),
    }


def _url(repository: Repository, deployment: int) -> str:
    return f"{repository.shapes.repository_url}/deployments/{deployment}"
