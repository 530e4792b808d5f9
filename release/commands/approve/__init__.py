"""`inv approve`: the plan of the run that waits, approved or rejected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import Shown, leave_with, root_of, say, tell, terminal

if TYPE_CHECKING:
    from invoke.context import Context


@command("approve")
def approve(
    context: Context,
    run: str = "",
    reject: bool = False,
    comment: str = "",
    hash: str = "",  # noqa: A002 - the option's name
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Approve or reject the plan that is waiting.

    Example: inv approve 1234567890 --comment "checked with support"

    The run is the one of the workflow "Deploy to Production" that is waiting; name it by number or URL if there are several.
    """

    def review() -> int:
        from release.commands.approve import course as approving
        from release.config import load
        from release.systems.ops import at_github

        config = load(root_of(context))
        with at_github(config, os.environ) as github:
            found = approving.waiting(github, config, run)
            say(f"{found.run.display_title}: {found.run.html_url}\n\n{found.plan}\n")
            fields = {"run": found.run.id, "url": found.run.html_url, "plan": found.plan_hash}
            if dry_run:
                said = None
                say(f"Run {found.run.id} is still waiting. Nothing was changed.")
            else:
                approving.agree(found, hash, terminal(), reject=reject)
                said = approving.review(github, found, approved=not reject, comment=comment)
        done = "waiting" if dry_run else "rejected" if reject else "approved"
        if said:
            say(f"Run {found.run.id} is {done}: {said}")
        if json:
            tell(Shown((), {**fields, "comment": said}, outcome=done))
        return 0

    leave_with(review, json=json)
