"""`inv plugins`: which plugin adds what, and the order of steps that results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"json": "print one JSON object on stdout"})
def plugins(context: Context, json: bool = False) -> None:
    """Show which plugin adds what, from where, and the order of steps that results.

    Example: inv plugins
    """
    from release.commands.plugins import course as flow

    show(lambda: flow.shown(root_of(context)), json=json)
