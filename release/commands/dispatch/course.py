"""`inv dispatch`: start the workflow that releases, and follow it to its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from release.commands.ending import Shown
from release.commands.envelope import problem
from release.errors import BLOCKED, FAILED, RELEASED, UNRECORDED, EffectError, TokenRefusedError
from release.systems.github import actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.config import Config
    from release.systems.github.rest import Rest

POLL = 5.0  # seconds between two looks: some 1400 requests an hour, of the 5000 that a person's token has
_EXIT = re.compile(r"Process completed with exit code (\d+)")  # how the runner annotates a step that failed
_KNOWN = range(6)  # the exit codes of a release


@dataclass(frozen=True)
class Followed:
    """How a run ended: GitHub's conclusion, and the exit code that the release in it had."""

    run: int
    url: str
    conclusion: str
    exit_code: int
    what: str

    @property
    def shown(self) -> Shown:
        """The same for people and for scripts."""
        problems = [] if self.exit_code == RELEASED else [problem("workflow", "fail", self.what)]
        fields = {"run": self.run, "url": self.url, "conclusion": self.conclusion, "what": self.what}
        return Shown((self.what,), fields, self.exit_code, problems)


def start(
    github: Rest, config: Config, level: str, reason: str, underbump: str = "", *, finish: bool = False
) -> actions.Run:
    """Start the workflow on the branch that is released; its run. Raises EffectError and CannotReadError."""
    inputs = inputs_of(level, reason, underbump, finish=finish)
    try:
        number = actions.dispatch(github, config.approval.workflow, config.branch, inputs)
    except EffectError as error:
        if isinstance(error.__cause__, TokenRefusedError):
            raise error.__cause__ from None  # nothing was begun
        raise
    return actions.run(github, number)


def inputs_of(level: str, reason: str, underbump: str = "", *, finish: bool = False) -> dict[str, str]:
    """What the workflow is given."""
    given = {"reason": reason, "underbump": underbump, "finish": "true" if finish else ""}
    return {"version_bump": level, **{name: why for name, why in given.items() if why}}


def unstarted(config: Config, inputs: dict[str, str]) -> Shown:
    """What a dry run says of the workflow that it does not start."""
    given = ", ".join(f"{name}={value}" for name, value in inputs.items())
    line = f"Would start {config.approval.workflow} on {config.branch} with {given}. Nothing was changed."
    return Shown((line,), {"workflow": config.approval.workflow, "inputs": inputs}, outcome="planned")


def follow(github: Rest, run: actions.Run, say: Callable[[str], None]) -> Followed:
    """Look at a run until it ends, and say what changes. It can be left at any time: the run goes on."""
    said = ""
    while run.status != "completed":
        now = standing(github, run)
        if now != said:
            say(now)
            said = now
        github.clock.sleep(POLL)
        run = actions.run(github, run.id)
    return ended(github, run)


def standing(github: Rest, run: actions.Run) -> str:
    """Where a run stands, in a line."""
    waits = actions.pending(github, run.id) if run.status in {"waiting", "queued", "pending"} else ()
    for one in waits:
        who = ", ".join(reviewer.name for reviewer in one.reviewers) or "somebody who may"
        return f"waits for approval by {who}: {run.html_url} (or: inv approve {run.id})"
    running = [job.name for job in actions.jobs(github, run.id) if job.status == "in_progress"]
    if running:
        return f"under way: {', '.join(running)}"
    return "queued" if run.status in {"queued", "pending", "requested"} else f"{run.status}".replace("_", " ")


def ended(github: Rest, run: actions.Run) -> Followed:
    """How a run ended, with the exit code of the release in it."""
    end = _End(github, run, run.conclusion or "unknown")
    code, what = next(found for find in _MEANINGS if (found := find(end)))
    return Followed(run.id, run.html_url, end.conclusion, code, what)


@dataclass(frozen=True)
class _End:
    """A run that has ended; its jobs are asked for when they are needed."""

    github: Rest
    run: actions.Run
    conclusion: str

    @cached_property
    def jobs(self) -> tuple[actions.Job, ...]:
        return actions.jobs(self.github, self.run.id)

    @property
    def failed(self) -> list[actions.Job]:
        return [job for job in self.jobs if job.conclusion not in {None, "success", "skipped"}]

    @property
    def where(self) -> str:
        return ", ".join(job.name for job in self.failed) or "no job"


def _succeeded(end: _End) -> tuple[int, str] | None:
    return (RELEASED, "The run succeeded.") if end.conclusion == "success" else None


def _rejected(end: _End) -> tuple[int, str] | None:
    for one in actions.reviews(end.github, end.run.id):
        if one.state == "rejected":
            why = f": {' '.join(one.comment.split())}" if one.comment else ""
            return (
                BLOCKED,
                f"{one.user.login if one.user else 'somebody'} rejected it{why}. Nothing was released.",
            )
    return None


def _exited(end: _End) -> tuple[int, str] | None:
    """The first failed job that says a release's exit code."""
    for job in end.failed:
        found = (_EXIT.search(one.message or "") for one in actions.said_by(end.github, job))
        code = next((int(one[1]) for one in found if one and int(one[1]) in _KNOWN), None)
        if code is not None:
            return code, f"The job {job.name} ended with exit code {code}: {end.run.html_url}"
    return None


def _broken_off(end: _End) -> tuple[int, str] | None:
    """The job that releases was at work when it ended: it may have changed production."""
    if len(end.jobs) > 1 and any(job.runner_name for job in end.failed[-1:]):
        return UNRECORDED, f"The run was {end.conclusion} in {end.where}. To see what is live: inv status"
    return None


def _ended_early(end: _End) -> tuple[int, str]:
    code = BLOCKED if end.conclusion == "cancelled" else FAILED
    return code, f"The run ended as {end.conclusion} in {end.where}: {end.run.html_url}"


_MEANINGS: tuple[Callable[[_End], tuple[int, str] | None], ...] = (
    _succeeded,
    _rejected,
    _exited,
    _broken_off,
    _ended_early,
)
