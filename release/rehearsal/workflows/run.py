"""A run of a workflow as far as it went, and what the repository is set up with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.rehearsal.forge import store
from release.rehearsal.forge.repository import now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.rehearsal.workflows.job import Result, Use
    from release.rehearsal.workflows.machine import Machine
    from release.rehearsal.workflows.workflow import Job, Workflow

LEVELS = {"error": "failure", "warning": "warning", "notice": "notice"}  # in a log, and in the checks API


@dataclass(frozen=True)
class Settings:
    """What people set up in the repository: secrets and variables, of an environment or ("") of the repository.

    `use` carries out a step that uses an action; `identity` gives the variables by which a job may ask who it is;
    `watch` hears of each process of a job (see Machine). Jobs in `passed_over` succeed without being run.
    """

    secrets: Mapping[str, Mapping[str, str]]
    variables: Mapping[str, str]
    use: Use
    identity: Callable[[dict[str, str]], dict[str, str]] = lambda _: {}
    watch: Callable[[str], None] = lambda _: None
    passed_over: frozenset[str] = frozenset()


@dataclass
class Run:
    """A run as far as it went: the result of each job that is over, and what the others wait for."""

    id: int
    workflow: Workflow
    results: dict[str, Result] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    attempt: int = 1
    cancelled: bool = False
    machine: Machine | None = None
    running: str = ""
    reviews: int = 0
    checks: dict[str, int] = field(default_factory=dict)

    @property
    def result(self) -> str:
        """How it ended; empty while it has not."""
        ended = {result.result for result in self.results.values()}
        if len(self.results) < len(self.workflow.jobs):
            return ""
        return next((word for word in ("cancelled", "failure") if word in ended), "success")

    @property
    def told(self) -> str:
        """The logs of all jobs that are over."""
        return "\n".join(
            "\n".join((f"== {key}: {one.result}", *one.log.lines, *map(str, one.log.annotations)))
            for key, one in self.results.items()
        )

    def how(self, job: str) -> str:
        """How a job ended; empty while it has not."""
        return self.results[job].result if job in self.results else ""


def status_before(run: Run, job: Job) -> str:
    """What success(), failure() and cancelled() go by: all jobs that this one needs, and those that they need."""
    if run.cancelled:
        return "cancelled"
    by_key = {one.key: one for one in run.workflow.jobs}
    ahead, seen = list(job.needs), set[str]()
    while ahead:
        need = ahead.pop()
        seen.add(run.how(need))
        ahead += by_key[need].needs
    return "failure" if "failure" in seen else "success" if seen <= {"success"} else "skipped"


def shown(run: Run, at: int, key: str) -> store.Job:
    """A job as the forge shows it, with what it annotated, and the machine that has taken it."""
    told = run.results[key].log.annotations if key in run.results else []
    notes = tuple(store.Annotation(LEVELS[one.kind], one.title, one.message) for one in told)
    if run.machine is not None and run.running == key:
        return store.Job(run.id * 100 + at, key, "in_progress", None, now(), run.machine.name)
    status = "completed" if run.how(key) else "waiting" if key in run.waiting else "queued"
    return store.Job(run.id * 100 + at, key, status, run.how(key) or None, annotations=notes)
