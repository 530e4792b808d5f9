"""`inv doctor`: looks at each step of a repository's set-up (docs/github.md), and says which is missing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from release.commands.doctor import cloudflare
from release.commands.doctor import setup as examinations
from release.commands.doctor.setup import Setup
from release.commands.ending import Shown
from release.commands.envelope import problem
from release.errors import BLOCKED, RELEASED, ReleaseError, TokenRefusedError
from release.plan.targets import configured
from release.systems.cloudflare.api import Cloudflare
from release.systems.git.client import Git
from release.systems.machine.deadline import Lanes
from release.systems.ops import at_github
from release.systems.web.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

LANES = 6
State = Literal["ok", "missing", "cannot tell"]
MARKS: Mapping[State, str] = {"ok": "ok", "missing": "MISSING", "cannot tell": "?"}

# the names are the headings of docs/github.md, in its order
STEPS: tuple[tuple[str, Callable[[Setup], str]], ...] = (
    ("A token", examinations.token),
    ("The workflows", examinations.workflows),
    ("Environments", examinations.environments),
    ("Reviewers", examinations.reviewers),
    ("Deployment branches", examinations.deployment_branches),
    ("Secrets", examinations.secrets),
    ("Variables", examinations.variables),
    ("A deploy key", examinations.deploy_key),
    ("Rules for the branch", examinations.branch),
    ("The bypass", examinations.bypass),
    ("Rules for tags", examinations.tags),
    ("What workflows' tokens may do", examinations.permissions),
    ("The record's refs", examinations.record),
    ("A Cloudflare token", cloudflare.account_token),
    ("Workers Builds", cloudflare.builds),
    ("The health route", examinations.health),
)


@dataclass(frozen=True)
class Finding:
    """How one step of the set-up stands, and what to do about it."""

    step: str
    state: State
    what: str
    advice: str = ""


def shown(root: Path, environ: Mapping[str, str]) -> Shown:
    """Every step of the repository in `root`. Raises UsageError for wrong configuration, or without a token."""
    config, plugins = configured(root)
    has_account = all(environ.get(name) for name in (examinations.TOKEN, examinations.ACCOUNT))
    with (
        at_github(config, environ) as github,
        closing(Git(config.root, config.remote, environ)) as git,
        closing(Http()) as http,
    ):
        account = Cloudflare(http, environ) if has_account else None
        found = examine(Setup(config, github, git, bool(plugins.targets()), account))
    return Shown(lines(found), as_json(found), exit_code(found), [*_problems(found)])


def examine(patient: Setup) -> tuple[Finding, ...]:
    """Look at every step, side by side. What cannot be read is told; nothing is raised."""
    with Lanes(LANES) as lanes:
        return tuple(lanes.map(lambda step: _looked(patient, *step), STEPS))


def exit_code(found: Sequence[Finding]) -> int:
    """4 where a step is missing, else 0: what cannot be told is no reason to stop."""
    return BLOCKED if any(one.state == "missing" for one in found) else RELEASED


def lines(found: Sequence[Finding]) -> Iterator[str]:
    """What a person reads."""
    width = max(len(one.step) for one in found)
    for one in found:
        yield f"{MARKS[one.state]:<8} {one.step:<{width}}  {one.what}"
        yield from (f"{'':<{width + 11}}{line}" for line in one.advice.splitlines())
    missing, unknown = (sum(one.state == state for one in found) for state in ("missing", "cannot tell"))
    yield ""
    if missing or unknown:
        yield f"{missing} missing, {unknown} unknown. See docs/github.md."
    else:
        yield "The repository is set up."


def as_json(found: Sequence[Finding]) -> dict[str, Any]:
    """The same as one object."""
    return {
        "steps": [
            {"step": one.step, "state": one.state, "what": one.what, "advice": one.advice} for one in found
        ],
    }


def _problems(found: Sequence[Finding]) -> Iterator[dict[str, Any]]:
    """What is missing blocks; what cannot be told warns."""
    for one in found:
        if one.state != "ok":
            yield problem(one.step, "block" if one.state == "missing" else "warn", one.what, one.advice)


def _looked(patient: Setup, step: str, look: Callable[[Setup], str]) -> Finding:
    try:
        return Finding(step, "ok", look(patient))
    except TokenRefusedError as error:
        if step == STEPS[0][0]:
            return Finding(step, "missing", error.what, error.advice)
        return Finding(step, "cannot tell", "needs a valid token")
    except examinations.MissingError as error:
        return Finding(step, "missing", error.what, error.advice)
    except ReleaseError as error:
        return Finding(step, "cannot tell", error.what, error.advice)
