"""`inv verify`: whether every place that shows the version agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import finish, production_or, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(help={"env": "the environment", "json": "print one JSON object on stdout"})
def verify(context: Context, env: str = "", json: bool = False) -> None:
    """Look whether health, dashboard badge, tag and GitHub Release agree on the last release.

    Example: inv verify
    """

    def run() -> Outcome:
        import os

        from release.commands.verify import course as verifying
        from release.views import listener

        return verifying.verify(
            root_of(context), os.environ, production_or(context, env), listener(json=json)
        )

    finish(run, json=json)
