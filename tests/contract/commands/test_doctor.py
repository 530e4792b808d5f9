"""`inv doctor`: a repository that is set up, one step of it missing at a time, and what a token may not see."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from werkzeug.wrappers import Response

from release.commands.doctor import report as doctor
from release.commands.doctor.setup import Setup
from release.config import load
from release.rehearsal.forge.store import DeployKey
from release.rehearsal.forge.transport import ContractTransport
from release.systems.cloudflare.api import Cloudflare
from release.systems.git.client import Git
from release.systems.github.releases import GitHub
from release.systems.web.http import Http
from release.testing import double as opened
from release.testing.monorepo import CONFIG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from release.commands.doctor.report import Finding
    from release.testing import Double

GUIDE = Path(__file__).parents[3] / "docs" / "github.md"
FILES = {
    ".github/workflows/ci.yml": "name: CI\non: push\n",
    ".github/workflows/deploy-prod.yml": "name: Deploy to Production\non: workflow_dispatch\n",
    "pyproject.toml": f"{CONFIG}\n[tool.release.approval]\ntwo_person = true\n",
}
CHECKS = {
    "strict_required_status_checks_policy": False,
    "required_status_checks": [{"context": "required"}],
}
RULES: list[dict[str, Any]] = [
    {"type": "pull_request"},
    {"type": "required_status_checks", "parameters": CHECKS},
]
SECRETS = {
    "": ("CLOUDFLARE_READ_TOKEN",),
    "production": ("CLOUDFLARE_API_TOKEN", "RELEASE_DEPLOY_KEY"),
    "staging": ("CLOUDFLARE_API_TOKEN",),
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Double]:
    """A repository that is set up as docs/github.md says."""
    with opened(tmp_path, overlay=FILES) as world:
        world.forge.contract = True
        world.forge.protect_environment(
            "production", ["grace"], prevent_self_review=True, protected_branches_only=True
        )
        world.forge.protect_environment("staging")
        world.forge.change(
            secrets=SECRETS,
            variables={"": {"CLOUDFLARE_ACCOUNT_ID": "acc0"}},
            deploy_keys=(DeployKey(1, "release", read_only=False),),
        )
        world.forge.add_ruleset("main", ["main"], RULES, bypass=["release"])
        world.forge.add_ruleset("tags", ["cms-v*"], [{"type": "deletion"}, {"type": "update"}], target="tag")
        world.git("update-ref", "refs/release/staging", "main", cwd=world.forge.repository)
        yield world


def examined(world: Double, *, publishes: bool = False) -> dict[str, Finding]:
    """What the doctor finds; each request and answer is held against GitHub's description."""
    http = Http(attempts=1, transport=ContractTransport(httpx.HTTPTransport(verify=False)))
    git, cloud = Git(world.root, "origin", world.environ), Http(attempts=1)
    try:
        github = GitHub(http, world.environ, "acme/cms")
        patient = Setup(load(world.root), github, git, publishes, Cloudflare(cloud, world.environ))
        return {one.step: one for one in doctor.examine(patient)}
    finally:
        http.close()
        cloud.close()
        git.close()


def builds(world: Double, answer: object, status: int = 200) -> Finding:
    """What is found where Cloudflare tells this of each script's triggers."""
    body = json.dumps({"success": status == 200, "result": answer, "errors": [{"code": 1, "message": "no"}]})

    def told(request: Request) -> Response | None:
        is_asked = re.search(r"/builds/workers/double-\w+-\w+/triggers$", request.path)
        return Response(body, status=status, content_type="application/json") if is_asked else None

    world.cloud.before = told
    return examined(world)["Workers Builds"]


@pytest.mark.parametrize(
    ("trigger", "state"),
    [
        ({"branch_includes": ["main"], "deploy_command": "npx wrangler deploy"}, "missing"),
        ({"branch_includes": ["*"], "deploy_command": "pnpm run deploy"}, "missing"),
        ({"branch_includes": ["main"], "deploy_command": "npx wrangler versions upload"}, "ok"),
        ({"branch_includes": ["*"], "branch_excludes": ["main"], "deploy_command": "wrangler deploy"}, "ok"),
        ({"branch_includes": ["next"], "deploy_command": "npx wrangler deploy"}, "ok"),
    ],
)
def test_what_cloudflare_itself_deploys_on_a_push_is_named(
    world: Double, trigger: dict[str, object], state: str
) -> None:
    found = builds(world, [trigger])
    assert found.state == state
    if state == "missing":
        assert "deploys double-mcp-production, double-cms-production" in found.what
        assert "Settings > Builds" in found.advice


