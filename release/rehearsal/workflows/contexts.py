"""The contexts of expressions and the default variables of steps, as docs.github.com lists them (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.rehearsal.forge import store
    from release.rehearsal.workflows.job import Result
    from release.rehearsal.workflows.machine import Machine
    from release.rehearsal.workflows.workflow import Job

# of the github context, what steps get as variables
NAMES = (
    *("actor", "triggering_actor", "repository", "repository_owner", "ref", "ref_name", "ref_type", "sha"),
    *("event_name", "run_id", "run_number", "run_attempt", "server_url", "api_url", "workflow", "job"),
    *("head_ref", "base_ref"),
)


@dataclass(frozen=True)
class Facts:
    """A run, as the contexts tell of it."""

    run: store.Run
    workflow: str
    attempt: int
    repository: str
    server_url: str
    api_url: str


def before(facts: Facts, job: Job, results: Mapping[str, Result]) -> dict[str, Any]:
    """What is known before a job has a machine: github, needs, inputs; and empty contexts for the others."""
    needs = {key: {"result": results[key].result, "outputs": dict(results[key].outputs)} for key in job.needs}
    return {
        "github": _github(facts),
        "needs": needs,
        "inputs": dict(facts.run.inputs),
        "vars": {},
        "strategy": {},
        "matrix": {},
    }


def variables(github: Mapping[str, Any], machine: Machine) -> dict[str, str]:
    """The default variables of every step."""
    named = {f"GITHUB_{name.upper()}": str(github[name]) for name in NAMES}
    own = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(machine.workspace),
        "RUNNER_TEMP": str(machine.temp),
        "RUNNER_NAME": machine.name,
        "RUNNER_OS": "Linux",
    }
    return named | own


def _github(facts: Facts) -> dict[str, Any]:
    run, is_pull = facts.run, facts.run.event == "pull_request"
    event = {"inputs": dict(run.inputs)} | ({"pull_request": {"number": 1}} if is_pull else {})
    return {
        "actor": run.actor,
        "triggering_actor": (run.actor, *run.rerun_by)[-1],
        "repository": facts.repository,
        "repository_owner": facts.repository.partition("/")[0],
        "ref": "refs/pull/1/merge" if is_pull else f"refs/heads/{run.branch}",
        "ref_name": run.branch,
        "ref_type": "branch",
        "head_ref": run.branch if is_pull else "",
        "base_ref": "main" if is_pull else "",
        "sha": run.sha,
        "event_name": run.event,
        "event": event,
        "run_id": str(run.id),
        "run_number": str(run.number),
        "run_attempt": str(facts.attempt),
        "server_url": facts.server_url,
        "api_url": facts.api_url,
        "workflow": facts.workflow,
    }
