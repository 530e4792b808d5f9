"""`inv verify`: whether every place that shows the version agrees."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import finish, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@command("verify")
def verify(context: Context, env: str = "production", json: bool = False) -> None:
    """Check that every place agrees on the last release.

    Example: inv verify

    The places are the health route, the dashboard's badge, the tag, the branch and the GitHub Release.
    """

    def run() -> Outcome:
        from release.commands.verify import course as verifying
        from release.views import listener

        return verifying.verify(root_of(context), os.environ, env, listener(json=json))

    finish(run, json=json)
