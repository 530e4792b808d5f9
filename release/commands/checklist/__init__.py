"""`inv checklist`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("checklist")
def checklist(context: Context, json: bool = False) -> None:
    """Run the pre-deploy checklist on its own.

    Example: inv checklist

    CI, staging, pages, bindings, secrets, and the questions for a person. Every release runs it too. It ends with 0 when ready
    to release, 4 when an item blocks.
    """
    from release.commands.checklist import course as flow

    show(lambda: flow.shown(root_of(context), os.environ), json=json)