def test_builds_that_a_token_may_not_see_are_not_taken_for_none(world: Double) -> None:
    found = builds(world, None, status=403)
    assert found.state == "cannot tell"
    assert "Workers Builds Configuration: read" in found.advice
    assert builds(world, {"of": "another form"}).state == "cannot tell"
    assert builds(world, None, status=404).state == "ok"


def test_the_guide_has_a_heading_for_each_step_in_its_order() -> None:
    headings = re.findall(r"^## (.+)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert headings == [name for name, _ in doctor.STEPS]


def test_a_repository_that_is_set_up_has_nothing_missing(world: Double) -> None:
    found = examined(world)
    assert {one.state for one in found.values()} == {"ok"}, found
    assert doctor.exit_code(tuple(found.values())) == 0
    assert [*doctor.lines(tuple(found.values()))][-1] == "The repository is set up."


def ruled(world: Double, kind: str) -> None:
    """Only this rule holds for main."""
    world.forge.change(rulesets=[])
    world.forge.add_ruleset("main", ["main"], [{"type": kind}])


MISSING: dict[str, tuple[str, Callable[[Double], object], str]] = {
    "no environment": (
        "Environments",
        lambda w: w.forge.change(environments={}),
        "no environment production, staging",
    ),
    "no reviewers": (
        "Reviewers",
        lambda w: w.forge.protect_environment("production"),
        "has no required reviewers",
    ),
    "self-review": (
        "Reviewers",
        lambda w: w.forge.protect_environment("production", ["grace"]),
        "lets people approve what they dispatched",
    ),
    "any branch": (
        "Deployment branches",
        lambda w: w.forge.protect_environment("production", ["grace"]),
        "Every branch may deploy",
    ),
    "a secret": (
        "Secrets",
        lambda w: w.forge.change(secrets={**SECRETS, "production": ("CLOUDFLARE_API_TOKEN",)}),
        "no secret RELEASE_DEPLOY_KEY of production",
    ),
    "the read token": (
        "Secrets",
        lambda w: w.forge.change(secrets={**SECRETS, "": ()}),
        "no secret CLOUDFLARE_READ_TOKEN of the repository",
    ),
    "the account": ("Variables", lambda w: w.forge.change(variables={}), "no variable CLOUDFLARE_ACCOUNT_ID"),
    "no key": ("A deploy key", lambda w: w.forge.change(deploy_keys=()), "no deploy key that may write"),
    "a key that reads": (
        "A deploy key",
        lambda w: w.forge.change(deploy_keys=(DeployKey(1, "release", read_only=True),)),
        "no deploy key that may write",
    ),
    "no rules": (
        "Rules for the branch",
        lambda w: w.forge.change(rulesets=[]),
        "no ruleset and no branch protection",
    ),
    "no check": (
        "Rules for the branch",
        lambda w: ruled(w, "pull_request"),
        'do not ask for the status check "required"',
    ),
    "no pull request": (
        "Rules for the branch",
        lambda w: ruled(w, "deletion"),
        'do not ask for a pull request and the status check "required"',
    ),
    "no bypass": (
        "The bypass",
        lambda w: w.forge.add_ruleset("strict", ["main"], [{"type": "update"}]),
        "bypasses the ruleset strict",
    ),
    "no tag rules": (
        "Rules for tags",
        lambda w: w.forge.change(rulesets=[]),
        "No ruleset protects the tags cms-v*",
    ),
    "mighty tokens": (
        "What workflows' tokens may do",
        lambda w: w.forge.change(default_permissions="write"),
        "Workflow tokens can write by default",
    ),
    "a workflow": (
        "The workflows",
        lambda w: w.merge({".github/workflows/deploy-prod.yml": None}),
        "deploy-prod.yml is not in .github/workflows",
    ),
    "a workflow off": (
        "The workflows",
        lambda w: w.forge.change(disabled_workflows=(".github/workflows/deploy-prod.yml",)),
        "deploy-prod.yml is disabled",
    ),
}


@pytest.mark.parametrize("case", MISSING.values(), ids=MISSING.keys())
def test_what_is_missing_is_named_with_what_to_do(
    world: Double, case: tuple[str, Callable[[Double], object], str]
) -> None:
    step, take_away, words = case
    take_away(world)
    found = examined(world)
    assert found[step].state == "missing"
    assert words in found[step].what
    assert found[step].advice
    assert doctor.exit_code(tuple(found.values())) == 4
    assert any(line.startswith("MISSING") for line in doctor.lines(tuple(found.values())))


def test_an_environment_that_does_not_exist_has_no_secrets(world: Double) -> None:
    world.forge.change(environments={})
    found = examined(world)["Secrets"]
    assert found.state == "missing"
    assert "CLOUDFLARE_API_TOKEN of staging" in found.what


def test_a_secret_of_the_repository_serves_every_environment(world: Double) -> None:
    everything = ("CLOUDFLARE_READ_TOKEN", "CLOUDFLARE_API_TOKEN", "RELEASE_DEPLOY_KEY")
    world.forge.change(secrets={"": everything})
    assert examined(world)["Secrets"].state == "ok"


def test_who_publishes_packages_needs_their_environment(world: Double) -> None:
    found = examined(world, publishes=True)
    assert found["Environments"].what == "GitHub has no environment npm."
    assert found["Secrets"].what == "There is no secret RELEASE_DEPLOY_KEY of npm."


def test_who_publishes_packages_needs_the_deploy_key_there_too(world: Double) -> None:
    world.forge.protect_environment("npm")
    assert "RELEASE_DEPLOY_KEY of npm" in examined(world, publishes=True)["Secrets"].what
    world.forge.change(secrets={**SECRETS, "npm": ("RELEASE_DEPLOY_KEY",)})
    assert examined(world, publishes=True)["Secrets"].state == "ok"


@pytest.mark.parametrize(
    ("step", "permission"),
    [
        ("A deploy key", "Administration: read"),
        ("What workflows' tokens may do", "Administration: read"),
        ("Secrets", "Secrets: read"),
        ("Variables", "Variables: read"),
        ("Reviewers", "Actions: read"),
    ],
)
def test_what_the_token_may_not_see_cannot_be_told_and_names_the_permission(
    world: Double, step: str, permission: str
) -> None:
    world.forge.permissions[world.forge.token] = {"contents": "read"}
    found = examined(world)
    assert found[step].state == "cannot tell"
    assert permission in found[step].advice
    assert doctor.exit_code(tuple(found.values())) == 0
    assert "unknown" in [*doctor.lines(tuple(found.values()))][-1]


def test_a_remote_without_a_record_yet_cannot_tell(world: Double) -> None:
    world.git("update-ref", "-d", "refs/release/staging", cwd=world.forge.repository)
    found = examined(world)["The record's refs"]
    assert (found.state, "inv deploy --env staging" in found.advice) == ("cannot tell", True)


def test_a_token_that_opens_nothing_is_told(world: Double) -> None:
    world.environ["GITHUB_TOKEN"] = "wrong"
    found = examined(world)
    assert "refused the token in GITHUB_TOKEN: Bad credentials" in found["A token"].what
    assert found["Reviewers"].state == "cannot tell"


def cloud_token(world: Double, **answer: object) -> Finding:
    """What is found where Cloudflare tells this of the token."""
    body = json.dumps({"success": True, "result": {"id": "t", **answer}, "errors": []})

    def told(request: Request) -> Response | None:
        is_asked = request.path.endswith("/tokens/verify")
        return Response(body, content_type="application/json") if is_asked else None

    world.cloud.before = told
    return examined(world)["A Cloudflare token"]


def test_a_token_of_cloudflare_tells_until_when_it_is_good(world: Double) -> None:
    assert cloud_token(world, status="active").what.startswith(
        "active, and does not expire; may read Workers Scripts, D1"
    )
    far = f"{datetime.now(UTC) + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}"
    assert cloud_token(world, status="active", expires_on=far).what.startswith(f"active until {far[:10]}")
    soon = f"{datetime.now(UTC) + timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
    found = cloud_token(world, status="active", expires_on=soon)
    assert (found.state, found.what) == ("missing", f"CLOUDFLARE_API_TOKEN expires on {soon[:10]}.")
    assert cloud_token(world, status="disabled").what == "CLOUDFLARE_API_TOKEN is disabled."


def test_a_token_that_may_not_read_names_the_permission_and_who_needs_it(world: Double) -> None:
    body = json.dumps({"success": False, "result": None, "errors": [{"code": 10000, "message": "no"}]})

    def refusing(request: Request) -> Response | None:
        is_asked = request.path.endswith("/d1/database")
        return Response(body, status=403, content_type="application/json") if is_asked else None

    world.cloud.before = refusing
    found = examined(world)["A Cloudflare token"]
    assert (found.state, found.what) == (
        "missing",
        "CLOUDFLARE_API_TOKEN lacks D1: Read (for release, plan, status).",
    )
