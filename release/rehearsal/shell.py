"""A shell that points at a stage: its variables, a marked prompt, and the way back."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MARK = "(stage) "
BEFORE = "RELEASE_BEFORE_"  # keeps what a variable was
NAMES = "RELEASE_STAGE_VARIABLES"  # all that was set


def exports(variables: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[str]:
    """Lines for `eval` in a POSIX shell; they keep what was set before, and never show it."""
    if not environ.get(NAMES):
        for name in variables:
            if name in environ:
                yield f'export {BEFORE}{name}="${name}"'
    yield from (f"export {name}={shlex.quote(value)}" for name, value in variables.items())
    yield f"export {NAMES}={shlex.quote(' '.join(variables))}"


def undoing(variables: Mapping[str, str], environ: Mapping[str, str]) -> Iterator[str]:
    """Lines for `eval` that undo it. `variables` are those of the stage, for a shell that does not know what was set."""
    for name in environ.get(NAMES, "").split() or variables:
        if f"{BEFORE}{name}" in environ:
            yield f'export {name}="${BEFORE}{name}"'
            yield f"unset {BEFORE}{name}"
        else:
            yield f"unset {name}"
    yield f"unset {NAMES}"


def started(shell: str, folder: Path, environ: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The words and the environment of an interactive shell with a marked prompt; its files go to `folder`."""
    name, more = Path(shell).name, dict(environ)
    if name == "bash":
        file = folder / "stage.bashrc"
        file.write_text(f'[ ! -r ~/.bashrc ] || . ~/.bashrc\nPS1="{MARK}$PS1"\n', "utf-8")
        return [shell, "--rcfile", str(file), "-i"], more
    if name == "zsh":
        own = shlex.quote(environ.get("ZDOTDIR") or environ.get("HOME", "/"))
        text = f'ZDOTDIR={own}\n[[ ! -r $ZDOTDIR/.zshrc ]] || . $ZDOTDIR/.zshrc\nPROMPT="{MARK}$PROMPT"\n'
        (folder / ".zshrc").write_text(text, "utf-8")
        return [shell, "-i"], {**more, "ZDOTDIR": str(folder)}
    if name == "fish":
        mark = f"functions -c fish_prompt unmarked; function fish_prompt; echo -n {shlex.quote(MARK)}; unmarked; end"
        return [shell, "-C", mark], more
    return [shell, "-i"], {**more, "PS1": f"{MARK}$ "}


def replaced(words: list[str], environ: Mapping[str, str], folder: Path) -> None:
    """Put a shell in the place of this process, in `folder`. Returns only where it cannot be started (OSError)."""
    os.chdir(folder)
    os.execvpe(words[0], words, dict(environ))  # noqa: S606 - a shell is what was asked for
