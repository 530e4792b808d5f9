"""`inv rollback`: the workers back on the versions that served before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import confirmation, finish, production_or, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(
    help={
        "to": "the release to go back to (`inv rollback TAG` is the same); without it, what served before the last one",
        "despite_migrations": "although a migration lies in between: the older workers can run on the newer schema",
        "env": "the environment",
        "reason": "why; kept in the deployments and the record",
        "yes": "don't ask",
        "json": "print one JSON object on stdout",
    }
)
def rollback(
    context: Context,
    to: str = "",
    env: str = "",
    reason: str = "",
    despite_migrations: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Put the workers back on the versions that served before the last release; the database stays.

    Example: inv rollback --reason "login fails"
    """

    def run() -> Outcome:
        import os

        from release.commands.rollback import course as flow
        from release.views import listener

        view, place = listener(json=json), production_or(context, env)
        options = flow.RollbackOptions(place, to or None, reason, despite_migrations)
        return flow.rollback(root_of(context), os.environ, options, confirmation(view, yes=yes), view)

    finish(run, json=json)
