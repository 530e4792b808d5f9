"""`inv install` and `inv check`: what CI does with the monorepo before anything is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import leave, masking, root_of

if TYPE_CHECKING:
    from invoke.context import Context


@task
def install(context: Context) -> None:
    """Install the monorepo's packages, by the command in [tool.release.rehearsal], else as its lockfile says.

    Example: inv install
    """
    import os

    from release.config import load
    from release.errors import ReleaseError
    from release.systems.npm import monorepo

    try:
        if not monorepo.install(load(root_of(context)), os.environ, masking(), _tell):
            _tell("Nothing to install: no lockfile, and [tool.release.rehearsal] names no command.")
    except ReleaseError as error:
        leave(error, json=False)


@task
def check(context: Context) -> None:
    """Run the configured build, test and lint commands, as the first step of a release does; write nothing.

    Example: inv check
    """
    import os

    from release.config import load
    from release.errors import ReleaseError
    from release.systems.npm import monorepo

    try:
        monorepo.run_tests(load(root_of(context)), os.environ, masking(), _tell)
    except ReleaseError as error:
        leave(error, json=False)


def _tell(line: str) -> None:
    import sys

    sys.stderr.write(f"{line}\n")
