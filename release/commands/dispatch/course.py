"""`inv dispatch`: start the workflow that releases, and follow it to its end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.errors import BLOCKED, FAILED, RELEASED, UNRECORDED
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

    def as_json(self) -> dict[str, Any]:
        """The same as one object."""
        return {
            "run": self.run,
            "url": self.url,
            "conclusion": self.conclusion,
            "exit_code": self.exit_code,
            "what": self.what,
        }


def start(
    github: Rest, config: Config, level: str, reason: str, underbump: str = "", *, finish: bool = False
) -> actions.Run:
    """Start the workflow on the branch that is released; its run. Raises EffectError and CannotReadError."""
    given = {"reason": reason, "underbump": underbump, "finish": "true" if finish else ""}
    inputs = {"version_bump": level, **{name: why for name, why in given.items() if why}}
    number = actions.dispatch(github, config.approval.workflow, config.branch, inputs)
    return actions.run(github, number)


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
    conclusion = run.conclusion or "unknown"
    code, what = _meaning(github, run, conclusion)
    return Followed(run.id, run.html_url, conclusion, code, what)


def _meaning(github: Rest, run: actions.Run, conclusion: str) -> tuple[int, str]:
    if conclusion == "success":
        return RELEASED, "The run succeeded."
    rejected = [one for one in actions.reviews(github, run.id) if one.state == "rejected"]
    if rejected:
        who = rejected[0].user.login if rejected[0].user else "somebody"
        why = f": {' '.join(rejected[0].comment.split())}" if rejected[0].comment else ""
        return BLOCKED, f"{who} rejected it{why}. Nothing was released."
    jobs = actions.jobs(github, run.id)
    failed = [job for job in jobs if job.conclusion not in {None, "success", "skipped"}]
    for job in failed:
        codes = [
            int(found[1])
            for one in actions.said_by(github, job)
            if (found := _EXIT.search(one.message or "")) and int(found[1]) in _KNOWN
        ]
        if codes:
            return codes[0], f"The job {job.name} ended with exit code {codes[0]}: {run.html_url}"
    names = ", ".join(job.name for job in failed) or "no job"
    if len(jobs) > 1 and any(job.runner_name for job in failed[-1:]):
        return UNRECORDED, f"The run was {conclusion} in {names}. What is live says: inv status"
    return (
        BLOCKED if conclusion == "cancelled" else FAILED,
        f"The run ended as {conclusion} in {names}: {run.html_url}",
    )
