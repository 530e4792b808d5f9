"""`inv plugins`: which plugin adds what, and the order of steps that results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@command("plugins")
def plugins(context: Context, json: bool = False) -> None:
    """Show what plugins add, and the resulting order of steps.

    Example: inv plugins
    """
    from release.commands.plugins import course as flow

    show(lambda: flow.shown(root_of(context)), json=json)
