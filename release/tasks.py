"""The list of commands, one line each. What a command needs is loaded when it runs."""

from __future__ import annotations

import os
from pathlib import Path

from invoke.collection import Collection

from release.commands.approve import approve
from release.commands.checklist import checklist
from release.commands.config import config
from release.commands.dispatch import dispatch
from release.commands.doctor import doctor
from release.commands.hotfix import hotfix
from release.commands.init import init
from release.commands.monorepo import check, install
from release.commands.open import open_page
from release.commands.plugins import plugins
from release.commands.publish import publish
from release.commands.rehearse import collection as rehearsal
from release.commands.rehearse import rehearse
from release.commands.release import deploy, plan, release
from release.commands.rollback import rollback
from release.commands.status import status
from release.commands.step import collection as steps
from release.commands.unlock import unlock
from release.commands.verify import verify

COMMANDS = (
    release,
    plan,
    deploy,
    publish,
    dispatch,
    approve,
    doctor,
    checklist,
    hotfix,
    status,
    open_page,
    config,
    verify,
    rollback,
    unlock,
    plugins,
    install,
    check,
    rehearse,
    init,
)


def collection(root: Path) -> Collection:
    """All tasks for the repository in `root`, which holds tasks.py and pyproject.toml.

    `RELEASE_STAGE` in the environment puts a rehearsal's clone in its place.
    """
    tasks = Collection(*COMMANDS)
    tasks.add_collection(rehearsal(), name="rehearsal")
    tasks.add_collection(steps(Path(os.environ.get("RELEASE_STAGE") or root)), name="step")
    tasks.configure({"release": {"root": str(root)}})
    return tasks
