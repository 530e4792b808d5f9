"""GitHub Actions for one forge: which runs there are, which of their jobs may go, and who has to agree first.

Nothing runs by itself: `settle` does all that can be done now. What a run is waiting for then is a person.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from release.rehearsal.workflows import contexts, workflow
from release.rehearsal.workflows.engine import Scope, text
from release.rehearsal.workflows.job import Result, Setting, run_job
from release.rehearsal.workflows.machine import Machine
from release.rehearsal.workflows.run import Run, shown, status_before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.rehearsal.forge import Forge, store
    from release.rehearsal.workflows.engine import Engine
    from release.rehearsal.workflows.run import Settings
    from release.rehearsal.workflows.workflow import Job, Step, Workflow

BOT = "github-actions[bot]"


class Actions:
    """Runs the workflows that lie on the forge's main. `before_step(run, step)` is called before each step."""

    def __init__(
        self, forge: Forge, engine: Engine, folder: Path, image: Mapping[str, str], settings: Settings
    ) -> None:
        self.forge, self._engine, self._folder = forge, engine, folder
        self.image, self._settings = image, settings
        self.runs: dict[int, Run] = {}
        self.before_step: Callable[[Run, Step], None] = lambda _run, _step: None
        self._lanes: dict[str, tuple[int, str]] = {}
        self._busy: set[int] = set()

    def push(self, sha: str, actor: str = "ada", branch: str = "main") -> list[Run]:
        """The runs that a push starts."""
        found = [one for one in self._workflows(sha) if one.wants_push(branch)]
        return [self._begun(self.forge.add_run(one.path, "push", branch, sha, actor), one) for one in found]

    def pull_request(self, sha: str, actor: str = "ada", branch: str = "topic") -> list[Run]:
        """The runs that a pull request's commit starts; for the contexts it is a branch like any other."""
        found = [one for one in self._workflows(sha) if "pull_request" in one.triggers]
        return [
            self._begun(self.forge.add_run(one.path, "pull_request", branch, sha, actor), one)
            for one in found
        ]

    def settle(self) -> None:
        """Take up what was dispatched, and run every job that can run now, until none is left."""
        self._take_up()
        while any(self._advance(run) for run in list(self.runs.values()) if run.id not in self._busy):
            self._take_up()

    def hold(self, run: Run) -> None:
        """No machine is free for this run."""
        self._busy.add(run.id)

    def let_go(self, run: Run) -> None:
        """Now there is."""
        self._busy.discard(run.id)

    def cancel(self, run: Run) -> None:
        """What the button does: the running step is asked to stop, what waits is not begun."""
        run.cancelled = True
        if run.machine is not None:
            run.machine.cancel()

    def rerun(self, run: Run, actor: str = "ada") -> None:
        """What "Re-run failed jobs" does: what succeeded is kept with its outputs; what waits for a person waits again."""
        run.results = {key: one for key, one in run.results.items() if one.result == "success"}
        run.attempt, run.cancelled = run.attempt + 1, False
        again = (*self.forge.change_run(run.id).rerun_by, actor)
        self.forge.change_run(run.id, status="queued", conclusion=None, rerun_by=again)

    # which job may go

    def _advance(self, run: Run) -> bool:
        """Run the jobs of a run that can go; whether any did."""
        if run.result:
            return False
        went = False
        self._busy.add(run.id)
        try:
            for job in run.workflow.jobs:
                if job.key not in run.results and all(need in run.results for need in job.needs):
                    went = self._tried(run, job) or went
        finally:
            self._busy.discard(run.id)
        self._show(run)
        return went

    def _tried(self, run: Run, job: Job) -> bool:
        scope = Scope(contexts.before(self._facts(run), job, run.results), status_before(run, job))
        if not self._engine.is_true(job.condition, scope):
            return self._over(run, job, Result("cancelled" if run.cancelled else "skipped"))
        if run.cancelled and job.key in run.waiting:
            return self._over(run, job, Result("cancelled"))
        named = self._engine.resolve(job.environment, scope)
        environment = text(named.get("name") if isinstance(named, dict) else named)
        if environment and not self._is_reviewed(run, job, environment):
            return job.key in run.results
        lane = self._lane(job, scope)
        if lane and not self._has_lane(run, job, lane):
            return False
        try:
            return self._over(run, job, self._run_job(run, job, environment))
        finally:
            self._lanes = {name: who for name, who in self._lanes.items() if who != (run.id, job.key)}

    def _over(self, run: Run, job: Job, result: Result) -> bool:
        run.waiting.pop(job.key, None)
        run.results[job.key] = result
        check = self._check(run, job)
        del run.checks[job.key]
        self.forge.change_check_run(check, status="completed", conclusion=result.result)
        return True

    def _check(self, run: Run, job: Job) -> int:
        """The check run that a job is, which is there as soon as the job may be waited for."""
        if job.key not in run.checks:
            sha = self.forge.change_run(run.id).sha
            run.checks[job.key] = self.forge.add_check_run(sha, job.name, None, workflow_run=run.id).id
        return run.checks[job.key]

    def _is_reviewed(self, run: Run, job: Job, environment: str) -> bool:
        """Whether a job may enter its environment; it waits for a reviewer, or a reviewer has said no."""
        known = self.forge.change_run(run.id)
        protected = self.forge.environment(environment)
        if protected is None or not protected.reviewers:
            return True
        if job.key not in run.waiting:
            run.waiting[job.key], run.reviews = environment, len(known.approvals)
            self.forge.change_run(run.id, status="waiting", waiting_for=environment)
            return False
        said = [one.state for one in known.approvals[run.reviews :] if one.environment == environment]
        if "rejected" in said:
            self._over(run, job, Result("failure"))
        return "approved" in said

    def _lane(self, job: Job, scope: Scope) -> str:
        found = self._engine.resolve(job.concurrency, scope) if job.concurrency else ""
        return str(found["group"] if isinstance(found, dict) else found)

    def _has_lane(self, run: Run, job: Job, lane: str) -> bool:
        """Whether a job has its lane for itself; of those that wait for one, who came last stays, be its run older or not."""
        holder = self._lanes.setdefault(lane, (run.id, job.key))
        if holder == (run.id, job.key):
            return True
        if run.waiting.get(job.key) == lane:
            return False
        for other in self.runs.values():
            if other is not run and other.waiting.get(job.key) == lane:
                self._over(other, job, Result("cancelled"))
        run.waiting[job.key] = lane
        return False

    # a job on its machine

    def _run_job(self, run: Run, job: Job, environment: str) -> Result:
        if job.key in self._settings.passed_over:
            return Result("success")
        token = f"ghs_{secrets.token_hex(16)}"
        self.forge.tokens[token] = BOT
        self.forge.permissions[token] = job.permissions
        machine = Machine(
            self._folder / f"{run.id}-{job.key}-{run.attempt}", self.image, watch=self._settings.watch
        )
        run.machine = machine
        run.running = job.key
        self._check(run, job)
        self._show(run)
        try:
            return run_job(
                self._engine,
                job,
                run.workflow.env,
                self._setting(run, job, environment, token, machine),
                machine,
            )
        finally:
            machine.close()
            run.machine = None
            del self.forge.tokens[token], self.forge.permissions[token]

    def _setting(self, run: Run, job: Job, environment: str, token: str, machine: Machine) -> Setting:
        known = {**self._settings.secrets.get("", {}), **self._settings.secrets.get(environment, {})}
        seen = contexts.before(self._facts(run), job, run.results)
        seen["github"] |= {"token": token, "job": job.key}
        seen |= {"secrets": {**known, "GITHUB_TOKEN": token}, "vars": dict(self._settings.variables)}
        environ = contexts.variables(seen["github"], machine)
        if job.permissions.get("id-token") == "write":
            file = run.workflow.path.rpartition("/")[2]
            environ |= self._settings.identity({"workflow": file, "environment": environment})
        return Setting(seen, environ, lambda step: self.before_step(run, step), self._settings.use)

    def _facts(self, run: Run) -> contexts.Facts:
        return contexts.Facts(
            self.forge.change_run(run.id),
            run.workflow.name,
            run.attempt,
            f"{self.forge.owner}/{self.forge.name}",
            self.forge.server_url,
            self.forge.api_url,
        )

    # what the forge knows of it

    def _take_up(self) -> None:
        for known in self.forge.runs(status="queued", event="workflow_dispatch"):
            if known.id not in self.runs:
                (found,) = [w for w in self._workflows(known.sha) if w.path == known.workflow]
                self.forge.change_run(known.id, inputs=found.inputs(known.inputs))
                self._begun(known, found)

    def _begun(self, known: store.Run, found: Workflow) -> Run:
        self.runs[known.id] = Run(known.id, found)
        return self.runs[known.id]

    def _show(self, run: Run) -> None:
        jobs = tuple(shown(run, at, job.key) for at, job in enumerate(run.workflow.jobs))
        status = {"status": "completed", "conclusion": run.result} if run.result else {}
        if run.machine is not None:
            status = {"status": "in_progress"}
        self.forge.change_run(run.id, jobs=jobs, **status)

    def _workflows(self, sha: str) -> list[Workflow]:
        folder = self._folder / "files" / sha
        if not folder.is_dir():
            folder.mkdir(parents=True)
            for path in self.forge.bare.git(
                "ls-tree", "--name-only", sha, f"{workflow.ROOT_FOLDER}/"
            ).split():
                content = self.forge.bare.git("show", f"{sha}:{path}")
                (folder / path.rpartition("/")[2]).write_text(content, "utf-8")
        return [workflow.read(self._engine, file) for file in sorted(folder.iterdir())]
