"""`inv checklist`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import root_of, show

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"json": "print one JSON object on stdout"})
def checklist(context: Context, json: bool = False) -> None:
    """Run the pre-deploy checklist alone: CI, staging, pages, bindings, secrets, and what only a person can tick.

    Example: inv checklist

    Every release runs it too. Exit codes: 0 a release may go ahead, 4 an item blocks it.
    """
    import os

    from release.commands.checklist import course as flow

    show(lambda: flow.shown(root_of(context), os.environ), json=json)
