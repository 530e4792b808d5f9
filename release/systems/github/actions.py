"""GitHub Actions: runs, who started and who reviewed them, environments, and the start of a workflow."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import msgspec

from release.errors import CannotReadError, EffectError

if TYPE_CHECKING:
    from release.systems.github.rest import Rest

SHOW_UP = 60.0  # seconds that a run may take to appear after its dispatch
POLL = 2.0
RUNS = "read its workflow runs"


class User(msgspec.Struct, frozen=True):
    """An account."""

    login: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A workflow run. `status` is queued, waiting, in_progress, completed...; `actor` started its first attempt."""

    id: int
    status: str | None = None
    conclusion: str | None = None
    html_url: str = ""
    head_sha: str = ""
    path: str = ""
    display_title: str = ""
    created_at: str = ""
    run_attempt: int = 1
    actor: User | None = None
    triggering_actor: User | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Who started the run, and who this attempt of it."""
        return tuple(one.login for one in (self.actor, self.triggering_actor) if one)


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A job of a run; `check_run_url` leads to its annotations."""

    name: str
    status: str = ""
    conclusion: str | None = None
    check_run_url: str = ""
    runner_name: str | None = None
    started_at: str | None = None


class Annotation(msgspec.Struct, frozen=True):
    """What a job said beside its log."""

    title: str | None = None
    message: str | None = None


class Named(msgspec.Struct, frozen=True):
    """An environment, as other things mention it."""

    name: str | None = None
    id: int | None = None


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody's answer to a run that waited; GitHub does not say when it was given."""

    state: str
    comment: str = ""
    user: User | None = None
    environments: tuple[Named, ...] = ()


class Reviewer(msgspec.Struct, frozen=True):
    """A person or a team who may approve."""

    reviewer: dict[str, Any] = {}

    @property
    def name(self) -> str:
        """The login, or the team's name."""
        return str(self.reviewer.get("login") or self.reviewer.get("slug") or self.reviewer.get("name") or "")


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """An environment that a run waits for."""

    environment: Named
    current_user_can_approve: bool = False
    reviewers: tuple[Reviewer, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A protection rule of an environment."""

    type: str
    prevent_self_review: bool = False
    reviewers: tuple[Reviewer, ...] = ()


class GitHubEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """An environment of GitHub, with who must approve what goes there."""

    name: str
    protection_rules: tuple[Rule, ...] = ()
    deployment_branch_policy: dict[str, Any] | None = None

    @property
    def reviewers(self) -> tuple[str, ...]:
        """The people and teams of whom one has to approve."""
        return tuple(one.name for rule in self._asking for one in rule.reviewers)

    @property
    def prevents_self_review(self) -> bool:
        """Whether GitHub keeps people from approving what they dispatched."""
        return any(rule.prevent_self_review for rule in self._asking)

    @property
    def _asking(self) -> tuple[Rule, ...]:
        return tuple(rule for rule in self.protection_rules if rule.type == "required_reviewers")


class _Started(msgspec.Struct, frozen=True):
    """The answer to a dispatch; empty from a GitHub that does not know `return_run_details`."""

    workflow_run_id: int | None = None


def environment(github: Rest, name: str) -> GitHubEnvironment | None:
    """An environment by its name, None when there is none."""
    return github.find(f"/environments/{quote(name, safe='')}", GitHubEnvironment, "read its environments")


def run(github: Rest, number: int) -> Run:
    """One run. Raises CannotReadError where there is none of this number."""
    found = github.find(f"/actions/runs/{number}", Run, RUNS)
    if found is None:
        raise CannotReadError(
            f"There is no run {number} in {github.repository}, or this token may not see it.",
            f"Look for it: {github.page('/actions')}. The token needs Actions: read.",
        )
    return found


def runs(github: Rest, *, most: int, **query: str | int) -> tuple[Run, ...]:
    """Runs, newest first; `query` is GitHub's: event, status, branch..."""
    return github.pages("/actions/runs", Run, RUNS, key="workflow_runs", most=most, **query)


def dispatchers(github: Rest, of: Run) -> frozenset[str]:
    """Everybody who started any attempt of a run."""
    earlier = range(1, of.run_attempt)
    attempts = [github.read(f"/actions/runs/{of.id}/attempts/{n}", Run, RUNS) for n in earlier]
    return frozenset(login for one in (of, *attempts) for login in one.people)


def jobs(github: Rest, number: int) -> tuple[Job, ...]:
    """The jobs of a run's last attempt."""
    return github.pages(f"/actions/runs/{number}/jobs", Job, RUNS, key="jobs")


def said_by(github: Rest, job: Job) -> tuple[Annotation, ...]:
    """What a job said with `::notice` and the like."""
    check = job.check_run_url.rpartition("/")[2]
    return github.pages(f"/check-runs/{check}/annotations", Annotation, "read its checks") if check else ()


def reviews(github: Rest, number: int) -> tuple[Review, ...]:
    """Who approved or rejected a run, for which environments."""
    return tuple(github.read(f"/actions/runs/{number}/approvals", list[Review], RUNS))


def pending(github: Rest, number: int) -> tuple[Pending, ...]:
    """What a run waits for; nothing when it does not wait."""
    return tuple(github.read(f"/actions/runs/{number}/pending_deployments", list[Pending], RUNS))


def review(github: Rest, number: int, environment: int, *, approved: bool, comment: str) -> None:
    """Approve or reject a waiting run. Raises EffectError."""
    body = {
        "environment_ids": [environment],
        "state": "approved" if approved else "rejected",
        "comment": comment,
    }
    path = f"/actions/runs/{number}/pending_deployments"
    github.write("POST", path, cast("type[Any]", object), "review its deployments", body)


def dispatch(github: Rest, workflow: str, ref: str, inputs: dict[str, str]) -> int:
    """Start a workflow on a branch; the id of its run. Raises EffectError."""
    last = max((one.id for one in _dispatched(github, workflow)), default=0)
    started = github.write(
        "POST",
        f"/actions/workflows/{quote(workflow, safe='')}/dispatches",
        _Started,
        f"start {workflow}",
        {"ref": ref, "inputs": inputs, "return_run_details": True},
    )
    return started.workflow_run_id or _appeared(github, workflow, last)


def seconds(moment: str | None) -> float | None:
    """GitHub's "2026-11-23T14:05:00Z" as seconds since 1970."""
    try:
        return datetime.fromisoformat(moment).timestamp() if moment else None
    except ValueError:
        return None


def _appeared(github: Rest, workflow: str, last: int) -> int:
    """The run that a dispatch made, where GitHub's answer does not name it: the first with a higher number."""
    until = github.clock.elapsed() + SHOW_UP
    while True:
        fresh = [one.id for one in _dispatched(github, workflow) if one.id > last]
        if fresh:
            return min(fresh)
        if github.clock.elapsed() > until:
            raise EffectError(
                f"GitHub took the start of {workflow}, but no run of it has appeared.",
                f"Look for it: {github.page(f'/actions/workflows/{workflow}')}",
            )
        github.clock.sleep(POLL)


def _dispatched(github: Rest, workflow: str) -> list[Run]:
    found = runs(github, most=50, event="workflow_dispatch")
    return [one for one in found if one.path.partition("@")[0].endswith(f"/{workflow}")]
