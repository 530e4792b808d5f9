"""How an invocation ended, for people and for scripts; and who is told while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import field

from release import errors
from release.frozen import Frozen
from release.model.rolled_back import worker_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.configuration import WorkerChanges
    from release.model.deployment import WorkerDeployment
    from release.model.evidence import Verdict
    from release.model.problem import Problem
    from release.model.record import Remark
    from release.model.release import Release, Write
    from release.model.rolled_back import RolledBack
    from release.model.unread import Unread

    Lives = Mapping[str, WorkerDeployment | Unread | None]

Ending = Literal[
    "planned",
    "released",
    "deployed",
    "verified",
    "rolled-back",
    "unlocked",
    "done",
    "failed",
    "unrecorded",
    "blocked",
    "nothing",
]
EXIT_CODES: dict[Ending, int] = {
    "planned": errors.RELEASED,
    "released": errors.RELEASED,
    "deployed": errors.RELEASED,
    "verified": errors.RELEASED,
    "rolled-back": errors.RELEASED,
    "unlocked": errors.RELEASED,
    "done": errors.RELEASED,
    "failed": errors.FAILED,
    "unrecorded": errors.UNRECORDED,
    "blocked": errors.BLOCKED,
    "nothing": errors.NOTHING,
}
SAME, NOTHING = "the same", "nothing"  # what was live before, where it is no version of its own
StepEnding = Literal["ok", "skipped", "failed", "todo", "stuck"]


class StepResult(Frozen, frozen=True):
    """How one step ended: ok (it acted), skipped (it was so already), failed; todo or stuck in a plan."""

    name: str
    outcome: StepEnding
    seconds: float
    detail: str
    writes: tuple[Write, ...] = ()


class Failure(Frozen, frozen=True):
    """A step that failed: what happened, what it means, what to do.

    `standing` says in a sentence what is true now; `state` lists what is live, what is not recorded and how
    to go back, as label and fact.
    """

    step: str
    what: str
    meaning: str
    advice: str
    state: tuple[tuple[str, str], ...] = ()
    standing: str = ""


class Outcome(Frozen, frozen=True):
    """The end of an invocation. `decision` is start, finish, supersede, repair, nothing or blocked.

    `was` is what was live in the environment before this run, in words (empty: not told); `is_tagged`: what was
    deployed without a number is the very commit that its release's tag names. `warnings` were told with the plan;
    `findings` are what the end found besides. `rolled_back` is the release that a rollback took away, while nothing newer
    is live; `state` lists what is true now, as label and fact, where it ended well (a failure has its own). `is_so`: nothing
    was to be done, for what was asked for is so already. `proof` says what the smoke check proves where the health route
    does not tell what serves; `questions` are asked before the approval; `changes` are those of the workers' settings.
    `live` is what each worker serves in the end, as far as it was looked at, and `before` what it served when the run began.
    """

    outcome: Ending
    decision: str
    environment: str
    release: Release | None = None
    plan: str | None = None
    why: str = ""
    steps: tuple[StepResult, ...] = ()
    problems: tuple[Problem, ...] = ()
    failure: Failure | None = None
    next: str | None = None
    urls: tuple[str, ...] = field(default=())
    warnings: tuple[Problem, ...] = ()
    remarks: tuple[Remark, ...] = ()
    verdict: Verdict | None = None
    findings: tuple[Problem, ...] = ()
    rolled_back: RolledBack | None = None
    state: tuple[tuple[str, str], ...] = ()
    was: str = ""
    is_tagged: bool = False
    is_so: bool = False
    proof: str = ""
    questions: tuple[Problem, ...] = ()
    changes: tuple[WorkerChanges, ...] = ()
    live: Lives | None = None
    before: Lives | None = None

    @property
    def exit_code(self) -> int:
        """What the process ends with."""
        return errors.RELEASED if self.is_so else EXIT_CODES[self.outcome]

    def as_json(self) -> dict[str, Any]:
        """What `--json` prints of it, before `release/commands/envelope.py` gives it the form of every command."""
        failures = [_failure(self.failure)] if self.failure else []
        writes = [write for step in self.steps for write in step.writes]
        return {
            "outcome": self.outcome,
            "decision": self.decision,
            **_fields(self.release, "version", "previous"),
            "was": self.was or None,
            **_fields(self.release, "tag", "commit"),
            "environment": self.environment,
            "plan": self.plan,
            "steps": [_step(step) for step in self.steps],
            "problems": [*map(_problem, self.problems), *failures],
            "writes": [_fields(write, "step", "system", "target", "what") for write in writes],
            "next": self.next,
            "proof": self.proof or None,
            "warnings": [_problem(one) for one in (*self.warnings, *self.findings)],
            "questions": [_problem(one) for one in self.questions],
            "remarks": [_fields(one, "kind", "what", "why", "who") for one in self.remarks],
            "policy": self.verdict.as_json() if self.verdict else None,
            "configuration": [change.as_json() for one in self.changes for change in one.changes],
            "rolled_back": self.rolled_back.as_json() if self.rolled_back else None,
            "state": dict(self.failure.state if self.failure else self.state),
            "live": _lives(self.live),
            "before": _lives(self.before),
            "urls": list(self.urls),
            "why": self.why or None,
        }


class Listener(Protocol):
    """Who is told while an invocation runs: the terminal, the journal, a CI summary."""

    def planned(self, preview: Any) -> None:  # noqa: ANN401 - release.plan.preview.Preview, which lies above
        """The plan is made and the checks have run."""
        ...

    def started(self, step: str) -> None:
        """A step starts."""
        ...

    def line(self, text: str) -> None:
        """The running step, or something that waits, says something."""
        ...

    def finished(self, result: StepResult) -> None:
        """A step ended."""
        ...

    def ended(self, outcome: Outcome) -> None:
        """The invocation ended."""
        ...


class Listeners(Frozen, frozen=True):
    """Several as one."""

    all: tuple[Listener, ...]

    def planned(self, preview: Any) -> None:  # noqa: ANN401
        """Tell all."""
        for one in self.all:
            one.planned(preview)

    def started(self, step: str) -> None:
        """Tell all."""
        for one in self.all:
            one.started(step)

    def line(self, text: str) -> None:
        """Tell all."""
        for one in self.all:
            one.line(text)

    def finished(self, result: StepResult) -> None:
        """Tell all."""
        for one in self.all:
            one.finished(result)

    def ended(self, outcome: Outcome) -> None:
        """Tell all."""
        for one in self.all:
            one.ended(outcome)


def _fields(value: object, *names: str) -> dict[str, Any]:
    """These attributes of a value; null where there is no value."""
    return {name: None if value is None else getattr(value, name) for name in names}


def _step(step: StepResult) -> dict[str, Any]:
    return {**_fields(step, "name", "outcome"), "seconds": round(step.seconds, 3), "detail": step.detail}


def _lives(live: Lives | None) -> dict[str, Any] | None:
    return None if live is None else {name: worker_json(one) for name, one in live.items()}


def _problem(problem: Problem) -> dict[str, Any]:
    return _fields(problem, "check", "level", "what", "advice", "file", "line")


def _failure(failure: Failure) -> dict[str, Any]:
    what = {"check": failure.step, "level": "fail", "what": failure.what, "advice": failure.advice}
    return {**what, "file": None, "line": None}
