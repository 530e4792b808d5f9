"""The workflows of a repository with another package manager, as `inv init` writes them, read by GitHub's own parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.commands.init import packaged
from release.config import EXAMPLE, parsed
from release.rehearsal.workflows.workflow import read

if TYPE_CHECKING:
    from tests.workflows.engine import GitHubEngine

ZIZMOR = ("zizmor", "--offline", "--strict-collection", "--persona", "pedantic", "--no-progress")


@pytest.mark.parametrize(
    ("lock", "text", "command"),
    [
        ("pnpm-lock.yaml", "lockfileVersion: '6.0'\n", "corepack prepare pnpm@8 --activate"),
        ("yarn.lock", "# yarn lockfile v1\n", "corepack enable"),
        ("bun.lock", "{}", "npm install --global bun"),
    ],
)
def test_each_job_that_installs_has_its_program_before(
    engine: GitHubEngine, tmp_path: Path, lock: str, text: str, command: str
) -> None:
    (tmp_path / lock).write_text(text, "utf-8")
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, content in packaged.workflows(parsed(EXAMPLE, tmp_path)).items():
        (folder / name).write_text(content, "utf-8")
        assert engine.lint(content, f".github/workflows/{name}") == []
        jobs = [[str(step.run) for step in job.steps] for job in read(engine, folder / name).jobs]
        installing = [steps for steps in jobs if "./inv install" in steps]
        assert installing
        for steps in installing:
            assert command in steps[steps.index("./inv install") - 1]
    done = subprocess.run(
        [Path(sys.executable).parent / ZIZMOR[0], *ZIZMOR[1:], folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
