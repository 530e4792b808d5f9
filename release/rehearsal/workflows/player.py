"""A stage's GitHub Actions: it sees what was pushed, opened, dispatched and reviewed, and plays the workflows for it.

One machine, so one job after another. Played are the `run` steps of jobs, `if`, `needs`, outputs, environments with
reviewers, and actions/checkout. Other actions are taken as done. What holds more than that (a matrix, services, containers,
reusable workflows) is not played: such a workflow gets one neutral check that says so, and holds nobody up. A pull request's
checks run on its head, not on GitHub's test merge.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from release.rehearsal.forge import store
from release.rehearsal.workflows.actions import Actions
from release.rehearsal.workflows.engine import EngineError, OwnEngine
from release.rehearsal.workflows.guard import MARK, end_marked
from release.rehearsal.workflows.workflow import ROOT_FOLDER, read

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.rehearsal.forge import Forge
    from release.rehearsal.workflows.commands import Annotation
    from release.rehearsal.workflows.job import Result, Setting
    from release.rehearsal.workflows.machine import Machine
    from release.rehearsal.workflows.run import Run, Settings
    from release.rehearsal.workflows.workflow import Job, Workflow

LOOK = 1.0  # seconds between two looks at the forge
LONGEST = 1800.0  # seconds for one job, whatever its timeout-minutes say
PEOPLE_PUSH = "releaser"


class Player(Actions):
    """Plays the workflows of a forge's repository in a thread of its own, from `start` to `stop`."""

    def __init__(self, forge: Forge, folder: Path, image: Mapping[str, str], settings: Settings) -> None:
        """Prepare; `image` is the environment that each job's machine has from the start."""
        self._mark = secrets.token_hex(16)
        super().__init__(
            forge, OwnEngine(), folder, {**image, MARK: self._mark}, replace(settings, watch=self._watched)
        )
        self._heads: dict[str, str] = {}
        self._pulls: dict[int, str] = {}
        self.said: dict[int, str] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._guard: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Take what is there as seen, end what an earlier stage left unfinished, and play what comes."""
        for status in ("queued", "in_progress", "waiting"):
            for run in self.forge.runs(status=status):
                self.forge.change_run(run.id, status="completed", conclusion="cancelled", waiting_for=None)
        self._heads = self._branches()
        self._pulls = {pull.number: pull.head_sha for pull in self.forge.open_pulls()}
        words = [sys.executable, "-P", "-m", "release.rehearsal.workflows.guard", self._mark]
        self._guard = subprocess.Popen(words, stdin=subprocess.PIPE, text=True, start_new_session=True)
        self._thread.start()

    def stop(self) -> None:
        """End every job at once, and play nothing more."""
        self._ended.set()
        end_marked(MARK, self._mark)
        if self._thread.is_alive():
            self._thread.join(5.0)
        end_marked(MARK, self._mark)
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()

    def _watched(self, line: str) -> None:
        if self._guard is not None and self._guard.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._guard.stdin.write(f"{line}\n")
                self._guard.stdin.flush()

    def _play(self) -> None:
        while not self._ended.wait(LOOK):
            self.settle()

    def _advance(self, run: Run) -> bool:
        """The same, but that a run ends as failed where its workflow asks for what is not played."""
        if self._ended.is_set():
            return False
        limit = threading.Timer(LONGEST, self.cancel, (run,))
        limit.daemon = True
        limit.start()
        try:
            return super()._advance(run)
        except (EngineError, OSError, ValueError) as error:
            self._broken(run, str(error))
            return True
        finally:
            limit.cancel()

    def _over(self, run: Run, job: Job, result: Result) -> bool:
        """The same; what the job said stays on its page."""
        self.said[run.id] = self.said.get(run.id, "") + "\n".join(
            (f"== {job.key}: {result.result}", *result.log.lines, *map(_line, result.log.annotations), "")
        )
        return super()._over(run, job, result)

    def _run_job(self, run: Run, job: Job, environment: str) -> Result:
        """The same; the machine's disk goes with it."""
        try:
            return super()._run_job(run, job, environment)
        finally:
            for folder in self._folder.glob(f"{run.id}-{job.key}-*"):
                shutil.rmtree(folder, ignore_errors=True)

    def page(self, path: str) -> str | None:
        """The text of a run's page (`/actions/runs/1004`, or a job's below it); None where nothing was said."""
        found = re.match(r"/actions/runs/(\d+)", path)
        return self.said.get(int(found[1])) if found else None

    def _broken(self, run: Run, why: str) -> None:
        said = (store.Annotation("failure", "not played on a stage", why),)
        jobs = (store.Job(run.id * 100, "workflow", "completed", "failure", annotations=said),)
        for check in run.checks.values():
            self.forge.change_check_run(check, status="completed", conclusion="failure")
        self.forge.change_run(run.id, status="completed", conclusion="failure", jobs=jobs)
        del self.runs[run.id]

    def _take_up(self) -> None:
        if self._ended.is_set():
            return
        now = self._branches()
        for branch, sha in now.items():
            if self._heads.get(branch) != sha:
                self._announced(self.push(sha, PEOPLE_PUSH, branch))
        self._heads = now
        for pull in self.forge.open_pulls():
            if self._pulls.get(pull.number) != pull.head_sha:
                self._pulls[pull.number] = pull.head_sha
                self._announced(self.pull_request(pull.head_sha, pull.author, pull.head))
        self._dispatched()

    def _setting(self, run: Run, job: Job, environment: str, token: str, machine: Machine) -> Setting:
        """The same; to this tool the checkout of a job is the stage's."""
        made = super()._setting(run, job, environment, token, machine)
        return replace(made, environ={**made.environ, "RELEASE_STAGE": str(machine.workspace)})

    def _announced(self, runs: list[Run]) -> None:
        """Each job is a check from the start: that one is green does not mean that all are."""
        for run in runs:
            for job in run.workflow.jobs:
                self._check(run, job)

    def _dispatched(self) -> None:
        for known in self.forge.runs(status="queued", event="workflow_dispatch"):
            if known.id not in self.runs:
                found = next((one for one in self._workflows(known.sha) if one.path == known.workflow), None)
                if found is None:
                    self._refused(known, f"{known.workflow} asks for what is not played on a stage")
                    continue
                try:
                    self.forge.change_run(known.id, inputs=found.inputs(known.inputs))
                except ValueError as error:
                    self._refused(known, str(error))
                else:
                    self._begun(known, found)

    def _refused(self, known: store.Run, why: str) -> None:
        said = (store.Annotation("failure", "not played on a stage", why),)
        jobs = (store.Job(known.id * 100, "workflow", "completed", "failure", annotations=said),)
        self.forge.change_run(known.id, status="completed", conclusion="failure", jobs=jobs)

    def _branches(self) -> dict[str, str]:
        prefix = "refs/heads/"
        return {ref.name.removeprefix(prefix): ref.sha for ref in self.forge.bare.refs(prefix)}

    def _workflows(self, sha: str) -> list[Workflow]:
        """The workflows of a commit that can be played; each other one is a neutral check of that commit."""
        folder, found = self._folder / "files" / sha, []
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        names = self.forge.bare.git("ls-tree", "--name-only", sha, f"{ROOT_FOLDER}/").split()
        for path in (name for name in names if name.endswith((".yml", ".yaml"))):
            file = folder / path.rpartition("/")[2]
            file.write_text(self.forge.bare.git("show", f"{sha}:{path}"), "utf-8")
            try:
                found.append(read(self._engine, file))
            except (EngineError, ValueError) as error:
                if is_new:
                    self.forge.add_check_run(
                        sha, f"{file.name}: not played on a stage ({error})"[:200], "neutral"
                    )
        return found


def _line(said: Annotation) -> str:
    return f"{said.kind}: {said.title}: {said.message}" if said.title else f"{said.kind}: {said.message}"
