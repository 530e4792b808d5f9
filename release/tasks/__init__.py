"""The Invoke tasks. They turn words into values and outcomes into exit codes; everything heavy is imported when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection

from release.tasks import monorepo, rehearsals, releases, states, steps

if TYPE_CHECKING:
    from pathlib import Path


def collection(root: Path) -> Collection:
    """All tasks for the repository in `root`, which holds tasks.py and pyproject.toml.

    `RELEASE_STAGE` in the environment puts a rehearsal's clone in its place.
    """
    tasks = Collection(
        releases.release,
        releases.plan,
        releases.deploy,
        states.status,
        states.verify,
        states.rollback,
        states.unlock,
        states.plugins,
        monorepo.install,
        monorepo.check,
        rehearsals.rehearse,
    )
    tasks.add_collection(rehearsals.collection(), name="rehearsal")
    tasks.add_collection(steps.collection(), name="step")
    tasks.configure({"release": {"root": str(root)}})
    return tasks
