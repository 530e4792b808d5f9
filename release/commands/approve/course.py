"""`inv approve`: the plan of a run that waits, and a review of it that is bound to that plan."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.errors import BlockedError, UsageError
from release.plan.plan import NOTICE, SHORT
from release.systems.github import actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.config import Config
    from release.systems.github.rest import Rest

_NUMBER = re.compile(r"(?:^|/actions/runs/)(\d+)(?:[/?#].*)?$")
_TITLE = re.compile(re.escape(NOTICE) + r" ([0-9a-f]{64})")


@dataclass(frozen=True)
class Waiting:
    """A run that waits for a review, and the plan that its job `plan` has shown."""

    run: actions.Run
    environment: int
    plan_hash: str
    plan: str

    @property
    def short(self) -> str:
        """The plan's hash as people read it."""
        return self.plan_hash[:SHORT]


def waiting(github: Rest, config: Config, wanted: str) -> Waiting:
    """The run that waits for a review: the one that is named by number or address, or the only one.

    Raises UsageError for words that name none, BlockedError where nothing waits, where this token may not review, and
    where no plan can be read.
    """
    run = actions.run(github, _number(wanted)) if wanted else _only(github, config)
    if run.status == "completed":
        raise BlockedError(
            f"Run {run.id} has ended ({run.conclusion}): there is nothing to approve any more.",
            "Start a new one: inv dispatch",
        )
    name = config.approval.environment
    found = [one for one in actions.pending(github, run.id) if one.environment.name == name]
    if not found or found[0].environment.id is None:
        raise BlockedError(
            f"Run {run.id} does not wait for an approval of {name}: it is {run.status}.",
            f"Look at it: {run.html_url}",
        )
    if not found[0].current_user_can_approve:
        who = ", ".join(reviewer.name for reviewer in found[0].reviewers) or "no one"
        raise BlockedError(
            f"This token's account may not review run {run.id}.",
            f"{who} may, and not who dispatched it where GitHub prevents self-review. The token needs Deployments: write.",
        )
    plan_hash, plan = _plan(github, run)
    return Waiting(run, found[0].environment.id, plan_hash, plan)


def review(github: Rest, found: Waiting, *, approved: bool, comment: str) -> str:
    """Approve or reject; the comment that was left, which names the plan. Raises EffectError."""
    text = f"plan {found.short}" + (f": {comment}" if comment else "")
    actions.review(github, found.run.id, found.environment, approved=approved, comment=text)
    return text


def agree(found: Waiting, plan: str, ask: Callable[[str], str] | None, *, reject: bool) -> None:
    """Have the plan's hash confirmed: given as `plan`, or typed. Raises BlockedError for another, or without a terminal.

    To reject needs no proof that the plan was read.
    """
    if reject:
        return
    said = plan
    if not said:
        if ask is None:
            raise BlockedError(
                f"Plan {found.short} is not approved: there is no terminal to prompt in.",
                f"Add --plan {found.short}.",
            )
        said = ask(f"Approve this plan? Type {found.short}: ")
    if len(said) < SHORT or not found.plan_hash.startswith(said):
        raise BlockedError(f'Not approved: "{said}" is not plan {found.short}.', "The run still waits.")


def _number(wanted: str) -> int:
    found = _NUMBER.search(wanted.strip())
    if found is None:
        raise UsageError(
            f'"{wanted}" is not a workflow run.',
            "Use its number or its URL (.../actions/runs/NUMBER): inv approve NUMBER",
        )
    return int(found[1])


def _only(github: Rest, config: Config) -> actions.Run:
    file = f"/{config.approval.workflow}"
    found = [
        one
        for one in actions.runs(github, most=100, status="waiting")
        if one.path.partition("@")[0].endswith(file)
    ]
    if not found:
        raise BlockedError(
            f"No run of {config.approval.workflow} waits for an approval.",
            "Start one: inv dispatch --bump patch",
        )
    if len(found) > 1:
        listed = "\n".join(f"{one.id}  {one.display_title}" for one in found)
        raise UsageError(
            f"{len(found)} runs wait for an approval.", f"Say which: inv approve NUMBER\n{listed}"
        )
    return found[0]


def _plan(github: Rest, run: actions.Run) -> tuple[str, str]:
    """Hash and text of the plan that the run has shown in an annotation."""
    for job in actions.jobs(github, run.id):
        for one in actions.said_by(github, job):
            title = _TITLE.fullmatch(one.title or "")
            if title:
                return title[1], one.message or ""
    raise BlockedError(
        f"Run {run.id} has not said which plan it waits for.",
        f"Read its summary, and review it there: {run.html_url}",
    )
