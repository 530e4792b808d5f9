"""`inv release`, `inv plan`, `inv deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import finish as end
from release.commands.ending import requested, root_of, terminal_gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

    from release.model.options import Options
    from release.model.outcome import Outcome

HELP = {
    "bump": "patch (no schema change), minor (additive), major (breaking), auto (what the change demands); default patch",
    "finish": "finish the unfinished release, whatever its bump and commit (--bump is not looked at)",
    "reason": "why; kept in the tag's message and the Release",
    "underbump": "why the number is lower than the change demands; kept too (docs/versioning.md)",
    "break_glass": "why the usual way (the workflow, a second person) is left; kept too",
    "env": "the environment, as in [tool.release.environments]",
    "dry_run": "show what would be done; write nothing",
    "plan": "a plan's file, from `inv plan --output`: refuse when the world has changed since",
    "output": "write the plan to this file, to be approved and released later",
    "yes": "approve the plan without typing its tag; where no terminal is, that takes approval.unattended",
    "json": "print one JSON object on stdout, everything else on stderr",
    "verbose": "show the lines of every program that runs",
}


def texts(*names: str) -> dict[str, str]:
    """What each of these options does; a command that has one of them says it in the same words."""
    return {name: HELP[name] for name in names}


def carry_out(
    context: Context,
    read: Callable[[], Options],
    *,
    json: bool,
    verbose: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    open_bump: bool = False,
) -> None:
    """Read what was asked for, release it or, as a dry run, plan it, and leave with the outcome's exit code."""

    def run() -> Outcome:
        import os

        from release.run import release as releasing
        from release.views import listener

        asked, view = read(), listener(json=json, verbose=verbose)
        if dry_run:
            return releasing.plan(root_of(context), os.environ, asked, view)
        choose = None
        if open_bump:
            from release.commands.choosing import chooser

            choose = chooser(view, yes=yes)
        gate = terminal_gate(view, yes=yes)
        return releasing.release(root_of(context), os.environ, asked, gate, view, choose=choose)

    end(run, json=json)


@task(
    help=texts(
        "bump",
        "finish",
        "env",
        "reason",
        "underbump",
        "break_glass",
        "dry_run",
        "plan",
        "yes",
        "json",
        "verbose",
    )
)
def release(
    context: Context,
    bump: str = "",
    finish: bool = False,
    env: str = "",
    reason: str = "",
    underbump: str = "",
    break_glass: str = "",
    dry_run: bool = False,
    plan: str = "",
    yes: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Release the commit that is checked out; the same command again finishes what broke.

    Example: inv release --bump minor

    Without --bump a terminal shows patch, minor and major with the number that each gives, and takes one
    key; elsewhere, and with --yes, it is patch.

    It observes, decides, shows the plan, asks for approval, and runs: test, bump, backfill, migrate, the deploy of each
    worker, smoke, record, github-release, verify. Exit codes: 0 released, 1 failed and production is unchanged,
    2 wrong use, 3 production changed and is not recorded, 4 blocked, 5 nothing to release.
    """

    def read() -> Options:
        from release.model.options import Options

        reasons = {"reason": reason, "underbump": underbump, "break_glass": break_glass}
        request = requested(bump or "patch", env or "production", finish=finish, **reasons)
        return Options(request, plan_file=Path(plan) if plan else None)

    is_open = not (bump or finish or plan or json) and (env or "production") == "production"
    carry_out(context, read, json=json, verbose=verbose, yes=yes, dry_run=dry_run, open_bump=is_open)


@task(help=texts("bump", "finish", "env", "reason", "underbump", "break_glass", "output", "json"))
def plan(
    context: Context,
    bump: str = "patch",
    finish: bool = False,
    env: str = "",
    reason: str = "",
    underbump: str = "",
    break_glass: str = "",
    output: str = "",
    json: bool = False,
) -> None:
    """Show what a release would do, with all problems; write nothing.

    Example: inv plan --bump patch --output plan.json
    """

    def read() -> Options:
        from release.model.options import Options

        reasons = {"reason": reason, "underbump": underbump, "break_glass": break_glass}
        request = requested(bump, env or "production", finish=finish, **reasons)
        return Options(request, output=Path(output) if output else None, for_approval=True)

    carry_out(context, read, json=json, dry_run=True)


@task(help=texts("env", "dry_run", "json", "verbose"))
def deploy(
    context: Context, env: str = "staging", dry_run: bool = False, json: bool = False, verbose: bool = False
) -> None:
    """Deploy the commit that is checked out, without a number: backfill, migrate, workers, smoke.

    Example: inv deploy --env staging
    """

    def read() -> Options:
        from release.model.options import Options

        return Options(requested("patch", env), deploying=True)

    carry_out(context, read, json=json, verbose=verbose, yes=True, dry_run=dry_run)
