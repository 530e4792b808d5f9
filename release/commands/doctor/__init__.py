"""`inv doctor`: a repository's set-up at GitHub, step by step."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("doctor")
def doctor(context: Context, json: bool = False) -> None:
    """Check the repository's setup on GitHub.

    Example: inv doctor

    It goes through docs/github.md step by step. It ends with 0 when nothing is missing, 4 when something is. What the token
    cannot see is shown as unknown.
    """
    from release.commands.doctor import report

    show(lambda: report.shown(root_of(context), os.environ), json=json)
