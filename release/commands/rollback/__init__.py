"""`inv rollback`: the workers back on the versions that served before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import confirmation, finish, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(
    help={
        "to": "the release to go back to (`inv rollback TAG` is the same); without it, what served before the last one",
        "despite_migrations": "although a migration lies in between: the older workers can run on the newer schema",
        "database": "restore the databases to the bookmarks from before the last release's migrations; the workers stay",
        "env": "the environment",
        "reason": "why; kept in the deployments and the record",
        "yes": "don't ask",
        "json": "print one JSON object on stdout",
    }
)
def rollback(
    context: Context,
    to: str = "",
    env: str = "production",
    reason: str = "",
    despite_migrations: bool = False,
    database: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Put the workers back on the versions that served before the last release; the database stays, or goes back alone.

    Example: inv rollback --reason "login fails"
    """

    def run() -> Outcome:
        import os

        from release.commands.rollback import course as flow
        from release.views import listener

        if database:
            from release.commands.rollback.database import restore
            from release.errors import UsageError

            if to or reason or despite_migrations:
                raise UsageError(
                    "--database takes no release, no --reason and no --despite-migrations.", "Leave them out."
                )
            view = listener(json=json)
            return restore(root_of(context), os.environ, env, confirmation(view, yes=yes), view)
        options, view = flow.RollbackOptions(env, to or None, reason, despite_migrations), listener(json=json)
        return flow.rollback(root_of(context), os.environ, options, confirmation(view, yes=yes), view)

    finish(run, json=json)
