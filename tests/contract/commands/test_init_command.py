"""`inv init` as a person types it, and a release by what it wrote."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from release.commands.init import files
from release.commands.init.questions import Interview
from release.config import load
from release.testing import double
from tests.unit.monorepos import ENVIRON, made, npm_workspaces, yarn_workspaces

if TYPE_CHECKING:
    from pathlib import Path

URLS = {f"url.{name}": f"https://{name}.example.com" for name in ("production", "staging")}


def inv(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "release.program", *words]
    return subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **ENVIRON},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path, npm_workspaces())


def test_init_runs_where_there_is_no_tasks_file(root: Path) -> None:
    done = inv(root, "init", "--yes")
    assert done.returncode == 0, done.stderr
    assert "+++ b/pyproject.toml" in done.stdout
    assert "./inv rehearse" in done.stderr
    again = inv(root, "init")
    assert (again.returncode, again.stdout) == (0, "")
    assert "Nothing to write" in again.stderr
    assert "step.deploy-queue" in inv(root, "--list").stdout


def test_without_a_terminal_init_names_what_it_needs_and_writes_nothing(root: Path) -> None:
    done = inv(root, "init")
    assert done.returncode == 2
    assert "--answer health=...   Which route of web says its health and version? [/healthz]" in done.stderr
    answered = inv(root, "init", "--answer", "health=/healthz", "--answer", "package=./cms-release")
    assert answered.returncode == 4
    assert "Add --yes." in answered.stderr
    assert inv(root, "init", "--yes", "--dry-run").returncode == 0
    assert not (root / "pyproject.toml").exists()


def test_a_command_where_nothing_was_adopted_names_init(tmp_path: Path) -> None:
    done = inv(tmp_path, "plan")
    assert done.returncode == 2
    assert "To set up releases here: inv init" in done.stderr
    assert "init" in inv(tmp_path, "--list").stdout


def test_init_is_there_beside_tasks_of_ones_own(root: Path) -> None:
    (root / "tasks.py").write_text(
        "from invoke import task\n\n@task\ndef greet(c):\n    'Say hello.'\n    print('hello')\n", "utf-8"
    )
    assert inv(root, "greet").stdout == "hello\n"
    done = inv(root, "init", "--yes")
    assert done.returncode == 0, done.stderr
    assert "tasks.py is there and stays as it is" in done.stderr


def test_what_init_wrote_is_planned_and_released(tmp_path: Path) -> None:
    with double(tmp_path, overlay=found()) as world:
        world.commit({"pyproject.toml": None}, "chore: before the tool was adopted")
        interview = Interview({**URLS, "test": "true", "health": "/api/health"}, None, guessing=True)
        adoption = files.prepare(world.root, world.environ, interview)
        world.commit({one.path: one.after for one in adoption.files}, "chore: adopt the release tool")
        plan = world.plan(bump="minor")
        assert (plan.exit_code, plan.problems) == (0, ())
        outcome = world.release(bump="minor")
        assert (outcome.outcome, outcome.as_json()["tag"]) == ("released", "cms-v1.3.0")


def found() -> dict[str, str]:
    """The wrangler configurations of the double's workers, which it has no use for itself."""
    shown = {
        name: {"d1_databases": [{"binding": "DB", "database_name": f"double-{name}"}]}
        for name in ("production", "staging")
    }
    bound = {
        name: {**place, "services": [{"service": f"double-mcp-{name}"}]} for name, place in shown.items()
    }
    return {
        "package.json": "{}",
        "apps/cms/wrangler.json": json.dumps({"name": "double-cms", "main": "worker.js", "env": bound}),
        "apps/mcp/wrangler.json": json.dumps({"name": "double-mcp", "main": "worker.js", "env": shown}),
    }


def test_a_person_at_a_terminal_is_asked_and_shown_the_diff_first(tmp_path: Path) -> None:
    root = made(tmp_path, yarn_workspaces())
    said = typed(root, "/health", "https://shop.example.com", "", "", "yes")
    order = [
        "Which route of shop",
        "Where does shop answer in production",
        "Ask https://shop.example.com/health once",
        "+++ b/pyproject.toml",
        "Type yes:",
        "Wrote ",
    ]
    assert [said.index(part) for part in order] == sorted(said.index(part) for part in order)
    assert load(root).environment("production").url == "https://shop.example.com"


def test_a_person_who_does_not_say_yes_changes_nothing(tmp_path: Path) -> None:
    root = made(tmp_path, yarn_workspaces())
    assert "Nothing was changed." in typed(root, "/health", "https://shop.example.com", "", "", "no")
    assert not (root / "pyproject.toml").exists()


def typed(root: Path, *lines: str) -> str:
    """What `inv init` shows at a terminal where these lines are typed."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-P", "-m", "release.program", "init"]
    with subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, **ENVIRON},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        os.close(theirs)
        os.write(ours, "".join(f"{line}\n" for line in lines).encode())
        said = process.stdout.read() if process.stdout else ""
    os.close(ours)
    return said
