"""What ran on a commit at GitHub: statuses and check runs, of which those of dispatched workflows do not count."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from release.model.readiness import CommitCheck
from release.systems.machine.deadline import Lanes

if TYPE_CHECKING:
    from release.model.readiness import CheckState
    from release.systems.github.rest import Rest

_RUN = re.compile(r"/actions/runs/(\d+)(?:/|$)")
GOOD = frozenset({"success", "neutral", "skipped"})
PURPOSE = "read a commit's checks"


class Status(msgspec.Struct, frozen=True):
    """The newest status of one context."""

    context: str
    state: str
    target_url: str | None = None


class CheckRun(msgspec.Struct, frozen=True):
    """A check run; a job of a workflow is one."""

    name: str
    status: str
    conclusion: str | None = None
    details_url: str | None = None
    html_url: str | None = None

    @property
    def run(self) -> int | None:
        """The workflow run whose job it is, by its address (.../actions/runs/RUN/job/JOB); None for another's."""
        found = _RUN.search(self.details_url or "") or _RUN.search(self.html_url or "")
        return int(found[1]) if found else None


class WorkflowRun(msgspec.Struct, frozen=True):
    """A run of a workflow."""

    id: int


def commit_checks(github: Rest, commit: str) -> tuple[CommitCheck, ...]:
    """Every check of a commit, by name. Raises CannotReadError.

    Two requests, side by side. Where a job of a workflow is not green, a third asks which runs were dispatched by a
    person: their jobs do not speak of the commit (a release that waits, failed or was rejected is such a run itself).
    """
    path = f"/commits/{quote(commit, safe='')}"
    with Lanes(1) as lane:
        runs = lane.submit(
            partial(github.pages, f"{path}/check-runs", CheckRun, PURPOSE, key="check_runs", filter="latest")
        )
        statuses = github.pages(f"{path}/status", Status, PURPOSE, key="statuses")
        found = runs.result()
    if any(one.run is not None and _state(one) != "green" for one in found):
        told = github.pages(
            "/actions/runs",
            WorkflowRun,
            PURPOSE,
            key="workflow_runs",
            head_sha=commit,
            event="workflow_dispatch",
        )
        dispatched = {one.id for one in told}
        found = tuple(one for one in found if one.run not in dispatched)
    checks = [CommitCheck(one.context, *_of_status(one.state), one.target_url or "") for one in statuses]
    checks += [
        CommitCheck(one.name, _state(one), one.conclusion or one.status, one.html_url or "") for one in found
    ]
    return tuple(sorted(checks, key=lambda one: one.name))


def _of_status(state: str) -> tuple[CheckState, str]:
    known: dict[str, CheckState] = {"success": "green", "pending": "running"}
    return known.get(state, "red"), state


def _state(run: CheckRun) -> CheckState:
    if run.status != "completed":
        return "running"
    return "green" if run.conclusion in GOOD else "red"
