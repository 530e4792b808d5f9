"""What was asked for on the command line of a release, a plan, a deployment, a step or a publish."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.frozen import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.request import Request


class Options(Frozen, frozen=True):
    """All that a command says of what it is to do.

    `plan_file` holds an approved plan, `output` takes the one that is made. `deploying`: a deployment without a number.
    `only` is the one step to carry out, `said` is false where no bump was typed with it: it works on what was begun.
    `through` decides an ambiguous backfill; `target` is the package to publish, None for the app itself.
    `for_approval`: a plan that is made to be approved, and not to be looked at alone as a dry run is.
    """

    request: Request
    plan_file: Path | None = None
    output: Path | None = None
    deploying: bool = False
    only: str | None = None
    through: str | None = None
    target: str | None = None
    for_approval: bool = False
    said: bool = True
