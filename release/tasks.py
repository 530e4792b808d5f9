"""The Invoke tasks. They turn words into values and outcomes into exit codes; everything heavy is imported when it runs."""

from __future__ import annotations

import os
from pathlib import Path

from invoke.collection import Collection

from release.commands import approvals, monorepo, states
from release.commands import checklist as checklists
from release.commands import hotfix as hotfixes
from release.commands import init as adopting
from release.commands import publish as publishing
from release.commands import rehearse as rehearsals
from release.commands import release as releases
from release.commands import step as steps


def collection(root: Path) -> Collection:
    """All tasks for the repository in `root`, which holds tasks.py and pyproject.toml.

    `RELEASE_STAGE` in the environment puts a rehearsal's clone in its place.
    """
    tasks = Collection(
        releases.release,
        releases.plan,
        releases.deploy,
        publishing.publish,
        approvals.dispatch,
        approvals.approve,
        approvals.doctor,
        checklists.checklist,
        hotfixes.hotfix,
        states.status,
        states.verify,
        states.rollback,
        states.unlock,
        states.plugins,
        monorepo.install,
        monorepo.check,
        rehearsals.rehearse,
        adopting.init,
    )
    tasks.add_collection(rehearsals.collection(), name="rehearsal")
    tasks.add_collection(steps.collection(Path(os.environ.get("RELEASE_STAGE") or root)), name="step")
    tasks.configure({"release": {"root": str(root)}})
    return tasks
