"""The list of commands, one line each. What a command needs is loaded when it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.collection import Collection

from release.commands.approve import approve
from release.commands.checklist import checklist
from release.commands.completion import completion
from release.commands.config import config
from release.commands.diff import diff
from release.commands.dispatch import dispatch
from release.commands.doctor import doctor
from release.commands.help import help_on
from release.commands.hotfix import hotfix
from release.commands.init import init
from release.commands.monorepo import check, install
from release.commands.open import open_page
from release.commands.place import described
from release.commands.plugins import plugins
from release.commands.publish import publish
from release.commands.rehearsal import collection as rehearsal
from release.commands.rehearse import rehearse
from release.commands.release import deploy, plan, release
from release.commands.rollback import rollback
from release.commands.status import status
from release.commands.step import collection as steps
from release.commands.unlock import unlock
from release.commands.verify import verify

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = {  # as `inv --list` shows them; a stage's own commands follow rehearse, and the steps stand at the end
    "Release": (
        release,
        plan,
        deploy,
        dispatch,
        approve,
        hotfix,
    ),
    "Look": (
        status,
        verify,
        checklist,
        diff,
        open_page,
        plugins,
    ),
    "Repair": (
        rollback,
        unlock,
    ),
    "Publish": (publish,),
    "Set up": (
        init,
        doctor,
        install,
        check,
        config,
        completion,
    ),
    "Rehearse": (rehearse,),
}
COMMANDS = tuple(one for group in GROUPS.values() for one in group)
NAMES = {title: tuple(str(one.name) for one in group) for title, group in GROUPS.items()}
NAMES["Set up"] += ("help",)  # it knows all the others


def collection(root: Path) -> Collection:
    """All tasks for the repository in `root`, which holds tasks.py and pyproject.toml.

    `RELEASE_STAGE` in the environment puts a rehearsal's clone in its place.
    """
    tasks = Collection(*COMMANDS)
    tasks.add_collection(rehearsal(), name="rehearsal")
    tasks.add_collection(steps(described(root)), name="step")
    tasks.add_task(help_on(tasks, NAMES))
    tasks.configure({"release": {"root": str(root)}})
    return tasks
