"""Which repository a command acts on: the one that it is typed in, or its stage while the shell points at that."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

STAGE, OF = "RELEASE_STAGE", "RELEASE_STAGE_OF"  # a stage's clone, and the repository that it rehearses
LEAVE = 'Leave the stage first: exit, or eval "$(inv rehearsal.env --unset)"'


def acted_on(root: Path, here: Path, environ: Mapping[str, str]) -> Path:
    """The folder that a command typed `here` with the tasks of `root` acts on.

    Raises UsageError where the shell points at the stage of another repository.
    """
    if not environ.get(STAGE):
        return root
    clone, of = Path(environ[STAGE]), environ.get(OF)
    if of is None or _is_within(root, clone):
        return clone
    if not _is_same(root, Path(of)):
        raise UsageError(f"This shell points at the stage of {of}, not of {root}.", LEAVE)
    if not _is_within(here, _top(Path(of))) and not _is_within(here, clone):
        raise UsageError(f"This shell points at the stage of {of}; {here} is not in it.", LEAVE)
    return clone


def described(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """The folder whose steps are listed: nothing is refused before a command is known."""
    return Path(environ.get(STAGE) or root)


def _top(folder: Path) -> Path:
    """The work tree that holds a folder; the folder itself where there is none."""
    parents = (folder, *folder.parents)
    return next((one for one in parents if (one / ".git").exists()), folder)


def _is_within(folder: Path, other: Path) -> bool:
    return folder.resolve().is_relative_to(other.resolve())


def _is_same(folder: Path, other: Path) -> bool:
    return folder.resolve() == other.resolve()
