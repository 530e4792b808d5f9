"""`inv install` and `inv check`: what CI does with the monorepo before anything is deployed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import AGAIN, Shown, leave_with, masking, root_of, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

NO_LOCKFILE = "Nothing to install: no lockfile, and [tool.release.rehearsal] names no command."


@command("install")
def install(context: Context, json: bool = False) -> None:
    """Install the monorepo's packages.

    Example: inv install

    By the command in [tool.release.rehearsal], else as its lockfile says.
    """

    def run() -> str:
        from release.config import load
        from release.systems.npm import monorepo

        is_done = monorepo.install(load(root_of(context)), os.environ, masking(), _tell)
        return "" if is_done else NO_LOCKFILE

    _leave(run, json=json)


@command("check")
def check(context: Context, json: bool = False) -> None:
    """Build, test and lint the monorepo.

    Example: inv check

    The configured commands, as the first step of a release runs them.
    """

    def run() -> str:
        from release.config import load
        from release.systems.npm import monorepo

        monorepo.run_tests(load(root_of(context)), os.environ, masking(), _tell)
        return ""

    _leave(run, json=json)


def _leave(run: Callable[[], str], *, json: bool) -> None:
    def code() -> int:
        if said := run():
            _tell(said)
        if json:
            tell(Shown((), {}))
        return 0

    leave_with(code, json=json, interrupted=AGAIN)


def _tell(line: str) -> None:
    import sys

    sys.stderr.write(f"{line}\n")
