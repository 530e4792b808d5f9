"""`inv publish`: a package on its own version, independent of the app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import requested, root_of
from release.commands.release import carry_out, texts
from release.errors import UsageError

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.options import Options
    from release.model.request import Request

HELP = texts("finish", "reason", "break_glass", "dry_run", "yes", "json", "verbose") | {
    "name": "the package, as its plugin calls it",
    "bump": "patch, minor or major; default patch, of a prerelease minor",
    "pre": "make a prerelease with this word, which is its dist-tag too: beta gives 1.4.0-beta.1, then .2",
    "line": "an older line, such as 1.3: its next version, from its own branch, with its own dist-tag",
    "plan": "a plan's file, from --dry-run --output: refuse when the world has changed since",
    "output": "with --dry-run: write the plan to this file, to be approved and published later",
}
_WORD = re.compile(r"[a-z][a-z-]*")
_LINE = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))?")


@task(help=HELP)
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
    """Publish a package of this repository to its npm registry; the same command again finishes what broke.

    Example: inv publish cms-api --bump minor

    It observes, decides, shows the plan, asks for approval, and runs: test, bump, pack, inspect, publish, read-back,
    record, github-release, verify. Exit codes: 0 published, 1 failed and the registry is unchanged, 2 wrong use,
    3 published and not recorded, 4 blocked, 5 nothing to release.
    """

    def read() -> Options:
        from release.model.options import Options

        if not name:
            raise UsageError("Which package?", _known(root_of(context)))
        wanted = request(name, bump, pre, line, finish=finish, reason=reason, break_glass=break_glass)
        plan_file, to = Path(plan) if plan else None, Path(output) if output else None
        return Options(wanted, plan_file=plan_file, output=to, target=name)

    carry_out(context, read, json=json, verbose=verbose, yes=yes, dry_run=dry_run)


def _known(root: Path) -> str:
    from release.config import load
    from release.plan.targets import names

    return f"inv publish NAME; there are: {', '.join(names(load(root))) or 'none (docs/publishing.md)'}."


def request(name: str, bump: str, pre: str, line: str, *, finish: bool = False, **reasons: str) -> Request:
    """What was asked for. Raises UsageError for words that make no version."""
    from dataclasses import replace

    if pre and (not _WORD.fullmatch(pre) or pre == "latest"):
        raise UsageError(f'"{pre}" is no word for a prerelease.', "Say one such as: --pre beta, --pre rc.")
    if line and not _LINE.fullmatch(line):
        raise UsageError(f'"{line}" is no line of versions.', "Say one such as: --line 1.3, --line 1.")
    if bump == "auto":
        raise UsageError(
            "The policy looks at the app; what a package's number must be is not found out.",
            "Name it: --bump patch, minor or major.",
        )
    found = requested(bump or ("minor" if pre else "patch"), name, finish=finish, **reasons)
    return replace(found, pre=pre or None, line=line or None)
