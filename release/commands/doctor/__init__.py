"""`inv doctor`: a repository's set-up at GitHub, step by step."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context

JSON = "print one JSON object on stdout, everything else on stderr"


@task(help={"json": JSON})
def doctor(context: Context, json: bool = False) -> None:
    """Check each step of a repository's set-up at GitHub (docs/github.md), and say which is missing.

    Example: inv doctor

    Exit codes: 0 when nothing is missing, 4 when something is. What this token may not see is told as such.
    """
    from release.commands.doctor import report

    show(lambda: report.shown(root_of(context), os.environ), json=json)
