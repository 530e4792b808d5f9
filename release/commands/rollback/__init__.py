"""`inv rollback`: the workers back on the versions that served before."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import confirmation, finish, production_or, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@command("rollback")
def rollback(
    context: Context,
    to: str = "",
    env: str = "",
    reason: str = "",
    despite_migrations: bool = False,
    database: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Roll the workers back to what was live before.

    Example: inv rollback --reason "login fails"

    Without a tag it goes back to what the last release replaced; the database is not changed. `inv rollback TAG` goes to that
    release, forward too. With --database the databases go back alone, to the bookmarks from before the last migrations.
    """

    def run() -> Outcome:
        from release.commands.rollback import course as flow
        from release.views import listener

        place, view = production_or(context, env), listener(json=json)
        confirm = None if dry_run else confirmation(view, yes=yes)
        if database:
            from release.commands.rollback.database import restore
            from release.errors import UsageError

            if to or reason or despite_migrations:
                raise UsageError(
                    "--database takes no release, no --reason and no --despite-migrations.", "Leave them out."
                )
            return restore(root_of(context), os.environ, place, confirm, view)
        options = flow.RollbackOptions(place, to or None, reason, despite_migrations)
        return flow.rollback(root_of(context), os.environ, options, confirm, view)

    finish(run, json=json)
