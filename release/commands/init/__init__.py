"""`inv init`: adopt the tool in a monorepo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import AGAIN, Shown, confirmation, leave_with, tell, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from invoke.context import Context

    from release.commands.init.files import Adoption
    from release.commands.init.questions import Interview

BLOCKED = 4  # as every command that finds something in the way


@command("init")
def init(
    context: Context,
    answer: list[str] | None = None,
    yes: bool = False,
    dry_run: bool = False,
    check: bool = False,
    json: bool = False,
) -> None:
    """Set up releases in this monorepo.

    Example: inv init --answer url.production=https://cms.example.com

    It writes [tool.release], tasks.py, ./inv and the workflows. It looks at what is there (wrangler configurations, lockfiles,
    scripts, migrations, tags), asks only what it cannot see, shows a diff first, and never overwrites a file. Run again, it adds
    what is missing, or nothing.
    """
    import os
    from pathlib import Path

    from release.commands.init.questions import Interview, given

    def run() -> int:
        root = adopted_root(Path(context.config.release.root), Path.cwd())
        interview = Interview(given(answer or []), None if check else terminal(), guessing=yes)
        if check:
            return _ended(_check(root, dict(os.environ), interview), json=json)
        found = _adopt(root, dict(os.environ), interview, yes=yes, dry_run=dry_run, json=json)
        return _ended(found, json=json)

    leave_with(run, json=json, interrupted=AGAIN)


def _ended(found: Shown, *, json: bool) -> int:
    if json:
        tell(found)
    return found.exit_code


def adopted_root(root: Path, here: Path) -> Path:
    """The repository that adopts the tool: the one with the tasks, unless it is typed in another one.

    Started from a checkout of the tool (`/path/to/tool/inv init`), the tasks are the tool's own.
    """
    return root if here.resolve().is_relative_to(root.resolve()) else here


def _adopt(
    root: Path, environ: dict[str, str], interview: Interview, *, yes: bool, dry_run: bool, json: bool
) -> Shown:
    import sys

    from release.commands.init import files

    adoption = files.prepare(root, environ, interview)
    out = sys.stderr if json else sys.stdout
    out.write(files.diff(adoption.files))
    out.flush()
    _tell(adoption)
    paths = [one.path for one in adoption.files]
    if not paths:
        sys.stderr.write("Nothing to write: everything that a release needs is here.\n")
        return Shown((), {"files": paths, "notes": list(adoption.notes), "questions": []})
    count = f"{len(paths)} file{'s' * (len(paths) > 1)}"
    if dry_run:
        sys.stderr.write(f"Would write {count}. Nothing was changed.\n")
        return Shown((), {"files": paths, "notes": list(adoption.notes), "questions": []}, outcome="planned")
    confirmation(None, yes=yes)(f"Write {count}?", "yes")
    files.write(root, adoption.files)
    sys.stderr.write(f"Wrote {', '.join(paths)}.\n")
    sys.stderr.write("Next: read [tool.release], commit, then rehearse: ./inv rehearse\n")
    return Shown((), {"files": paths, "notes": list(adoption.notes), "questions": []}, next="./inv rehearse")


def _check(root: Path, environ: dict[str, str], interview: Interview) -> Shown:
    """Say what stands in the way of adoption. Exit 0 where nothing does, 2 where it cannot be, 4 where answers are needed."""
    import sys

    from release.commands.envelope import problem
    from release.commands.init import files
    from release.commands.init.questions import guessed

    adoption = files.sketch(root, environ, interview)
    _tell(adoption)
    for one in interview.missing:
        guess = f" (guessed: {one.guess})" if one.guess else ""
        sys.stderr.write(f"asks: {one.text}{guess}  --answer {one.key}=...\n")
    asked = [{"key": one.key, "text": one.text, "guess": one.guess or None} for one in interview.missing]
    fields = {"files": [], "notes": list(adoption.notes), "questions": asked}
    open_ = [one for one in interview.missing if not guessed(one)]
    if open_:
        said = f"{len(open_)} of these cannot be guessed."
        sys.stderr.write(f"{said} Run: inv init\n")
        problems = [problem(one.key, "block", one.text, f"--answer {one.key}=...") for one in open_]
        return Shown((), fields, BLOCKED, problems, next="inv init")
    sys.stderr.write("Nothing stands in the way. Run: inv init\n")
    return Shown((), fields, next="inv init")


def _tell(adoption: Adoption) -> None:
    import sys

    sys.stderr.writelines(f"note: {note}\n" for note in adoption.notes)
