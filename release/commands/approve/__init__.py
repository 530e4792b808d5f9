"""`inv approve`: the plan of the run that waits, approved or rejected."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import leave_with, print_json, root_of, say, terminal

if TYPE_CHECKING:
    from invoke.context import Context

JSON = "print one JSON object on stdout, everything else on stderr"


@task(
    help={
        "run": "the run, by number or address (`inv approve NUMBER` is the same); without it, the one that waits",
        "reject": "reject it: nothing is released",
        "comment": "what the others shall read; kept with the release",
        "plan": "approve only if this is the plan (7 digits or more of its hash); asks nothing then",
        "json": JSON,
    }
)
def approve(
    context: Context,
    run: str = "",
    reject: bool = False,
    comment: str = "",
    plan: str = "",
    json: bool = False,
) -> None:
    """Show the plan of the workflow run that waits, and approve or reject it.

    Example: inv approve 1234567890 --comment "checked with support"
    """

    def review() -> int:
        from release.commands.approve import course as approving
        from release.config import load
        from release.systems.ops import at_github

        config = load(root_of(context))
        with at_github(config, os.environ) as github:
            found = approving.waiting(github, config, run)
            say(f"{found.run.display_title}: {found.run.html_url}\n\n{found.plan}\n")
            approving.agree(found, plan, terminal(), reject=reject)
            said = approving.review(github, found, approved=not reject, comment=comment)
        done = "rejected" if reject else "approved"
        say(f"Run {found.run.id} is {done}: {said}")
        if json:
            print_json({"run": found.run.id, "state": done, "plan": found.plan_hash, "comment": said})
        return 0

    leave_with(review, json=json)
