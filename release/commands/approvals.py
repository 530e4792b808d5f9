"""`inv dispatch`, `inv approve`, `inv doctor`: the release by GitHub Actions, seen from a terminal."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from typing import TYPE_CHECKING, NoReturn

from invoke.exceptions import Exit
from invoke.tasks import task

from release.commands.ending import (
    INTERRUPTED,
    bug,
    leave,
    masking,
    print_json,
    requested,
    root_of,
    stopped,
    terminal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

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
        from release.systems import at_github

        config = load(root_of(context))
        wanted = requested(bump, config.production)
        with at_github(config, os.environ) as github:
            started = dispatching.start(github, config, wanted.level, reason, underbump, finish=finish)
            _say(f"Started: {started.html_url}")
            if not follow:
                if json:
                    print_json({"run": started.id, "url": started.html_url})
                return 0
            try:
                ended = dispatching.follow(github, started, _say)
            except KeyboardInterrupt:
                _say(f"Not followed any more; the run goes on: {started.html_url}")
                return INTERRUPTED
        _say(ended.what)
        if json:
            print_json(ended.as_json())
        return ended.exit_code

    _finish(run, json=json)


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
        from release.systems import at_github

        config = load(root_of(context))
        with at_github(config, os.environ) as github:
            found = approving.waiting(github, config, run)
            _say(f"{found.run.display_title}: {found.run.html_url}\n\n{found.plan}\n")
            approving.agree(found, plan, terminal(), reject=reject)
            said = approving.review(github, found, approved=not reject, comment=comment)
        done = "rejected" if reject else "approved"
        _say(f"Run {found.run.id} is {done}: {said}")
        if json:
            print_json({"run": found.run.id, "state": done, "plan": found.plan_hash, "comment": said})
        return 0

    _finish(review, json=json)


@task(help={"json": JSON})
def doctor(context: Context, json: bool = False) -> None:
    """Check each step of a repository's set-up at GitHub (docs/github.md), and say which is missing.

    Example: inv doctor

    Exit codes: 0 when nothing is missing, 4 when something is. What this token may not see is told as such.
    """

    def run() -> int:
        from release.commands.doctor import report as flow
        from release.commands.doctor.setup import Patient
        from release.plan.targets import configured
        from release.systems import at_github
        from release.systems.git.client import Git

        config, plugins = configured(root_of(context))
        with (
            at_github(config, os.environ) as github,
            closing(Git(config.root, config.remote, os.environ)) as git,
        ):
            found = flow.examine(Patient(config, github, git, publishes=bool(plugins.targets())))
        if json:
            print_json(flow.as_json(found))
        else:
            mask = masking()
            sys.stdout.writelines(f"{mask(line)}\n" for line in flow.lines(found))
        return flow.exit_code(found)

    _finish(run, json=json)


def _finish(run: Callable[[], int], *, json: bool) -> NoReturn:
    """Leave with the exit code. No stack trace ever."""
    from release.errors import ReleaseError

    try:
        code = run()
    except ReleaseError as error:
        leave(error, json=json)
    except KeyboardInterrupt as error:
        stopped(error)
    except Exception as error:  # noqa: BLE001 - the last resort: nobody needs a stack trace
        leave(bug(error), json=json)
    raise Exit(code=code)


def _say(text: str) -> None:
    from release.formats.printable import printable

    mask = masking()
    sys.stderr.writelines(f"{printable(mask(line))}\n" for line in text.splitlines() or [""])
    sys.stderr.flush()
