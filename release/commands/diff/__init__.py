"""`inv diff`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("diff")
def diff(
    context: Context, env: str = "", between: str = "", exit_code: bool = False, json: bool = False
) -> None:
    """Show what a deploy changes besides the code.

    Example: inv diff --env staging

    Bindings, variables, names of secrets, crons, routes, custom domains and settings: what serves against the wrangler
    configuration. With --between staging,production it compares what two environments serve. With --exit-code it ends with
    10 if something differs and 0 if nothing does.
    """
    from release.commands.diff import course as flow

    show(lambda: flow.shown(root_of(context), os.environ, env, between, tells=exit_code), json=json)
