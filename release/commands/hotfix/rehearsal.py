"""`inv rehearse --hotfix`: from a red production to the fix live, tagged and on main, on a stage of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from release.commands.approve import course as approving
from release.commands.dispatch import course as dispatching
from release.commands.hotfix.acts import HotfixOptions
from release.commands.hotfix.course import hotfix
from release.config import load
from release.errors import BlockedError, ReleaseError
from release.model.outcome import Outcome
from release.rehearsal.checkout import StageError, git
from release.rehearsal.control import staged
from release.rehearsal.incident import break_production
from release.rehearsal.own_folder import own_folder
from release.rehearsal.rehearse import rehearsed
from release.systems.github import actions
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model.outcome import Listener
    from release.run.sequence import Gate
    from release.systems.ops import Ops

POLL = 1.0  # seconds: all that is waited for runs on this machine
FIX = "fix: the incident of this rehearsal"
LONGEST = 900.0  # seconds for the workflow's plan
WORKFLOWS = Path(".github") / "workflows"


def rehearse(
    root: Path,
    environ: Mapping[str, str],
    gate: Gate,
    listening: Callable[[], Listener],
    say: Callable[[str], None],
    tell: Callable[[str], None],
) -> Outcome:
    """Set up a stage, break its production, and bring a fix through `inv hotfix`, `inv dispatch` and `inv approve`.

    `say` is told what the stage does, `tell` each act with the command that a person would type. Raises StageError, and
    what these commands raise.
    """
    workflow = load(root).approval.workflow
    if not (root / WORKFLOWS / workflow).is_file():
        raise StageError(
            f"There is no {WORKFLOWS / workflow}, by which a hotfix is released.",
            "inv init writes it; docs/workflows.md says what it needs.",
        )
    with own_folder(root) as folder, staged(root, folder, plays=True) as hosted:
        listener, stage = listening(), hosted.ready(say)
        course = _Course(Path(stage["RELEASE_STAGE"]), rehearsed(environ, stage), gate, listener, tell)
        try:
            return course.went()
        finally:
            if cause := hosted.cause():
                say(f"The stage ended in the middle of the rehearsal.\n{cause}")


class _Course:
    """One rehearsal, act by act."""

    def __init__(
        self,
        clone: Path,
        environ: Mapping[str, str],
        gate: Gate,
        listener: Listener,
        tell: Callable[[str], None],
    ) -> None:
        self._clone, self._environ, self._gate = clone, environ, gate
        self._listener, self._config = listener, load(clone)
        self._line, self._quiet = tell, _Lines(tell)

    def went(self) -> Outcome:
        """Go through all of it; the outcome of the whole."""
        ops = connect(self._config, self._config.production, self._environ)
        try:
            tag = self._last_tag(ops)
            worker = break_production(self._config, self._environ)
            self._line(
                f"Rehearsal of a hotfix, on this machine alone. Production is red: {worker} answers {self._health(ops)}."
            )
            self._line("")
            self._line(f"$ inv hotfix {tag}")
            self._begun(tag)
            self._line("")
            self._line(f'$ git commit -m "{FIX}"')
            git(self._clone, self._environ, "commit", "--quiet", "--allow-empty", "--message", FIX)
            self._line("")
            self._line(f"$ inv hotfix {tag}")
            self._hotfix(tag)
            return self._released(ops, tag)
        finally:
            ops.close()

    def _last_tag(self, ops: Ops) -> str:
        from release.formats.version import highest

        names = (one.removeprefix("refs/tags/") for one in ops.git.remote_refs("refs/tags/*"))
        found = highest(list(names), self._config.app.pattern)
        if found is None:
            raise StageError("The stage has no last release.")
        return found[1]

    def _begun(self, tag: str) -> None:
        """The first call makes the branch, and then waits for a person's commit."""
        try:
            self._hotfix(tag)
        except BlockedError as error:
            self._line(error.what)

    def _hotfix(self, tag: str) -> None:
        options = HotfixOptions(tag, poll=POLL)
        hotfix(self._clone, self._environ, options, self._gate, self._quiet)

    def _released(self, ops: Ops, tag: str) -> Outcome:
        run = actions.runs(ops.github, most=1, event="workflow_dispatch")[0]
        self._line("")
        run = self._planned(ops, run)
        if run.status != "completed":
            self._line(f"$ inv approve {run.id}")
            found = approving.waiting(ops.github, self._config, str(run.id))
            for line in found.plan.splitlines():
                self._line(f"  {line}")
            self._line(f"approved: {approving.review(ops.github, found, approved=True, comment='rehearsal')}")
            self._line("")
        ended = dispatching.follow(ops.github, run, self._line, poll=POLL)
        if ended.exit_code:
            return self._failed(ops, ended)
        proved = self._proved(ops, tag)
        self._line("")
        outcome = Outcome(
            "done", "hotfix", ops.name, why=f"{proved}. This was a rehearsal: the stage is taken away"
        )
        self._listener.ended(outcome)
        return outcome

    def _planned(self, ops: Ops, run: actions.Run) -> actions.Run:
        until = ops.clock.elapsed() + LONGEST
        self._line(f"waiting for the workflow's plan ({run.html_url}), at most {LONGEST / 60:.0f} min")
        while run.status not in {"waiting", "completed"}:
            if ops.clock.elapsed() > until:
                raise BlockedError("The workflow has not shown its plan.", f"Its log: {run.html_url}")
            ops.clock.sleep(POLL)
            run = actions.run(ops.github, run.id)
        return run

    def _failed(self, ops: Ops, ended: dispatching.Followed) -> Outcome:
        for job in actions.jobs(ops.github, ended.run):
            for one in actions.said_by(ops.github, job):
                self._line(f"  {job.name}: {one.message}")
        raise ReleaseError(
            f"The hotfix was not released. {ended.what}", "Repair what it names, then rehearse again."
        )

    def _proved(self, ops: Ops, before: str) -> str:
        """What is true now, read anew; nothing is said that was not seen."""
        main, tag = f"refs/heads/{self._config.branch}", self._last_tag(ops)
        git(self._clone, self._environ, "fetch", "--quiet", "--tags", self._config.remote, main)
        held = subprocess.run(
            ["git", "log", "--format=%s", f"{before}..FETCH_HEAD"],
            cwd=self._clone,
            capture_output=True,
            text=True,
            check=False,
        ).stdout.splitlines()
        health = self._health(ops)
        if tag == before or FIX not in held or not health.startswith("200"):
            raise ReleaseError(f"The run succeeded, and yet: last tag {tag}, production answers {health}.")
        return f"{tag} is live and healthy ({health}), tagged, and on {self._config.branch} with its fix"

    def _health(self, ops: Ops) -> str:
        health = self._config.environment(self._config.production).health
        path = "/" if isinstance(health, bool) else health.path
        answer = ops.http.send("GET", f"{ops.health_url}{path}")
        return f"{answer.status} at {path}"


class _Lines:
    """The listener of the acts: their lines as they come, and the end of each as one more."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.line = say

    def planned(self, preview: object) -> None:
        """Nothing: the plan is shown before its approval."""

    def started(self, step: str) -> None:
        """Nothing: the steps are the workflow's."""

    def finished(self, result: object) -> None:
        """Nothing."""

    def ended(self, outcome: Outcome) -> None:
        """The end of one act."""
        self.line(outcome.why)
