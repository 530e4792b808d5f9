"""`inv unlock`: the lock of a dead run, released."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import confirmation, finish, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@command("unlock")
def unlock(
    context: Context, env: str = "production", yes: bool = False, dry_run: bool = False, json: bool = False
) -> None:
    """Release the lock held by a dead run.

    Example: inv unlock

    It says first who holds the lock, and what releasing it would break.
    """

    def run() -> Outcome:
        from release.commands.unlock import course as flow
        from release.views import listener

        view = listener(json=json)
        confirm = None if dry_run else confirmation(view, yes=yes)
        return flow.unlock(root_of(context), os.environ, env, confirm, view)

    finish(run, json=json)
