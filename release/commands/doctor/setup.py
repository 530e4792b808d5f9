"""The steps of a repository's set-up, one function each: what is found to be right, or MissingError."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec

from release.errors import BlockedError, CannotReadError
from release.model.health import rule_of
from release.systems.github import actions, settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.config import Config
    from release.systems.cloudflare.api import Cloudflare
    from release.systems.git.client import Git
    from release.systems.github.rest import Rest

READ_TOKEN, TOKEN, ACCOUNT = "CLOUDFLARE_READ_TOKEN", "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"
KEY = "RELEASE_DEPLOY_KEY"
REQUIRED = "required"  # the job of ci.yml that speaks for all of its jobs
_PUSHERS = frozenset({"DeployKey", "Integration"})
_KEEP_TAGS = frozenset({"update", "deletion", "non_fast_forward"})


class MissingError(BlockedError):
    """A step of the set-up that has not been done: what is missing, and what to do."""


class Repository(msgspec.Struct, frozen=True):
    """The repository; `private` matters for what GitHub's plan offers."""

    full_name: str
    private: bool = False


@dataclass(frozen=True)
class Setup:
    """The repository that is looked at. `publishes` says whether packages are published from it.

    `cloudflare` is None where no token for it is at hand.
    """

    config: Config
    github: Rest
    git: Git
    publishes: bool = False
    cloudflare: Cloudflare | None = None

    @property
    def others(self) -> tuple[str, ...]:
        """The environments that are only deployed to, such as staging."""
        return tuple(name for name in self.config.environments if name != self.config.production)


def token(patient: Setup) -> str:
    """The token opens the repository."""
    found = patient.github.read("", Repository, "read the repository")
    return f"can read {found.full_name}"


def workflows(patient: Setup) -> str:
    """The workflow files lie on the default branch, and are enabled."""
    wanted = ["ci.yml", patient.config.approval.workflow]
    known = {one.path.rpartition("/")[2]: one.state for one in settings.workflows(patient.github)}
    missing = [name for name in wanted if name not in known]
    if missing:
        raise MissingError(
            f"{_and(missing)} {_is(missing)} not in .github/workflows of the default branch.",
            "Copy the workflows, or let inv init write them; commit and push.",
        )
    off = [name for name in wanted if known[name] != "active"]
    if off:
        raise MissingError(
            f"{_and(off)} {_is(off)} disabled.",
            f"Enable it: {patient.github.page(f'/actions/workflows/{off[0]}')}",
        )
    return _and(wanted)


def environments(patient: Setup) -> str:
    """GitHub has an environment for each place that workflows deploy to."""
    approval = patient.config.approval
    wanted = [approval.environment, *patient.others]
    wanted += [approval.publish_environment] if patient.publishes else []
    missing = [name for name in wanted if actions.environment(patient.github, name) is None]
    if missing:
        raise MissingError(
            f"GitHub has no environment {_and(missing)}.",
            f"Add it: {patient.github.page('/settings/environments')}",
        )
    return _and(wanted)


def reviewers(patient: Setup) -> str:
    """Production asks somebody, and, with two_person, somebody else."""
    found, where = _production(patient), patient.github.page("/settings/environments")
    if not found.reviewers:
        private = patient.github.read("", Repository, "read the repository").private
        plan = " A private repository has them with GitHub Enterprise only." if private else ""
        raise MissingError(
            f"The environment {found.name} has no required reviewers: whoever starts a release also approves it.",
            f"Add up to six people or teams, of whom one has to approve: {where}.{plan}",
        )
    if patient.config.approval.two_person and not found.prevents_self_review:
        raise MissingError(
            f"The environment {found.name} lets people approve what they dispatched, and two_person refuses it later.",
            f'Turn on "Prevent self-review": {where}',
        )
    return f"{_and(found.reviewers)} may approve" + (", not their own" if found.prevents_self_review else "")


def deployment_branches(patient: Setup) -> str:
    """Only chosen branches reach production's secrets."""
    found = _production(patient)
    if found.deployment_branch_policy is None:
        raise MissingError(
            f"Every branch may deploy to the environment {found.name}, and so read its secrets.",
            f'Choose "Selected branches and tags" and name {patient.config.branch}: '
            f"{patient.github.page('/settings/environments')}",
        )
    return "only selected branches can deploy"


def secrets(patient: Setup) -> str:
    """Each environment holds the tokens that its workflow hands on; the plan has a token that only reads."""
    approval, shared = patient.config.approval, settings.secrets(patient.github)
    wanted = {"": [READ_TOKEN], **{name: [TOKEN] for name in patient.others}}
    wanted |= {approval.publish_environment: [KEY]} if patient.publishes else {}
    wanted[approval.environment] = [TOKEN, KEY]
    missing = [
        f"{name} of {where or 'the repository'}"
        for where, names in wanted.items()
        for name in sorted(set(names) - shared - _secrets_of(patient, where))
    ]
    if missing:
        raise MissingError(
            f"There is no secret {_and(missing)}.",
            f"Add it: {patient.github.page('/settings/environments')} (those of the repository: /settings/secrets/actions)",
        )
    return _and(sorted({name for names in wanted.values() for name in names}))


def variables(patient: Setup) -> str:
    """The Cloudflare account is named for every job; the plan belongs to no environment."""
    if ACCOUNT not in settings.variables(patient.github):
        raise MissingError(
            f"The repository has no variable {ACCOUNT}.",
            f"Add it: {patient.github.page('/settings/variables/actions')}",
        )
    return ACCOUNT


