"""Environments with their reviewers, and the reviews of runs that wait for one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.forge import deployments
from release.rehearsal.forge.answers import Answer, Refusal
from release.rehearsal.forge.store import Approval
from release.rehearsal.forge.stored import fields, found

if TYPE_CHECKING:
    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.store import Environment, Run


def shown(repository: Repository, environment: Environment) -> Json:
    """An environment with its protection rules."""
    of_kinds = {
        "wait_timer": fields(environment, "wait_timer") if environment.wait_timer else None,
        "required_reviewers": {
            **fields(environment, "prevent_self_review"),
            "reviewers": _reviewers(repository, environment),
        }
        if environment.reviewers
        else None,
    }
    rules = [
        {"id": environment.id + len(kind), "node_id": f"GA_{environment.id}_{kind}", "type": kind, **rule}
        for kind, rule in of_kinds.items()
        if rule
    ]
    from_branches = {"protected_branches": True, "custom_branch_policies": False}
    return {
        **_named(repository, environment),
        **fields(environment, "created_at"),
        "protection_rules": rules,
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
    deployment = deployments.deploy(repository, run.branch, run.sha, run.actor, **asked)
    return Answer([deployments.shown(repository, deployment)])


def _may_review(run: Run, environment: Environment, login: str) -> bool:
    own = environment.prevent_self_review and login == run.actor
    return login in environment.reviewers and not own


def _named(repository: Repository, environment: Environment) -> Json:
    """An environment as other answers mention it."""
    page = f"{repository.shapes.html_url}/deployments/activity_log"
    return {
        **fields(environment, "id name"),
        "node_id": f"EN_{environment.id}",
        "url": f"{repository.shapes.repository_url}/environments/{environment.name}",
        "html_url": f"{page}?environments_filter={environment.name}",
    }


def _reviewers(repository: Repository, environment: Environment) -> list[Json]:
    return [{"type": "User", "reviewer": repository.shapes.user(login)} for login in environment.reviewers]
