"""`inv release`, `inv plan`, `inv deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import finish as end
from release.commands.ending import production_or, requested, root_of, terminal_gate, tried_or

if TYPE_CHECKING:
    from collections.abc import Callable

    from invoke.context import Context

    from release.model.options import Options
    from release.model.outcome import Outcome

IS_SOMETHING = 10  # `inv plan --exit-code`: there is something to release


def carry_out(
    context: Context,
    read: Callable[[], Options],
    *,
    json: bool,
    verbose: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    code_of: Callable[[Outcome], int] | None = None,
    open_bump: bool = False,
) -> None:
    """Read what was asked for, release it or, as a dry run, plan it, and leave with the outcome's exit code.

    `code_of` is another meaning of the outcome as an exit code.
    """

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

    end(run, json=json, code_of=code_of)


@command("release")
def release(
    context: Context,
    bump: str = "",
    env: str = "",
    finish: bool = False,
    reason: str = "",
    underbump: str = "",
    accept: list[str] | None = None,
    break_glass: str = "",
    dry_run: bool = False,
    plan: str = "",
    output: str = "",
    yes: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Release this commit, or finish a release that failed.

    Example: inv release --bump minor

    Without --bump a terminal shows patch, minor and major with the number that each gives, and takes one
    key; elsewhere, and with --yes, it is patch.

    It observes, decides, shows the plan, asks for approval, and runs: test, bump, build, backfill, migrate, the deploy of
    each worker, smoke, contract, record, github-release, verify. If it fails, run it again to finish.
    """

    def read() -> Options:
        from release.model.options import Options

        reasons = {"reason": reason, "underbump": underbump, "break_glass": break_glass}
        request = requested(
            bump or "patch", production_or(context, env), finish=finish, accept=accept or (), **reasons
        )
        plan_file, to = Path(plan) if plan else None, output_of(output, dry_run=dry_run)
        return Options(request, plan_file=plan_file, output=to)

    is_open = not (bump or finish or plan or json) and (env or "production") == "production"
    carry_out(context, read, json=json, verbose=verbose, yes=yes, dry_run=dry_run, open_bump=is_open)


@command("plan")
def plan(
    context: Context,
    bump: str = "patch",
    env: str = "",
    finish: bool = False,
    reason: str = "",
    underbump: str = "",
    accept: list[str] | None = None,
    break_glass: str = "",
    output: str = "",
    exit_code: bool = False,
    json: bool = False,
) -> None:
    """Show what a release would do, and every problem.

    Example: inv plan --bump patch --output plan.json

    It changes nothing. With --exit-code it ends with 10 if there is something to release and 0 if there is not; problems
    end with 4 as ever.
    """

    def read() -> Options:
        from release.model.options import Options

        reasons = {"reason": reason, "underbump": underbump, "break_glass": break_glass}
        request = requested(bump, production_or(context, env), finish=finish, accept=accept or (), **reasons)
        return Options(request, output=Path(output) if output else None, for_approval=True)

    carry_out(context, read, json=json, dry_run=True, code_of=_whether if exit_code else None)


@command("deploy")
def deploy(
    context: Context,
    env: str = "",
    reason: str = "",
    dry_run: bool = False,
    output: str = "",
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Deploy this commit without a version number.

    Example: inv deploy --env staging

    It builds, migrates, deploys the workers, and runs the smoke check; no number, no tag.
    """

    def read() -> Options:
        from release.model.options import Options

        return Options(
            requested("patch", tried_or(context, env), reason=reason),
            output=output_of(output, dry_run=dry_run),
            deploying=True,
        )

    carry_out(context, read, json=json, verbose=verbose, yes=True, dry_run=dry_run)


def output_of(output: str, *, dry_run: bool) -> Path | None:
    """The file for the plan. Raises UsageError outside of a dry run, which is what writes it."""
    if output and not dry_run:
        from release.errors import UsageError

        raise UsageError(
            "--output needs --dry-run: a release writes no plan.", f"Add it: --dry-run --output {output}"
        )
    return Path(output) if output else None


def _whether(outcome: Outcome) -> int:
    """The exit code that says whether there is something to release."""
    return {"planned": IS_SOMETHING, "nothing": 0}.get(outcome.outcome, outcome.exit_code)
