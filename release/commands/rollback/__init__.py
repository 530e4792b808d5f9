"""`inv rollback`: the workers back on the versions that served before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import confirmation, finish, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@command("rollback")
def rollback(
    context: Context,
    to: str = "",
    env: str = "production",
    reason: str = "",
    despite_migrations: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Roll the workers back to what was live before.

    Example: inv rollback --reason "login fails"

    Without a tag it goes back to what the last release replaced; the database is not changed. `inv rollback TAG` goes to that
    release, forward too.
    """

    def run() -> Outcome:
        from release.commands.rollback import course as flow
        from release.views import listener

        options, view = flow.RollbackOptions(env, to or None, reason, despite_migrations), listener(json=json)
        confirm = None if dry_run else confirmation(view, yes=yes)
        return flow.rollback(root_of(context), os.environ, options, confirm, view)

    finish(run, json=json)
