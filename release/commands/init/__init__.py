"""`inv init`: adopt the tool in a monorepo."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context  # noqa: TC002 - Invoke reads the annotations of a task
from invoke.tasks import task

from release.commands.ending import confirmation, leave, terminal

if TYPE_CHECKING:
    from pathlib import Path


@task(
    iterable=["answer"],
    help={
        "answer": "KEY=VALUE, an answer to what cannot be seen; may be repeated",
        "yes": "take what is guessed, and write without asking",
        "dry-run": "show the diff, and write nothing",
    },
)
def init(context: Context, answer: list[str] | None = None, yes: bool = False, dry_run: bool = False) -> None:
    """Write what a release needs into this monorepo: [tool.release], tasks.py, ./inv and the workflows.

    Example: inv init --answer url.production=https://cms.example.com

    It looks at what is there (wrangler configurations, lockfiles, scripts, migrations, tags), asks only what it cannot
    see, shows a diff first, and never overwrites a file. Run again, it adds what is missing, or nothing.
    """
    import os
    from pathlib import Path

    from release.errors import ReleaseError

    try:
        _adopt(Path(context.config.release.root), dict(os.environ), answer or [], yes=yes, dry_run=dry_run)
    except ReleaseError as error:
        leave(error, json=False)


def _adopt(root: Path, environ: dict[str, str], words: list[str], *, yes: bool, dry_run: bool) -> None:
    import sys

    from release.commands.init import files
    from release.commands.init.questions import Interview, given

    interview = Interview(given(words), terminal(), guessing=yes)
    adoption = files.prepare(root, environ, interview)
    sys.stdout.write(files.diff(adoption.files))
    sys.stdout.flush()
    sys.stderr.writelines(f"note: {note}\n" for note in adoption.notes)
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
