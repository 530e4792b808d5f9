"""What a shell is offered while a command line is typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from release.commands.completion.candidates import candidates
from release.commands.completion.scripts import script
from release.commands.options import SHELLS
from release.errors import UsageError
from release.program import ReleaseProgram, _by_name, _contexts
from release.tasks import collection

ROOT = Path(__file__).parents[3]
CONTEXTS = _by_name(_contexts(collection(ROOT)))
CORE = ReleaseProgram(name="inv").initial_context
RELEASES = ("cms-v1.2.4", "cms-v1.2.3")


def offered(*words: str, root: Path = ROOT) -> list[str]:
    return candidates(words, CONTEXTS, CORE, root)


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A repository with two releases and another tag."""
    (tmp_path / "pyproject.toml").write_text('[tool.release.app]\ntag = "cms-v{version}"\n')
    who = ("-c", "user.name=Robin", "-c", "user.email=robin@example.com")
    for words in (("init", "--quiet"), (*who, "commit", "--quiet", "--allow-empty", "--message", "one")):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    for tag in (*RELEASES, "other-v1.0.0"):
        subprocess.run(["git", "tag", tag], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("rel",), ["release"]),
        (("step.dep",), ["step.deploy-mcp", "step.deploy-cms"]),
        (("--vers",), ["--version"]),
        (("release", "--bu"), ["--bump"]),
        (("release", "--bump", ""), ["patch", "minor", "major", "auto"]),
        (("release", "-b", "mi"), ["minor"]),
        (("release", "--bump=m"), ["--bump=minor", "--bump=major"]),
        (("release", "--bump", "=", "m"), ["--bump=minor", "--bump=major"]),
        (("release", "--bump", "minor", "--bu"), []),
        (("deploy", "--env", ""), ["production", "staging"]),
        (("publish", ""), ["cms-api", "cms-cli"]),
        (("completion", ""), list(SHELLS)),
        (("help", "exit"), ["exit-codes"]),
        (("release", "--output", ""), []),  # a file: the shell knows those
        (("release", "patc"), []),
    ],
)
def test_what_may_follow_is_offered(words: tuple[str, ...], expected: list[str]) -> None:
    assert offered(*words) == expected


def test_tags_are_the_apps_own_the_newest_first(released: Path) -> None:
    assert offered("rollback", "", root=released) == list(RELEASES)
    assert offered("hotfix", "cms-v1.2.3", root=released) == ["cms-v1.2.3"]


def test_where_nothing_can_be_read_nothing_is_offered_and_nothing_breaks(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release\n")
    assert offered("deploy", "--env", "", root=tmp_path) == []
    assert offered("rollback", "", root=tmp_path) == []
    assert offered("publish", "", root=tmp_path) == []


def test_a_shell_that_has_no_script_gets_the_nearest() -> None:
    with pytest.raises(UsageError, match=r'Unknown shell "fsh"\. Did you mean fish\?'):
        script("fsh")


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_takes_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    subprocess.run([shell, "-n"], input=script(shell), text=True, check=True)


def test_bash_completes_a_call(tmp_path: Path) -> None:
    inv = tmp_path / "inv"
    inv.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m release.program --search-root {ROOT} "$@"\n')
    inv.chmod(0o755)
    asked = f'{script("bash")}\nCOMP_WORDS=({inv} release --bump ma)\nCOMP_CWORD=3\n_inv\necho "${{COMPREPLY[@]}}"\n'
    done = subprocess.run(
        ["bash", "-c", asked], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert (done.stdout, done.stderr) == ("major\n", "")
