"""`inv install` and `inv check`: the monorepo's own commands, without a release around them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from release.config import load
from release.errors import EffectError
from release.systems.machine.secrets import Mask
from release.systems.npm import monorepo
from release.testing.monorepo import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

PASSES = 'commands = [{ run = ["true"] }]'


def commands(*words: str) -> str:
    """The configuration with these test commands, each `sh -c WORD`."""
    listed = ", ".join(f'{{ run = ["sh", "-c", "{word}"] }}' for word in words)
    return CONFIG.replace(PASSES, f"commands = [{listed}]")


def inv(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(root), *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a monorepo that is nothing but its configuration."""
    tasks = "from pathlib import Path\nfrom release.tasks import collection\n"
    (tmp_path / "tasks.py").write_text(f"{tasks}namespace = collection(Path(__file__).parent)\n", "utf-8")
    (tmp_path / "pyproject.toml").write_text(commands("echo built", "echo tested"), "utf-8")
    return tmp_path


def test_check_runs_every_command_in_order(root: Path) -> None:
    done = inv(root, "check")
    assert done.returncode == 0
    assert done.stderr.splitlines() == ["$ sh -c echo built", "built", "$ sh -c echo tested", "tested"]


def test_check_stops_at_the_first_command_that_fails(root: Path) -> None:
    (root / "pyproject.toml").write_text(commands("echo broken; exit 3", "echo tested"), "utf-8")
    done = inv(root, "check")
    assert done.returncode == 1
    assert "`sh -c echo broken; exit 3` ended with exit code 3:\n  broken" in done.stderr
    assert "tested" not in done.stderr


def test_what_is_checked_sees_no_token(root: Path) -> None:
    (root / "pyproject.toml").write_text(commands("env"), "utf-8")
    told: list[str] = []
    environ = {"PATH": "/usr/bin:/bin", "CI": "true", "CLOUDFLARE_API_TOKEN": "t0ken-t0ken", "OTHER": "x"}
    monorepo.run_tests(load(root), environ, Mask(), told.append)
    seen = {line.partition("=")[0] for line in told}
    assert "CI" in seen
    assert not seen & {"CLOUDFLARE_API_TOKEN", "OTHER"}


def test_install_runs_the_configured_command_in_its_folder(root: Path) -> None:
    words = '[tool.release.rehearsal]\ninstall = ["touch", "installed"]\ninstall_in = "apps"\n'
    (root / "apps").mkdir()
    (root / "pyproject.toml").write_text(f"{CONFIG}\n{words}", "utf-8")
    assert inv(root, "install").returncode == 0
    assert (root / "apps" / "installed").is_file()


def test_install_says_that_there_is_nothing_to_install(root: Path) -> None:
    done = inv(root, "install")
    assert (done.returncode, done.stderr) == (
        0,
        "Nothing to install: no lockfile, and [tool.release.rehearsal] names no command.\n",
    )


def test_an_install_that_fails_is_an_error_with_its_last_lines(root: Path) -> None:
    words = '[tool.release.rehearsal]\ninstall = ["sh", "-c", "echo no network; exit 1"]\n'
    (root / "pyproject.toml").write_text(f"{CONFIG}\n{words}", "utf-8")
    with pytest.raises(EffectError, match="no network"):
        monorepo.install(load(root), {"PATH": "/usr/bin:/bin"}, Mask(), lambda _: None)
