"""Every REST operation that the forge serves; GitHub's description says how a path finds its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from release.rehearsal.forge import (
    actions,
    commits,
    environments,
    pulls,
    refs,
    releases,
    rules,
    settings,
)
from release.rehearsal.forge.contract import ContractViolation, github
from release.rehearsal.forge.stored import newest, one

if TYPE_CHECKING:
    from release.rehearsal.forge.contract import Operation
    from release.rehearsal.forge.stored import Handler

_REPO = "/repos/{owner}/{repo}"

# by the permission that a token of limited ones needs, in the words of a workflow's `permissions:`, as docs.github.com
# lists them in "Permissions required for fine-grained personal access tokens"
_DEPLOYED = environments.deployment_shown
_BELOW_REPO: dict[str, dict[str, Handler]] = {
    "": {
        "GET ": settings.get_repository,
        "GET /rules/branches/{branch}": rules.list_rules,
        "GET /rulesets": rules.list_rulesets,
        "GET /rulesets/{ruleset_id}": rules.get_ruleset,
    },
    "administration": {
        "GET /keys": settings.list_keys,
        "GET /actions/permissions/workflow": settings.workflow_permissions,
    },
    "secrets": {
        "GET /actions/secrets": settings.list_secrets,
        "GET /environments/{environment_name}/secrets": settings.list_secrets,
    },
    "variables": {
        "GET /actions/variables": settings.list_variables,
        "GET /environments/{environment_name}/variables": settings.list_variables,
    },
    "contents": {
        "GET /branches": refs.list_branches,
        "GET /branches/{branch}": refs.get_branch,
        "GET /branches/{branch}/protection": rules.get_protection,
        "GET /git/ref/{ref}": refs.get_ref,
        "GET /git/matching-refs/{ref}": refs.matching_refs,
        "POST /git/refs": refs.create_ref,
        "PATCH /git/refs/{ref}": refs.update_ref,
        "DELETE /git/refs/{ref}": refs.delete_ref,
        "GET /git/commits/{commit_sha}": commits.get_git_commit,
        "POST /git/tags": refs.create_tag,
        "GET /git/tags/{tag_sha}": refs.get_tag,
        "GET /commits": commits.list_commits,
        "GET /commits/{ref}": commits.get_commit,
        "GET /compare/{basehead}": commits.compare,
        "GET /contents/{path}": commits.get_content,
        "GET /releases": newest("releases", releases.shown),
        "POST /releases": releases.create_release,
        "GET /releases/latest": releases.latest,
        "POST /releases/generate-notes": releases.generate_notes,
        "GET /releases/tags/{tag}": releases.by_tag,
        "GET /releases/{release_id}": one("releases", "release_id", releases.shown),
        "PATCH /releases/{release_id}": releases.update_release,
        "DELETE /releases/{release_id}": releases.delete_release,
    },
    "statuses": {
        "GET /commits/{ref}/status": commits.combined_status,
        "POST /statuses/{sha}": commits.create_status,
    },
    "checks": {
        "GET /commits/{ref}/check-runs": commits.list_check_runs,
        "GET /check-runs/{check_run_id}/annotations": actions.list_annotations,
    },
    "pull-requests": {
        "GET /commits/{commit_sha}/pulls": pulls.pulls_of_commit,
        "GET /pulls": pulls.list_pulls,
        "POST /pulls": pulls.create_pull,
        "GET /pulls/{pull_number}": one("pulls", "pull_number", pulls.detailed),
        "PATCH /pulls/{pull_number}": pulls.update_pull,
        "GET /pulls/{pull_number}/merge": pulls.is_merged,
        "PUT /pulls/{pull_number}/merge": pulls.merge,
    },
    "issues": {
        "GET /issues/{issue_number}/comments": pulls.list_comments,
        "POST /issues/{issue_number}/comments": pulls.create_comment,
    },
    "deployments": {
        "GET /deployments": newest("deployments", _DEPLOYED, "sha", "ref", "task", "environment"),
        "POST /deployments": environments.create_deployment,
        "GET /deployments/{deployment_id}": one("deployments", "deployment_id", _DEPLOYED),
        "GET /deployments/{deployment_id}/statuses": environments.list_statuses,
        "POST /deployments/{deployment_id}/statuses": environments.create_status,
        "POST /actions/runs/{run_id}/pending_deployments": environments.review,  # more than to look asks for
    },
    "actions": {
        "GET /environments/{environment_name}": one(
            "environments", "environment_name", environments.environment_shown
        ),
        "GET /actions/workflows": actions.list_workflows,
        "POST /actions/workflows/{workflow_id}/dispatches": actions.dispatch,
        "GET /actions/runs": actions.list_runs,
        "GET /actions/runs/{run_id}": one("runs", "run_id", actions.shown),
        "GET /actions/runs/{run_id}/attempts/{attempt_number}": actions.get_attempt,
        "GET /actions/runs/{run_id}/jobs": actions.list_jobs,
        "GET /actions/runs/{run_id}/approvals": environments.list_approvals,
        "GET /actions/runs/{run_id}/pending_deployments": environments.pending_deployments,
    },
}


def _row(words: str) -> tuple[str, str]:
    method, _, path = words.partition(" ")
    return method, f"{_REPO}{path}"


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/rate_limit"): settings.get_rate_limit,
    ("GET", "/user"): settings.get_user,
    **{_row(words): handler for rows in _BELOW_REPO.values() for words, handler in rows.items()},
}
_PERMISSIONS = {_row(words): permission for permission, rows in _BELOW_REPO.items() for words in rows}


class Found(NamedTuple):
    """What serves a request, the path's variables unquoted, what GitHub's description says, and the permission it takes."""

    handler: Handler
    variables: dict[str, str]
    operation: Operation
    permission: str


def find(method: str, raw_path: str) -> Found | None:
    """What serves a path as it was on the wire (still quoted)."""
    try:
        operation = github().operation(method, raw_path)
    except ContractViolation:
        return None
    route = (method, operation.template)
    variables = {name: unquote(value) for name, value in operation.variables.items()}
    handler = ROUTES.get(route)
    return Found(handler, variables, operation, _PERMISSIONS.get(route, "")) if handler is not None else None
