"""One job on one machine: its steps in order, what each sees, and what comes out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from release.rehearsal.workflows.commands import Log, pairs
from release.rehearsal.workflows.engine import Scope, text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.rehearsal.workflows.engine import Engine, Json
    from release.rehearsal.workflows.machine import Ended, Machine
    from release.rehearsal.workflows.workflow import Job, Step

    Use = Callable[[str, dict[str, str], Json, Machine, Log], None]

MOST_OUTPUT = 1024 * 1024  # bytes that the outputs of a job may have


class ActionError(Exception):
    """An action that failed, or one that this runner does not know."""


@dataclass(frozen=True)
class Result:
    """How a job ended: success, failure, cancelled or skipped; its outputs, log, and the summary that people see."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    summary: str = ""
    steps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Setting:
    """What a job is given: the contexts github, needs, inputs, vars and secrets, and the variables of every step."""

    contexts: Mapping[str, Any]
    environ: Mapping[str, str]
    before_step: Callable[[Step], None]
    use: Use


def run_job(engine: Engine, job: Job, workflow_env: Json, setting: Setting, machine: Machine) -> Result:
    """Run the steps of a job on a machine."""
    return _Course(engine, job, workflow_env, setting, machine).run()


class _Course:
    """A job while it runs."""

    def __init__(
        self, engine: Engine, job: Job, workflow_env: Json, setting: Setting, machine: Machine
    ) -> None:
        self._engine, self._job, self._setting, self._machine = engine, job, setting, machine
        secrets = {value for value in setting.contexts["secrets"].values() if value}
        self._log = Log(secrets=secrets)
        self._status = "success"
        self._steps: Json = {}
        self._ended: dict[str, str] = {}
        self._added: dict[str, str] = {}
        self._summary: list[str] = []
        self._env = engine.texts(workflow_env, self._scope({}))
        self._env |= engine.texts(job.env, self._scope(self._env))

    def run(self) -> Result:
        """Every step whose condition says yes."""
        for step in self._job.steps:
            if self._machine.cancelled:
                self._status = "cancelled"
            env = {**self._env, **self._added}
            said_yes = self._engine.is_true(step.condition, self._scope(env))
            outcome = self._carry_out(step, env) if said_yes else "skipped"
            self._ended[step.name] = outcome
            if outcome == "failure" and not step.may_fail:
                self._status = "failure"
        if self._machine.cancelled:
            self._status = "cancelled"
        return Result(self._status, self._outputs(), self._log, "".join(self._summary), self._ended)

    def _carry_out(self, step: Step, env: dict[str, str]) -> str:
        self._setting.before_step(step)
        env = env | self._engine.texts(step.env, self._scope(env))
        scope = self._scope(env)
        outputs: dict[str, str] = {}
        try:
            if step.uses:
                inputs = self._engine.texts(step.inputs, scope)
                self._setting.use(step.uses, inputs, scope.contexts["github"], self._machine, self._log)
                outcome = "success"
            else:
                outputs, outcome = self._scripted(step, env, scope)
        except ActionError as error:
            self._log.take(f"::error::{error}")
            outcome = "failure"
        if step.key:
            conclusion = "success" if step.may_fail else outcome
            self._steps[step.key] = {"outputs": outputs, "outcome": outcome, "conclusion": conclusion}
        return outcome

    def _scripted(self, step: Step, env: dict[str, str], scope: Scope) -> tuple[dict[str, str], str]:
        script = text(self._engine.resolve(step.run, scope))
        own = {**self._machine.image, **self._setting.environ, **env}
        if "PATH" in self._added:
            own["PATH"] = self._added["PATH"]
        ended = self._machine.run(script, step.shell, step.folder, own, self._log)
        return self._noted(ended)

    def _noted(self, ended: Ended) -> tuple[dict[str, str], str]:
        """What a script has written into the runner's files."""
        try:
            outputs, added = (pairs(ended.written[name]) for name in ("GITHUB_OUTPUT", "GITHUB_ENV"))
        except ValueError as error:
            self._log.take(f"::error::{error}")
            return {}, "failure"
        folders = ended.written["GITHUB_PATH"].split()
        path = self._added.get("PATH", self._machine.image["PATH"])
        self._added |= added | ({"PATH": ":".join([*reversed(folders), path])} if folders else {})
        self._summary.append(ended.written["GITHUB_STEP_SUMMARY"])
        if ended.code:
            self._log.take(f"::error::Process completed with exit code {ended.code}.")
        return outputs, "failure" if ended.code else "success"

    def _outputs(self) -> dict[str, str]:
        """The job's outputs; GitHub leaves one out that may hold a secret, and refuses more than a megabyte."""
        found = self._engine.texts(self._job.outputs, self._scope(self._env)) if self._job.outputs else {}
        kept = {name: value for name, value in found.items() if not self._log.has_secret(value)}
        if sum(map(len, kept.values())) >= MOST_OUTPUT:
            self._log.take("::error::The outputs of this job are too large.")
            return {}
        return kept

    def _scope(self, env: Mapping[str, str]) -> Scope:
        own = {
            "env": dict(env),
            "steps": self._steps,
            "job": {"status": self._status},
            "runner": {"os": "Linux", "temp": str(self._machine.temp)},
        }
        contexts = {**self._setting.contexts, **own}
        return Scope(contexts, self._status, str(self._machine.workspace))
