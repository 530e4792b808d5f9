"""`inv init`: adopt the tool in a monorepo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context  # noqa: TC002 - Invoke reads the annotations of a task
from invoke.tasks import task

from release.commands.ending import confirmation, leave, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from release.commands.init.files import Adoption
    from release.commands.init.questions import Interview

BLOCKED = 4  # as every command that finds something in the way


@task(
    iterable=["answer"],
    help={
        "answer": "KEY=VALUE, an answer to what cannot be seen; may be repeated",
        "yes": "take what is guessed, and write without asking",
        "dry-run": "show the diff, and write nothing",
        "check": "say what would hold this repository up, ask nothing and write nothing",
    },
)
def init(
    context: Context,
    answer: list[str] | None = None,
    yes: bool = False,
    dry_run: bool = False,
    check: bool = False,
) -> None:
    """Write what a release needs into this monorepo: [tool.release], tasks.py, ./inv and the workflows.

    Example: inv init --answer url.production=https://cms.example.com

    It looks at what is there (wrangler configurations, lockfiles, scripts, migrations, tags), asks only what it cannot
    see, shows a diff first, and never overwrites a file. Run again, it adds what is missing, or nothing.
    """
    import os
    from pathlib import Path

    from release.commands.init.questions import Interview, given
    from release.errors import ReleaseError

    try:
        root = adopted_root(Path(context.config.release.root), Path.cwd())
        interview = Interview(given(answer or []), None if check else terminal(), guessing=yes)
        if check:
            _check(root, dict(os.environ), interview)
        else:
            _adopt(root, dict(os.environ), interview, yes=yes, dry_run=dry_run)
    except ReleaseError as error:
        leave(error, json=False)


def adopted_root(root: Path, here: Path) -> Path:
    """The repository that adopts the tool: the one with the tasks, unless it is typed in another one.

    Started from a checkout of the tool (`/path/to/tool/inv init`), the tasks are the tool's own.
    """
    return root if here.resolve().is_relative_to(root.resolve()) else here


def _adopt(root: Path, environ: dict[str, str], interview: Interview, *, yes: bool, dry_run: bool) -> None:
    import sys

    from release.commands.init import files

    adoption = files.prepare(root, environ, interview)
    sys.stdout.write(files.diff(adoption.files))
    sys.stdout.flush()
    _tell(adoption)
    if not adoption.files:
        sys.stderr.write("Nothing to write: all that a release needs is here.\n")
        return
    count = f"{len(adoption.files)} file{'s' * (len(adoption.files) > 1)}"
    if dry_run:
        sys.stderr.write(f"Nothing was written; it would be {count}.\n")
        return
    confirmation(None, yes=yes)(f"Write {count}?", "yes")
    files.write(root, adoption.files)
    sys.stderr.write(f"Wrote {', '.join(one.path for one in adoption.files)}.\n")
    sys.stderr.write("Next: read [tool.release], commit, then rehearse: ./inv rehearse\n")


def _check(root: Path, environ: dict[str, str], interview: Interview) -> None:
    """Say what would hold the repository up. Exit 0 where nothing does, 2 where it cannot be adopted, 4 where answers lack."""
    import sys

    from invoke.exceptions import Exit

    from release.commands.init import files
    from release.commands.init.questions import guessed

    adoption = files.sketch(root, environ, interview)
    _tell(adoption)
    for one in interview.missing:
        guess = f" (guessed: {one.guess})" if one.guess else ""
        sys.stderr.write(f"asks: {one.text}{guess}  --answer {one.key}=...\n")
    open_ = [one for one in interview.missing if not guessed(one)]
    if open_:
        raise Exit(f"{len(open_)} of these cannot be guessed. Run: inv init", code=BLOCKED)
    sys.stderr.write("Nothing holds this repository up. Run: inv init\n")


def _tell(adoption: Adoption) -> None:
    import sys

    sys.stderr.writelines(f"note: {note}\n" for note in adoption.notes)
