"""`inv unlock`: the lock of a dead run, released."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import confirmation, finish, production_or, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(help={"env": "the environment", "yes": "don't ask", "json": "print one JSON object on stdout"})
def unlock(context: Context, env: str = "", yes: bool = False, json: bool = False) -> None:
    """Free the lock of a run that is dead, before its lease ends; says first what that would break.

    Example: inv unlock
    """

    def run() -> Outcome:
        import os

        from release.commands.unlock import course as flow
        from release.views import listener

        view = listener(json=json)
        return flow.unlock(
            root_of(context), os.environ, production_or(context, env), confirmation(view, yes=yes), view
        )

    finish(run, json=json)
