"""`inv status`: what is live where, and what is unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"json": "print one JSON object on stdout"})
def status(context: Context, json: bool = False) -> None:
    """Show what is live in each environment, how far main is ahead, pending migrations, and an unfinished release.

    Example: inv status
    """
    import os

    from release.commands.status import course as flow

    show(lambda: flow.shown(root_of(context), os.environ), json=json)
