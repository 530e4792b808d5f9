"""The actions that our workflows use, as far as they do something that a test can see; any other fails the job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.rehearsal.workflows.job import ActionError
from release.rehearsal.workflows.uses import checkout

if TYPE_CHECKING:
    from release.rehearsal.workflows.commands import Log
    from release.rehearsal.workflows.machine import Machine

SET_UP = frozenset({"actions/setup-node", "actions/setup-python"})  # this machine has both


def use(action: str, inputs: dict[str, str], github: dict[str, Any], machine: Machine, log: Log) -> None:
    """Carry out `uses: action`. Raises ActionError."""
    name, _, version = action.partition("@")
    if name not in {"actions/checkout", *SET_UP}:
        raise ActionError(f"this runner has no {name}")
    if len(version) != 40:
        raise ActionError(f"{name} is not pinned by a commit")
    if name in SET_UP:
        return
    if inputs.get("persist-credentials") != "false":
        raise ActionError("actions/checkout would keep the token in .git/config")
    checkout(inputs, github, machine, log)
