"""What the owner of a GitHub repository has set: secrets by name, variables, keys, rules, what tokens may do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

if TYPE_CHECKING:
    from release.systems.github.rest import Rest


class Named(msgspec.Struct, frozen=True):
    """A secret or a variable; only the name is read."""

    name: str


class Workflow(msgspec.Struct, frozen=True):
    """A workflow file of the default branch; `state` is active, or says why it is not."""

    path: str
    state: str


class DeployKey(msgspec.Struct, frozen=True):
    """A key that opens this repository alone."""

    title: str
    read_only: bool


class Actor(msgspec.Struct, frozen=True):
    """Whom rules do not hold: DeployKey, Integration (a GitHub App), RepositoryRole, Team, User..."""

    actor_type: str


class RefName(msgspec.Struct, frozen=True):
    """Patterns of refs; `~DEFAULT_BRANCH` and `~ALL` are GitHub's own words."""

    include: tuple[str, ...] = ()


class Conditions(msgspec.Struct, frozen=True):
    """Where a ruleset holds."""

    ref_name: RefName = RefName()


class StatusCheck(msgspec.Struct, frozen=True):
    """A check that a rule asks for, by its name."""

    context: str


class RuleParameters(msgspec.Struct, frozen=True):
    """What is read of a rule's parameters."""

    required_status_checks: tuple[StatusCheck, ...] = ()


class Rule(msgspec.Struct, frozen=True):
    """A rule of a ruleset."""

    type: str
    ruleset_id: int | None = None
    parameters: RuleParameters | None = None

    @property
    def checks(self) -> frozenset[str]:
        """The status checks that it asks for."""
        asked = self.parameters.required_status_checks if self.parameters else ()
        return frozenset(one.context for one in asked)


class Ruleset(msgspec.Struct, frozen=True, kw_only=True):
    """A ruleset; GitHub shows `bypass_actors` only to who may change it, else it is None."""

    id: int
    name: str = ""
    target: str = "branch"
    enforcement: str = "active"
    rules: tuple[Rule, ...] = ()
    bypass_actors: tuple[Actor, ...] | None = None
    conditions: Conditions | None = None


class Protection(msgspec.Struct, frozen=True):
    """The older protection of a branch; that it exists is all that is read."""

    url: str = ""


class Permissions(msgspec.Struct, frozen=True):
    """What the token of a workflow may do that asks for nothing: read or write."""

    default_workflow_permissions: str


def workflows(github: Rest) -> tuple[Workflow, ...]:
    """The workflow files."""
    return github.pages("/actions/workflows", Workflow, "read its workflows", key="workflows")


def secrets(github: Rest, environment: str = "") -> frozenset[str]:
    """The names of an environment's secrets, or of the repository's."""
    return _names(github, environment, "secrets")


def variables(github: Rest) -> frozenset[str]:
    """The names of the repository's variables."""
    return _names(github, "", "variables")


def deploy_keys(github: Rest) -> tuple[DeployKey, ...]:
    """The deploy keys."""
    return github.pages("/keys", DeployKey, "read its deploy keys")


def branch_rules(github: Rest, branch: str) -> tuple[Rule, ...]:
    """The rules that hold for a branch."""
    return github.pages(f"/rules/branches/{quote(branch, safe='')}", Rule, "read its rules")


def protection(github: Rest, branch: str) -> Protection | None:
    """The older protection of a branch, None where it has none."""
    return github.find(
        f"/branches/{quote(branch, safe='')}/protection", Protection, "read its branch protection"
    )


def rulesets(github: Rest) -> tuple[Ruleset, ...]:
    """Every ruleset, with its rules and who bypasses it."""
    listed = github.pages("/rulesets", Ruleset, "read its rulesets")
    return tuple(github.read(f"/rulesets/{one.id}", Ruleset, "read its rulesets") for one in listed)


def default_permissions(github: Rest) -> str:
    """What the token of a workflow may do that asks for nothing: read or write."""
    asked = "read its Actions settings"
    return github.read("/actions/permissions/workflow", Permissions, asked).default_workflow_permissions


def _names(github: Rest, environment: str, kind: str) -> frozenset[str]:
    folder = f"/environments/{quote(environment, safe='')}" if environment else "/actions"
    where = f"of {environment}" if environment else "of the repository"
    found = github.pages(f"{folder}/{kind}", Named, f"read the {kind} {where}", key=kind)
    return frozenset(one.name for one in found)
