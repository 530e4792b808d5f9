"""A shell on a stage: what it sets, what it puts back, and the prompt that says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.shell import MARK, exports, started, undoing
from tests.screen import on_terminal

if TYPE_CHECKING:
    from pathlib import Path

STAGE = {"GITHUB_TOKEN": "of the stage's", "RELEASE_STAGE": "/stage/clone"}


def after(environ: dict[str, str], *lines: str) -> dict[str, str]:
    """The variables of a POSIX shell once it has evaluated these lines."""
    script = "\n".join([*lines, "env"])
    done = subprocess.run(
        ["sh", "-euc", script],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        check=True,
    )
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs if name not in {"PWD", "_", "PATH", "SHLVL", "OLDPWD"}}


@pytest.mark.parametrize("mine", [{}, {"GITHUB_TOKEN": "my own"}, {"GITHUB_TOKEN": ""}])
def test_what_is_undone_is_as_it_was(mine: dict[str, str]) -> None:
    inside = after(mine, *exports(STAGE, mine))
    assert inside["GITHUB_TOKEN"] == "of the stage's"
    assert after(inside, *undoing({}, inside)) == mine


def test_set_twice_it_still_goes_back_to_what_was_before() -> None:
    mine = {"GITHUB_TOKEN": "my own"}
    once = after(mine, *exports(STAGE, mine))
    twice = after(once, *exports(STAGE, once))
    assert after(twice, *undoing({}, twice)) == mine


def test_no_token_of_the_persons_own_is_printed() -> None:
    assert not any("my own" in line for line in exports(STAGE, {"GITHUB_TOKEN": "my own"}))


def test_a_shell_that_was_set_by_hand_is_undone_by_the_stages_names() -> None:
    assert after(STAGE, *undoing(STAGE, STAGE)) == {}


@pytest.mark.parametrize("name", ["bash", "sh", "zsh"])
def test_the_prompt_is_marked_and_exit_leaves(name: str, tmp_path: Path) -> None:
    shell = shutil.which(name)
    if shell is None:
        pytest.skip(f"no {name} on this machine")
    (tmp_path / ".inputrc").write_text("set enable-bracketed-paste off\n")
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **STAGE}
    words, environ = started(shell, tmp_path, environ)
    with on_terminal(words, tmp_path, environ) as terminal:
        terminal.asked(MARK.strip())
        terminal.answer("exit 7")
        assert terminal.ended() == 7
