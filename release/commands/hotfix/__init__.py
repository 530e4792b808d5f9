"""`inv hotfix TAG`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import confirmation, finish, root_of, terminal_gate

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@command("hotfix")
def hotfix(
    context: Context,
    pick: list[str],
    tag: str = "",
    reason: str = "",
    here: bool = False,
    break_glass: str = "",
    deadline: int = 30,
    yes: bool = False,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Take a fix from the last tag straight to production.

    Example: inv hotfix cms-v1.2.3 --pick 4f2c1ab

    Each call goes on from where the last one stopped: make hotfix/cms-v1.2.4 from the tag, take the fix (--pick, or your own
    commits), push, open the pull request to main, wait for CI, merge, start "Deploy to Production". It asks before it begins.
    """

    def run() -> Outcome:
        from release.commands.hotfix import course as flow
        from release.commands.hotfix.acts import HotfixOptions
        from release.errors import UsageError
        from release.views import listener

        if not tag:
            raise UsageError(
                "inv hotfix needs the tag of the last release.", "inv status shows it: inv hotfix TAG"
            )
        options = HotfixOptions(tag, tuple(pick), reason, here, break_glass, deadline * 60.0, dry_run)
        view = listener(json=json)
        gate, confirm = terminal_gate(view, yes=yes), None if yes else confirmation(view, yes=False)
        return flow.hotfix(root_of(context), os.environ, options, gate, view, confirm=confirm)

    finish(run, json=json)
