"""`inv dispatch`: the workflow "Deploy to Production", started and followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import INTERRUPTED, leave_with, print_json, requested, root_of, say

if TYPE_CHECKING:
    from invoke.context import Context

JSON = "print one JSON object on stdout, everything else on stderr"


@task(
    help={
        "bump": "patch, minor, major, or auto (what the change demands); default patch",
        "reason": "why; kept in the tag's message and the Release",
        "underbump": "why the number is lower than the change demands; kept too (docs/versioning.md)",
        "finish": "finish the unfinished release, whatever its bump and commit (--bump is not looked at)",
        "follow": "--no-follow: start the workflow and leave",
        "json": JSON,
    }
)
def dispatch(
    context: Context,
    bump: str = "patch",
    reason: str = "",
    underbump: str = "",
    finish: bool = False,
    follow: bool = True,
    json: bool = False,
) -> None:
    """Start the workflow "Deploy to Production" and follow it; Ctrl-C stops the following alone.

    Example: inv dispatch --bump patch --reason "the storefront waits for it"

    The exit code is that of the release in the workflow: 0 released, 1 failed, 3 not recorded, 4 blocked or rejected,
    5 nothing to release.
    """

    def run() -> int:
        from release.commands.dispatch import course as dispatching
        from release.config import load
        from release.systems.ops import at_github

        config = load(root_of(context))
        wanted = requested(bump, config.production)
        with at_github(config, os.environ) as github:
            started = dispatching.start(github, config, wanted.level, reason, underbump, finish=finish)
            say(f"Started: {started.html_url}")
            if not follow:
                if json:
                    print_json({"run": started.id, "url": started.html_url})
                return 0
            try:
                ended = dispatching.follow(github, started, say)
            except KeyboardInterrupt:
                say(f"Not followed any more; the run goes on: {started.html_url}")
                return INTERRUPTED
        say(ended.what)
        if json:
            print_json(ended.as_json())
        return ended.exit_code

    leave_with(run, json=json)
