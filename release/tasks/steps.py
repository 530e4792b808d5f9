"""`inv step.NAME`: one core step alone, under the same checks, gate and lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.tasks import task

from release.tasks.ending import finish, requested, root_of, terminal_gate

if TYPE_CHECKING:
    from invoke.context import Context
    from invoke.tasks import Task

    from release.outcome import Outcome

NAMES = {
    "test": "run the configured build, test and lint commands",
    "bump": "put the files of the bump commit into the work tree",
    "backfill": "write the ledger that the live schema proves",
    "migrate": "apply the pending D1 migrations",
    "deploy-mcp": "deploy the mcp worker",
    "deploy-cms": "deploy the cms worker",
    "smoke": "poll the health route until it is this release",
    "record": "push branch, tag and record",
    "github-release": "make the GitHub Release",
    "verify": "look whether all that shows the version agrees",
}


def collection() -> Collection:
    """One task a core step."""
    made = Collection("step")
    for name in NAMES:
        made.add_task(_step(name), name=name)
    return made


def _step(name: str) -> Task:  # type: ignore[type-arg]
    def step(
        context: Context,
        bump: str = "patch",
        env: str = "production",
        yes: bool = False,
        json: bool = False,
        through: str = "",
    ) -> None:
        def run() -> Outcome:
            import os

            from release.flows import releasing
            from release.views import listener

            only = name.replace("deploy-", "deploy ")
            asked = releasing.Asked(requested(bump, env), only=only, through=through or None)
            return releasing.release(
                root_of(context), os.environ, asked, terminal_gate(yes=yes), listener(json=json)
            )

        finish(run, json=json)

    step.__name__ = name
    step.__doc__ = (
        f"The step `{name}` alone: {NAMES[name]}.\n\n    Example: inv step.{name}\n\n"
        "    It runs under the checks, the approval and the lock of a release, and refuses while an earlier step is not done."
    )
    help_texts = {
        "bump": "as in `inv release`",
        "env": "the environment",
        "yes": "approve without typing the tag",
        "json": "one JSON object on stdout",
        "through": "backfill only: the last migration that was applied",
    }
    made: Task = task(name=name, help=help_texts)(step)  # type: ignore[type-arg]
    return made