def deploy_key(patient: Setup) -> str:
    """A key that may push: GITHUB_TOKEN starts no workflows and bypasses no rules."""
    keys = [key.title for key in settings.deploy_keys(patient.github) if not key.read_only]
    if not keys:
        raise MissingError(
            "The repository has no deploy key that may write.",
            f"Make one (ssh-keygen -t ed25519), allow write access: {patient.github.page('/settings/keys')}; "
            f"its private half is the secret {KEY}.",
        )
    return _and(keys)


def branch(patient: Setup) -> str:
    """The branch takes nothing that did not pass its checks."""
    name = patient.config.branch
    rules = settings.branch_rules(patient.github, name)
    kinds = {rule.type for rule in rules}
    lacking = [] if "pull_request" in kinds else ["a pull request"]
    if not any(REQUIRED in rule.checks for rule in rules):
        lacking.append(f'the status check "{REQUIRED}"')
    if kinds and lacking:
        raise MissingError(
            f"The rules of {name} do not ask for {' and '.join(lacking)}: failing changes can be merged.",
            f"Add that to its ruleset: {patient.github.page('/settings/rules')}",
        )
    if kinds:
        return f"{name}: {', '.join(sorted(kinds)).replace('_', ' ')}"
    if settings.protection(patient.github, name) is not None:
        return f"{name} is protected"
    raise MissingError(
        f"{name} has no ruleset and no branch protection.",
        f'Ask for a pull request and for the check "required": {patient.github.page("/settings/rules")}',
    )


def bypass(patient: Setup) -> str:
    """What pushes the bump may pass the branch's rules."""
    name = patient.config.branch
    held = {rule.ruleset_id for rule in settings.branch_rules(patient.github, name)}
    rulesets = [one for one in settings.rulesets(patient.github) if one.id in held]
    if not held and settings.protection(patient.github, name) is not None:
        raise CannotReadError(
            f"{name} has the older branch protection, which does not support deploy keys.",
            "Use a ruleset, whose bypass list takes one; else releases land by pull request.",
        )
    for one in rulesets:
        if one.bypass_actors is None:
            raise CannotReadError(
                f"GitHub does not show who bypasses the ruleset {one.name}.",
                "The token needs Administration: write to see it.",
            )
        if not _PUSHERS & {actor.actor_type for actor in one.bypass_actors}:
            raise MissingError(
                f"No deploy key and no GitHub App bypasses the ruleset {one.name}: the bump cannot be pushed to {name}.",
                f"Add deploy keys to its bypass list: {patient.github.page(f'/settings/rules/{one.id}')}",
            )
    return (
        "a deploy key or an App can bypass the rules"
        if rulesets
        else f"{name} has no rules that block pushes"
    )


def tags(patient: Setup) -> str:
    """A release's tag cannot be moved or deleted."""
    tag = f"refs/tags/{patient.config.app.tag.format(version='1.2.3')}"
    for one in settings.rulesets(patient.github):
        patterns = one.conditions.ref_name.include if one.conditions else ()
        holds = any(pattern == "~ALL" or fnmatchcase(tag, pattern) for pattern in patterns)
        keeps = bool(_KEEP_TAGS & {rule.type for rule in one.rules})
        if one.target == "tag" and one.enforcement == "active" and holds and keeps:
            return f"protected by the ruleset {one.name}"
    pattern = patient.config.app.tag.format(version="*")
    raise MissingError(
        f"No ruleset protects the tags {pattern} from being moved or deleted.",
        f"Add one for tags, with Restrict updates and Restrict deletions: {patient.github.page('/settings/rules')}",
    )


def permissions(patient: Setup) -> str:
    """A workflow that asks for nothing gets little."""
    if settings.default_permissions(patient.github) == "read":
        return "read-only by default"
    raise MissingError(
        "Workflow tokens can write by default.",
        f'Choose "Read repository contents": {patient.github.page("/settings/actions")}',
    )


def record(patient: Setup) -> str:
    """The remote keeps the record's refs."""
    ref = patient.config.record_ref
    known = sorted(patient.git.remote_refs(ref.format(environment="*")))
    if known:
        return _and(known)
    raise CannotReadError(
        f"The remote has no {ref.format(environment=patient.config.production)} yet.",
        "The first deployment makes it (inv deploy --env staging), or says that the remote refuses it.",
    )


def _secrets_of(patient: Setup, environment: str) -> frozenset[str]:
    """The names of an environment's secrets; none where it does not exist, or none is meant."""
    if not environment or actions.environment(patient.github, environment) is None:
        return frozenset()
    return settings.secrets(patient.github, environment)


def health(patient: Setup) -> str:
    """What the health route of production proves of a release, as it is configured; it is not asked."""
    place = patient.config.environment(patient.config.production)
    rule = rule_of(place)
    weaker = rule.weaker(place.smoke.settle, place.smoke.streak)
    proof = {"number": "the version", "version id": "Cloudflare's version id"}.get(
        rule.proof, f"the {rule.proof}"
    )
    return weaker or f"{rule.shown} tells {proof}"


def _production(patient: Setup) -> actions.GitHubEnvironment:
    name = patient.config.approval.environment
    found = actions.environment(patient.github, name)
    if found is None:
        raise MissingError(
            f"GitHub has no environment {name}.", f"Add it: {patient.github.page('/settings/environments')}"
        )
    return found


def _and(names: Iterable[str]) -> str:
    return ", ".join(names)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
