"""`inv status`: what is live where, and what is unfinished."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("status")
def status(context: Context, env: str = "", json: bool = False) -> None:
    """Show what is live, pending and unfinished.

    Example: inv status
    """
    from release.commands.status import course as flow

    show(lambda: flow.shown(root_of(context), os.environ, env), json=json)
