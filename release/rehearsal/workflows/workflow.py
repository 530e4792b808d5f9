"""A workflow file as values. What holds an expression stays as the engine reads it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from release.rehearsal.workflows.engine import Engine, Json

ROOT_FOLDER = ".github/workflows"
_KNOWN = {
    "workflow": {"name", "run-name", "on", "permissions", "concurrency", "defaults", "env", "jobs"},
    "job": {"name", "needs", "if", "runs-on", "timeout-minutes", "permissions", "environment", "concurrency"}
    | {"outputs", "env", "defaults", "steps"},
    "step": {"name", "id", "if", "uses", "with", "run", "env", "shell", "working-directory"}
    | {"timeout-minutes", "continue-on-error"},
}


@dataclass(frozen=True)
class Step:
    """A step: `run` a script or `uses` an action."""

    name: str
    key: str
    condition: Json
    run: Any
    uses: str
    inputs: Json
    env: Json
    shell: str
    folder: str
    may_fail: bool


@dataclass(frozen=True)
class Job:
    """A job of a workflow."""

    key: str
    name: str
    needs: tuple[str, ...]
    condition: Json
    permissions: dict[str, str]
    environment: Any
    concurrency: Any
    outputs: Json
    env: Json
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Workflow:
    """A workflow file; its jobs in an order in which each comes after what it needs."""

    path: str
    name: str
    triggers: Json
    env: Json
    jobs: tuple[Job, ...]

    def wants_push(self, branch: str) -> bool:
        """Whether a push to this branch starts it."""
        wanted = self.triggers.get("push", False)
        if wanted is False:
            return False
        return any(fnmatchcase(branch, pattern) for pattern in (wanted or {}).get("branches", ["*"]))

    def inputs(self, given: dict[str, str]) -> dict[str, str]:
        """The inputs of a dispatch with their defaults. Raises ValueError for what GitHub answers with 422."""
        declared = (self.triggers.get("workflow_dispatch") or {}).get("inputs") or {}
        if unknown := set(given) - set(declared):
            raise ValueError(f"Unexpected inputs provided: {sorted(unknown)}")
        found = {name: given.get(name, one.get("default", "")) for name, one in declared.items()}
        for name, one in declared.items():
            if one.get("type") == "choice" and found[name] not in one["options"]:
                raise ValueError(f'Provided value "{found[name]}" for input "{name}" not in the list')
        return found


def read(engine: Engine, file: Path) -> Workflow:
    """A workflow file. Raises EngineError where GitHub refuses it, ValueError for what this runner cannot do."""
    tree = engine.read(file)
    _check("workflow", tree)
    on = tree["on"]
    triggers = {on: None} if isinstance(on, str) else dict.fromkeys(on) if isinstance(on, list) else on
    jobs = {key: _job(key, job, tree) for key, job in tree["jobs"].items()}
    path = f"{ROOT_FOLDER}/{file.name}"
    return Workflow(path, tree.get("name", path), triggers, tree.get("env") or {}, _ordered(jobs))


def _job(key: str, job: Json, workflow: Json) -> Job:
    _check("job", job)
    needs = job.get("needs", [])
    granted = job.get("permissions", workflow.get("permissions"))
    if not isinstance(granted, dict):
        raise ValueError(f"job {key}: this runner asks for permissions one by one")  # noqa: TRY004 - of the file
    defaults = {**_defaults(workflow), **_defaults(job)}
    return Job(
        key,
        str(job.get("name", key)),
        (needs,) if isinstance(needs, str) else tuple(needs),
        job["if"],
        granted,
        job.get("environment"),
        job.get("concurrency"),
        job.get("outputs") or {},
        job.get("env") or {},
        tuple(_step(step, defaults) for step in job["steps"]),
    )


def _step(step: Json, defaults: Json) -> Step:
    _check("step", step)
    return Step(
        str(step.get("name") or step.get("uses") or "run"),
        step.get("id", ""),
        step["if"],
        step.get("run"),
        step.get("uses", ""),
        step.get("with") or {},
        step.get("env") or {},
        str(step.get("shell", defaults.get("shell", ""))),
        str(step.get("working-directory", defaults.get("working-directory", "."))),
        step.get("continue-on-error", False) is True,
    )


def _defaults(tree: Json) -> dict[str, str]:
    return dict((tree.get("defaults") or {}).get("run") or {})


def _ordered(jobs: dict[str, Job]) -> tuple[Job, ...]:
    done: dict[str, Job] = {}
    while len(done) < len(jobs):
        ready = {k: job for k, job in jobs.items() if k not in done and set(job.needs) <= set(done)}
        if not ready:
            raise ValueError(f"jobs that need each other: {sorted(set(jobs) - set(done))}")
        done |= ready
    return tuple(done.values())


def _check(kind: str, tree: Json) -> None:
    """What this runner does not know must not be passed over in silence."""
    if unknown := set(tree) - _KNOWN[kind]:
        raise ValueError(f"this runner does not know {sorted(unknown)} of a {kind}")
