"""`inv dispatch`: the workflow "Deploy to Production", started and followed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import INTERRUPTED, Shown, leave_with, requested, root_of, say, tell

if TYPE_CHECKING:
    from invoke.context import Context


@command("dispatch")
def dispatch(
    context: Context,
    bump: str = "patch",
    reason: str = "",
    underbump: str = "",
    finish: bool = False,
    follow: bool = True,
    dry_run: bool = False,
    json: bool = False,
) -> None:
    """Start the workflow "Deploy to Production" and watch it.

    Example: inv dispatch --bump patch --reason "the storefront waits for it"

    Ctrl-C stops watching; the run continues. The exit code is that of the release in the workflow.
    """

    def run() -> int:
        from release.commands.dispatch import course as dispatching
        from release.config import load
        from release.systems.ops import at_github

        config = load(root_of(context))
        level = requested(bump, config.production).level
        with at_github(config, os.environ) as github:
            if dry_run:
                inputs = dispatching.inputs_of(level, reason, underbump, finish=finish)
                return _ended(0, dispatching.unstarted(config, inputs), json=json)
            started = dispatching.start(github, config, level, reason, underbump, finish=finish)
            say(f"Started: {started.html_url}")
            fields = {"run": started.id, "url": started.html_url}
            if not follow:
                return _ended(0, Shown((), fields, outcome="started"), json=json)
            try:
                ended = dispatching.follow(github, started, say)
            except KeyboardInterrupt:
                say(f"No longer watching; the run continues: {started.html_url}")
                return _ended(INTERRUPTED, Shown((), fields, INTERRUPTED), json=json)
        return _ended(ended.exit_code, ended.shown, json=json)

    leave_with(run, json=json)


def _ended(code: int, found: Shown, *, json: bool) -> int:
    for line in found.lines:
        say(line)
    if json:
        tell(found)
    return code
