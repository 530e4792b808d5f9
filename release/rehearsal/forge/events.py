"""What people and GitHub itself do to a forge without a request: set it up, begin runs, end checks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from release.rehearsal.forge import rules, store
from release.rehearsal.forge.repository import now

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence
    from pathlib import Path


class Events(ABC):
    """The part of a forge that changes its state from inside this process."""

    _state: store.State
    _guard: threading.RLock

    @property
    @abstractmethod
    def repository(self) -> Path:
        """The bare repository's folder."""

    @abstractmethod
    def _save(self) -> None: ...

    def protect_environment(
        self,
        name: str,
        reviewers: Sequence[str] = (),
        **more: Any,  # noqa: ANN401
    ) -> store.Environment:
        """Make or change an environment; GitHub takes at most six reviewers. `more` are further fields of it."""
        with self._guard:
            number = self._state.new_id()
            environment = store.Environment(number, name, now(), tuple(reviewers), **more)
            self._state.environments[name] = environment
            self._save()
        return environment

    def add_ruleset(
        self,
        name: str,
        branches: Sequence[str],
        kinds: Sequence[dict[str, Any]],
        *,
        bypass: Sequence[str] = (),
        target: str = "branch",
    ) -> store.Ruleset:
        """Rules for branches (or tags), such as `{"type": "pull_request"}`; those about pushes hold from now on.

        They do not hold for pushes of the logins in `bypass`.
        """
        with self._guard:
            made = (self._state.new_id(), name, tuple(branches), tuple(kinds), tuple(bypass), target)
            ruleset = store.Ruleset(*made)
            self._state.rulesets.append(ruleset)
            rules.write_hook(self._state.rulesets, self.repository / "hooks" / "update")
            self._save()
        return ruleset

    def add_check_run(
        self, sha: str, name: str, conclusion: str | None = "success", *, workflow_run: int | None = None
    ) -> store.CheckRun:
        """A check run on a commit, completed with `conclusion`, or in progress with None; perhaps a workflow's job."""
        with self._guard:
            status = "completed" if conclusion else "in_progress"
            run = store.CheckRun(self._state.new_id(), sha, name, status, conclusion, now(), workflow_run)
            self._state.check_runs[run.id] = run
            self._save()
        return run

    def change_check_run(self, number: int, **changes: Any) -> store.CheckRun:  # noqa: ANN401  # its fields
        """A check run with some fields changed, e.g. `status="completed", conclusion="failure"`."""
        import msgspec

        with self._guard:
            run = msgspec.structs.replace(self._state.check_runs[number], **changes)
            self._state.check_runs[number] = run
            self._save()
        return run

    def add_run(self, workflow: str, event: str, branch: str, sha: str, actor: str) -> store.Run:
        """A queued run of a workflow's file for an event that no request makes, such as a push."""
        with self._guard:
            number = 1 + sum(run.workflow == workflow for run in self._state.runs.values())
            run = store.Run(self._state.new_id(), number, workflow, event, branch, sha, actor, now())
            self._state.runs[run.id] = run
            self._save()
        return run

    def change_run(self, run_id: int, **changes: Any) -> store.Run:  # noqa: ANN401  # the fields of Run
        """A workflow run with some fields of store.Run changed, e.g. `waiting_for="production"`."""
        import msgspec

        with self._guard:
            run = msgspec.structs.replace(self._state.runs[run_id], **changes)
            self._state.runs[run_id] = run
            self._save()
        return run

    def change(self, **settings: Any) -> None:  # noqa: ANN401  # the fields of State
        """Fields of store.State set anew, such as `secrets={"production": ("CLOUDFLARE_API_TOKEN",)}`."""
        with self._guard:
            for name, value in settings.items():
                setattr(self._state, name, value)
            self._save()
