"""`inv publish`: a package on its own version, independent of the app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import requested, root_of
from release.commands.release import carry_out, output_of
from release.errors import UsageError

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.options import Options
    from release.model.request import Request

_WORD = re.compile(r"[a-z][a-z-]*")
_LINE = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))?")


@command("publish")
def publish(
    context: Context,
    name: str = "",
    bump: str = "",
    finish: bool = False,
    pre: str = "",
    line: str = "",
    reason: str = "",
    break_glass: str = "",
    dry_run: bool = False,
    plan: str = "",
    output: str = "",
    yes: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Publish a package, or finish a publish that failed.

    Example: inv publish cms-api --bump minor

    It observes, decides, shows the plan, asks for approval, and runs: test, bump, pack, inspect, publish, read-back,
    record, github-release, verify. If it fails, run it again to finish. A prerelease is minor unless --bump is given.
    """

    def read() -> Options:
        from release.model.options import Options

        if not name:
            raise UsageError("inv publish needs a package.", _known(root_of(context)))
        wanted = request(name, bump, pre, line, finish=finish, reason=reason, break_glass=break_glass)
        plan_file, to = Path(plan) if plan else None, output_of(output, dry_run=dry_run)
        return Options(wanted, plan_file=plan_file, output=to, target=name)

    carry_out(context, read, json=json, verbose=verbose, yes=yes, dry_run=dry_run)


def _known(root: Path) -> str:
    from release.config import load
    from release.plan.targets import names

    return f"Use one of: {', '.join(names(load(root))) or 'none is configured (docs/publishing.md)'}."


def request(name: str, bump: str, pre: str, line: str, *, finish: bool = False, **reasons: str) -> Request:
    """What was asked for. Raises UsageError for words that make no version."""
    from dataclasses import replace

    if pre and (not _WORD.fullmatch(pre) or pre == "latest"):
        raise UsageError(
            f'"{pre}" is not a valid prerelease label.', "Use one such as: --pre beta, --pre rc."
        )
    if line and not _LINE.fullmatch(line):
        raise UsageError(f'"{line}" is not a release line.', "Use one such as: --line 1.3, --line 1.")
    if bump == "auto":
        raise UsageError(
            "--bump auto works for the app only: package versions are not derived automatically.",
            "Use --bump patch, minor or major.",
        )
    found = requested(bump or ("minor" if pre else "patch"), name, finish=finish, **reasons)
    return replace(found, pre=pre or None, line=line or None)
