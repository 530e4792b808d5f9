"""Rulesets and branch protection: shown by REST, kept by the update hook and by writes over REST."""

from __future__ import annotations

import shlex
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from release.rehearsal.forge.answers import Answer, Refusal, not_found

if TYPE_CHECKING:
    from pathlib import Path

    from release.rehearsal.forge.answers import Call
    from release.rehearsal.forge.contract import Json
    from release.rehearsal.forge.repository import Repository
    from release.rehearsal.forge.store import Ruleset

# a rule of these types refuses a direct push; the words are those that GitHub's GH013 answer uses
_PUSH_REFUSALS = {
    "pull_request": "Changes must be made through a pull request.",
    "update": "Cannot update this protected ref.",
    "required_status_checks": "Required status checks are expected.",
    "required_signatures": "Commits must have verified signatures.",
    "required_linear_history": "This branch must not contain merge commits.",
}
_OF_COMMITS = {
    "required_signatures",
    "required_linear_history",
}  # GitHub signs what it commits, and merges nothing there
_ONLY_MERGES = (
    'test -n "$(git rev-list --merges "$3" --not --all)" && '  # in an update hook $3 is the new commit
)
_MARK = "# written by the forge from its rulesets"


def rules_of(repository: Repository, branch: str) -> list[Json]:
    """The rules that apply to a branch, each with the ruleset it comes from."""
    shapes = repository.shapes
    source = {
        "ruleset_source_type": "Repository",
        "ruleset_source": f"{shapes.owner}/{shapes.name}",
    }
    return [
        {**rule, **source, "ruleset_id": ruleset.id}
        for ruleset in repository.state.rulesets
        if ruleset.target == "branch" and any(fnmatchcase(branch, pattern) for pattern in ruleset.branches)
        for rule in ruleset.rules
    ]


def is_protected(repository: Repository, branch: str) -> bool:
    """Whether any rule applies to the branch."""
    return bool(rules_of(repository, branch))


def list_rules(repository: Repository, call: Call) -> Answer:
    """The active rules of a branch, which need not exist."""
    return Answer(rules_of(repository, call.path["branch"]))


def list_rulesets(repository: Repository, _: Call) -> Answer:
    """Every ruleset, without its rules, as GitHub lists them."""
    return Answer([_ruleset(repository, ruleset) for ruleset in repository.state.rulesets])


def get_ruleset(repository: Repository, call: Call) -> Answer:
    """One ruleset with its rules, and who may bypass it; a login that is a deploy key's title is that key."""
    wanted = call.number("ruleset_id")
    found = [ruleset for ruleset in repository.state.rulesets if ruleset.id == wanted]
    if not found:
        raise not_found()
    keys = {key.title for key in repository.state.deploy_keys}
    actors = [
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"}
        if login in keys
        else {"actor_id": 1, "actor_type": "Integration", "bypass_mode": "always"}
        for login in found[0].bypass
    ]
    where = {"include": [f"refs/heads/{name}" for name in found[0].branches], "exclude": list[str]()}
    if found[0].target == "tag":
        where["include"] = [f"refs/tags/{name}" for name in found[0].branches]
    more = {"rules": list(found[0].rules), "bypass_actors": actors, "conditions": {"ref_name": where}}
    return Answer({**_ruleset(repository, found[0]), **more})


def _ruleset(repository: Repository, ruleset: Ruleset) -> Json:
    return {
        "id": ruleset.id,
        "name": ruleset.name,
        "target": ruleset.target,
        "source_type": "Repository",
        "source": f"{repository.shapes.owner}/{repository.shapes.name}",
        "enforcement": "active",
    }


def get_protection(repository: Repository, call: Call) -> Answer:
    """A branch's protection, derived from the same rules. 404 when it has none."""
    branch = call.path["branch"]
    kinds = {rule["type"]: rule.get("parameters", {}) for rule in rules_of(repository, branch)}
    if not kinds:
        raise not_found("Branch not protected")
    url = f"{repository.shapes.repository_url}/branches/{branch}/protection"
    body: Json = {
        "url": url,
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": True},
        "required_linear_history": {"enabled": "required_linear_history" in kinds},
        "allow_force_pushes": {"enabled": "non_fast_forward" not in kinds},
        "allow_deletions": {"enabled": "deletion" not in kinds},
    }
    if "pull_request" in kinds:
        count = kinds["pull_request"].get("required_approving_review_count", 1)
        body["required_pull_request_reviews"] = {
            "url": f"{url}/required_pull_request_reviews",
            "dismiss_stale_reviews": False,
            "require_code_owner_reviews": False,
            "required_approving_review_count": count,
        }
    return Answer(body)


def check_rest_write(repository: Repository, ref: str) -> None:
    """Raises Refusal 422 when a rule keeps the refs API from changing this ref."""
    if not ref.startswith("refs/heads/"):
        return
    for rule in rules_of(repository, ref.removeprefix("refs/heads/")):
        if rule["type"] in _PUSH_REFUSALS.keys() - _OF_COMMITS:
            raise Refusal(422, f"Repository rule violations found\n\n{_PUSH_REFUSALS[rule['type']]}\n\n")


def write_hook(rulesets: list[Ruleset], file: Path) -> None:
    """Let the repository's update hook refuse what the rules forbid. Somebody else's hook is kept."""
    if file.exists() and _MARK not in file.read_text("utf-8"):
        return
    cases = [
        f'case "$1" in refs/heads/{pattern}) {_unless(ruleset)}{_when(rule["type"])}'
        f'refuse {shlex.quote(_PUSH_REFUSALS[rule["type"]])} "$1";; esac'
        for ruleset in rulesets
        if ruleset.target == "branch"
        for pattern in ruleset.branches
        for rule in ruleset.rules
        if rule["type"] in _PUSH_REFUSALS
    ]
    said = (
        'echo "error: GH013: Repository rule violations found for $2." >&2; '
        'echo "Review all repository rules" >&2; echo >&2; echo "- $1" >&2; echo >&2; exit 1'
    )
    lines = ["#!/bin/sh", _MARK, f"refuse() {{ {said}; }}", *cases, "exit 0", ""]
    file.write_text("\n".join(lines), "utf-8")
    file.chmod(0o755)


def _when(kind: str) -> str:
    return _ONLY_MERGES if kind == "required_linear_history" else ""


def _unless(ruleset: Ruleset) -> str:
    """The shell's words for "unless the pusher may bypass it"; git's CGI program hands on whom the token belongs to."""
    return "".join(f'[ "$REMOTE_USER" = {shlex.quote(login)} ] || ' for login in ruleset.bypass)
