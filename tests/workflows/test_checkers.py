"""Four checkers find nothing in our workflows; each of them finds a fault that is planted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.workflows.engine import EXPRESSION
from release.rehearsal.workflows.workflow import read
from tests.workflows.scene import ROOT, workflow_files

if TYPE_CHECKING:
    from tests.workflows.engine import GitHubEngine

FOLDER = ROOT / ".github" / "workflows"
PROGRAMS = Path(sys.executable).parent
ZIZMOR = ("zizmor", "--offline", "--strict-collection", "--persona", "pedantic", "--no-progress")
SCHEMA = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")
SOUND = """\
name: X
on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: echo "$GITHUB_REF"
"""
WORKFLOWS = pytest.mark.parametrize("file", workflow_files(), ids=lambda file: file.stem)


def run(program: str, *words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAMS / program, *words], input=stdin, capture_output=True, text=True, check=False
    )


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A workflow for the fault of a test."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    return folder / "planted.yml"


def test_zizmor_finds_nothing() -> None:
    done = run(*ZIZMOR, FOLDER)
    assert (done.returncode, "No findings" in done.stdout) == (0, True), done.stdout + done.stderr


@pytest.mark.parametrize(
    ("fault", "audit"),
    [
        ('      - run: echo "${{ github.head_ref }}"\n', "template-injection"),
        ("      - uses: actions/checkout@v6\n", "unpinned-uses"),
    ],
)
def test_zizmor_would_find_a_fault(planted: Path, fault: str, audit: str) -> None:
    planted.write_text(SOUND + fault, "utf-8")
    done = run(*ZIZMOR, planted)
    assert done.returncode
    assert audit in done.stdout


def test_the_schema_finds_nothing() -> None:
    done = run(*SCHEMA, *workflow_files())
    assert done.returncode == 0, done.stdout


def test_the_schema_would_find_a_misspelt_key(planted: Path) -> None:
    planted.write_text(SOUND.replace("runs-on", "run-on"), "utf-8")
    done = run(*SCHEMA, planted)
    assert done.returncode == 1
    assert "run-on" in done.stdout


@WORKFLOWS
def test_shellcheck_finds_nothing_in_any_script(engine: GitHubEngine, file: Path) -> None:
    scripts = [step.run for job in read(engine, file).jobs for step in job.steps if step.run is not None]
    assert scripts
    for script in scripts:
        assert not (isinstance(script, dict) and EXPRESSION in script), "an expression in a script"
        done = run("shellcheck", "--shell=bash", "-", stdin=script)
        assert done.returncode == 0, done.stdout


def test_shellcheck_would_find_what_is_not_quoted() -> None:
    done = run("shellcheck", "--shell=bash", "-", stdin="echo $GITHUB_REF")
    assert (done.returncode, "SC2086" in done.stdout) == (1, True)


@WORKFLOWS
def test_actionlint_finds_nothing(engine: GitHubEngine, file: Path) -> None:
    assert engine.lint(file.read_text("utf-8"), f".github/workflows/{file.name}") == []


def test_actionlint_would_find_an_output_that_does_not_exist(engine: GitHubEngine) -> None:
    fault = SOUND.replace("    runs-on", "    outputs: { x: '${{ steps.none.outputs.x }}' }\n    runs-on")
    (found,) = engine.lint(fault, ".github/workflows/planted.yml")
    assert 'property "none" is not defined' in found["message"]
