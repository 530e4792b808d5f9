"""`inv checklist`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.exceptions import Exit
from invoke.tasks import task

from release.commands.ending import leave, masking, print_json, root_of

if TYPE_CHECKING:
    from invoke.context import Context


@task(help={"json": "print one JSON object on stdout"})
def checklist(context: Context, json: bool = False) -> None:
    """Run the pre-deploy checklist alone: CI, staging, pages, bindings, secrets, and what only a person can tick.

    Example: inv checklist

    Every release runs it too. Exit codes: 0 a release may go ahead, 4 an item blocks it.
    """
    import os
    import sys

    from release.commands.checklist import course as flow
    from release.errors import ReleaseError

    try:
        found = flow.check(root_of(context), os.environ)
    except ReleaseError as error:
        leave(error, json=json)
    if json:
        print_json(flow.as_json(found))
    else:
        mask = masking()
        sys.stdout.writelines(f"{mask(line)}\n" for line in flow.lines(found))
    raise Exit(code=found.exit_code)
