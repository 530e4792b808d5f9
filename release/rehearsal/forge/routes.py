"""Every REST operation that the forge serves, and how a raw path finds its own."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote

from release.rehearsal.forge import (
    account,
    actions,
    commits,
    environments,
    pulls,
    refs,
    releases,
    rules,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.rehearsal.forge.answers import Answer, Call
    from release.rehearsal.forge.repository import Repository

    Handler = Callable[[Repository, Call], Answer]

_REPO = "/repos/{owner}/{repo}"
_RUN = f"{_REPO}/actions/runs/{{run_id}}"

# within one method the first match counts, so literal parts stand before variables
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "/user"): account.get_user,
    ("GET", _REPO): account.get_repository,
    ("GET", f"{_REPO}/branches"): refs.list_branches,
    ("GET", f"{_REPO}/branches/{{branch}}/protection"): rules.get_protection,
    ("GET", f"{_REPO}/branches/{{branch}}"): refs.get_branch,
    ("GET", f"{_REPO}/rules/branches/{{branch}}"): rules.list_rules,
    ("GET", f"{_REPO}/rulesets"): rules.list_rulesets,
    ("GET", f"{_REPO}/rulesets/{{ruleset_id}}"): rules.get_ruleset,
    ("GET", f"{_REPO}/keys"): settings.list_keys,
    ("GET", f"{_REPO}/actions/secrets"): settings.list_secrets,
    ("GET", f"{_REPO}/actions/variables"): settings.list_variables,
    ("GET", f"{_REPO}/actions/permissions/workflow"): settings.workflow_permissions,
    ("GET", f"{_REPO}/environments/{{environment_name}}/secrets"): settings.list_secrets,
    ("GET", f"{_REPO}/environments/{{environment_name}}/variables"): settings.list_variables,
    ("GET", f"{_REPO}/git/ref/{{ref}}"): refs.get_ref,
    ("GET", f"{_REPO}/git/matching-refs/{{ref}}"): refs.matching_refs,
    ("POST", f"{_REPO}/git/refs"): refs.create_ref,
    ("PATCH", f"{_REPO}/git/refs/{{ref}}"): refs.update_ref,
    ("DELETE", f"{_REPO}/git/refs/{{ref}}"): refs.delete_ref,
    ("GET", f"{_REPO}/git/commits/{{commit_sha}}"): commits.get_git_commit,
    ("POST", f"{_REPO}/git/tags"): refs.create_tag,
    ("GET", f"{_REPO}/git/tags/{{tag_sha}}"): refs.get_tag,
    ("GET", f"{_REPO}/commits"): commits.list_commits,
    ("GET", f"{_REPO}/commits/{{commit_sha}}/pulls"): pulls.pulls_of_commit,
    ("GET", f"{_REPO}/commits/{{ref}}/status"): commits.combined_status,
    ("GET", f"{_REPO}/commits/{{ref}}/check-runs"): commits.list_check_runs,
    ("GET", f"{_REPO}/commits/{{ref}}"): commits.get_commit,
    ("POST", f"{_REPO}/statuses/{{sha}}"): commits.create_status,
    ("GET", f"{_REPO}/compare/{{basehead}}"): commits.compare,
    ("GET", f"{_REPO}/contents/{{path}}"): commits.get_content,
    ("GET", f"{_REPO}/releases"): releases.list_releases,
    ("POST", f"{_REPO}/releases"): releases.create_release,
    ("GET", f"{_REPO}/releases/latest"): releases.latest,
    ("POST", f"{_REPO}/releases/generate-notes"): releases.generate_notes,
    ("GET", f"{_REPO}/releases/tags/{{tag}}"): releases.by_tag,
    ("GET", f"{_REPO}/releases/{{release_id}}"): releases.get_release,
    ("PATCH", f"{_REPO}/releases/{{release_id}}"): releases.update_release,
    ("DELETE", f"{_REPO}/releases/{{release_id}}"): releases.delete_release,
    ("GET", f"{_REPO}/pulls"): pulls.list_pulls,
    ("POST", f"{_REPO}/pulls"): pulls.create_pull,
    ("GET", f"{_REPO}/pulls/{{pull_number}}"): pulls.get_pull,
    ("PATCH", f"{_REPO}/pulls/{{pull_number}}"): pulls.update_pull,
    ("GET", f"{_REPO}/pulls/{{pull_number}}/merge"): pulls.is_merged,
    ("PUT", f"{_REPO}/pulls/{{pull_number}}/merge"): pulls.merge,
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments"): pulls.list_comments,
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments"): pulls.create_comment,
    ("GET", f"{_REPO}/environments/{{environment_name}}"): environments.get_environment,
    ("GET", f"{_REPO}/deployments"): environments.list_deployments,
    ("POST", f"{_REPO}/deployments"): environments.create_deployment,
    ("GET", f"{_REPO}/deployments/{{deployment_id}}"): environments.get_deployment,
    ("GET", f"{_REPO}/deployments/{{deployment_id}}/statuses"): environments.list_statuses,
    ("POST", f"{_REPO}/deployments/{{deployment_id}}/statuses"): environments.create_status,
    ("GET", f"{_REPO}/check-runs/{{check_run_id}}/annotations"): actions.list_annotations,
    ("GET", f"{_REPO}/actions/workflows"): actions.list_workflows,
    ("POST", f"{_REPO}/actions/workflows/{{workflow_id}}/dispatches"): actions.dispatch,
    ("GET", f"{_REPO}/actions/runs"): actions.list_runs,
    ("GET", _RUN): actions.get_run,
    ("GET", f"{_RUN}/attempts/{{attempt_number}}"): actions.get_attempt,
    ("GET", f"{_RUN}/jobs"): actions.list_jobs,
    ("GET", f"{_RUN}/approvals"): actions.list_approvals,
    ("GET", f"{_RUN}/pending_deployments"): actions.pending_deployments,
    ("POST", f"{_RUN}/pending_deployments"): actions.review,
}

# GitHub takes slashes in these, both raw and as %2F
_WITH_SLASHES = frozenset({"ref", "path", "basehead", "branch", "tag"})


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], Handler]]:
    def variable(match: re.Match[str]) -> str:
        name = match.group(1)
        return f"(?P<{name}>.+)" if name in _WITH_SLASHES else f"(?P<{name}>[^/]+)"

    return [
        (method, re.compile(re.sub(r"\\{(\w+)\\}", variable, re.escape(template))), handler)
        for (method, template), handler in ROUTES.items()
    ]


def find(method: str, raw_path: str) -> tuple[Handler, dict[str, str]] | None:
    """The handler of a path as it was on the wire (still quoted), and the path's variables unquoted."""
    for wanted, pattern, handler in _patterns():
        match = pattern.fullmatch(raw_path) if wanted == method else None
        if match:
            return handler, {name: unquote(value) for name, value in match.groupdict().items()}
    return None
