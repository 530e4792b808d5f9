"""Deployments and the states that they went through."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.rehearsal.forge import commits
from release.rehearsal.forge.answers import Answer, Refusal
from release.rehearsal.forge.store import Deployment, DeploymentStatus
from release.rehearsal.forge.stored import chosen, fields, found

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository


def list_deployments(repository: Repository, call: Call) -> Answer:
    """Deployments, newest first; `sha`, `ref`, `task` and `environment` choose."""
    by = {name: name for name in ("sha", "ref", "task", "environment")}
    made = chosen(reversed(repository.state.deployments.values()), call, **by)
    return Answer([shown(repository, deployment) for deployment in made])


def create_deployment(repository: Repository, call: Call) -> Answer:
    """A deployment of a ref. 409 while its commit's statuses are not green, unless none is required."""
    ref = call.body["ref"]
    sha = repository.bare.resolve(ref)
    if sha is None:
        raise Refusal(422, f"No ref found for: {ref}")
    known = any(status.sha == sha for status in repository.state.statuses)
    if known and call.body.get("required_contexts") != [] and commits.overall(repository, sha) != "success":
        raise Refusal(409, f"Conflict: Commit status checks failed for {ref}.")
    given = ("task", "environment", "description", "payload")
    asked = {name: call.body[name] for name in given if name in call.body}
    return Answer(shown(repository, deploy(repository, ref, sha, call.login, **asked)))


def deploy(repository: Repository, ref: str, sha: str, creator: str, **asked: str) -> Deployment:
    """A deployment made; what is not asked is as GitHub has it."""
    deployment = Deployment(repository.state.new_id(), ref, sha, creator, **asked)
    repository.state.deployments[deployment.id] = deployment
    return deployment


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
    texts = ("description", "environment_url", "log_url")
    status = DeploymentStatus(
        id=repository.state.new_id(),
        deployment=deployment.id,
        state=state,
        environment=call.body.get("environment", deployment.environment),
        creator=call.login,
        **{name: call.body.get(name, "") for name in texts},
    )
    repository.state.deployment_statuses.append(status)
    return status


def shown(repository: Repository, deployment: Deployment) -> Json:
    """A deployment."""
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
