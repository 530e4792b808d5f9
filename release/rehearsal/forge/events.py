"""What people and GitHub itself do to a forge without a request: set it up, begin runs, end checks."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from release.rehearsal.forge import rules, store
from release.rehearsal.forge.bare import Bare

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class Events:
    """The part of a forge that keeps its state in a folder, and changes it from inside this process."""

    def __init__(self, directory: Path) -> None:
        """Open what the folder has, or make it."""
        directory.mkdir(parents=True, exist_ok=True)
        self.bare = Bare((directory / "repository.git").absolute())
        self._file = directory / "state.json"
        self._state = store.load(self._file)
        self._guard = threading.RLock()

    @property
    def repository(self) -> Path:
        """The bare repository's folder; its `hooks` work as on any server."""
        return self.bare.folder

    @contextlib.contextmanager
    def _changing(self) -> Iterator[store.State]:
        with self._guard:
            yield self._state
            store.save(self._state, self._file)

    def protect_environment(
        self,
        name: str,
        reviewers: Sequence[str] = (),
        **more: Any,  # noqa: ANN401
    ) -> store.Environment:
        """Make or change an environment; GitHub takes at most six reviewers. `more` are further fields of it."""
        with self._changing() as state:
            environment = store.Environment(state.new_id(), name, tuple(reviewers), **more)
            state.environments[name] = environment
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
        with self._changing() as state:
            made = (state.new_id(), name, tuple(branches), tuple(kinds), tuple(bypass), target)
            ruleset = store.Ruleset(*made)
            state.rulesets.append(ruleset)
            rules.write_hook(state.rulesets, self.repository / "hooks" / "update")
        return ruleset

    def add_check_run(
        self, sha: str, name: str, conclusion: str | None = "success", *, workflow_run: int | None = None
    ) -> store.CheckRun:
        """A check run on a commit, completed with `conclusion`, or in progress with None; perhaps a workflow's job."""
        with self._changing() as state:
            status = "completed" if conclusion else "in_progress"
            run = store.CheckRun(state.new_id(), sha, name, status, conclusion, workflow_run)
            state.check_runs[run.id] = run
        return run

    def change_check_run(self, number: int, **changes: Any) -> store.CheckRun:  # noqa: ANN401  # its fields
        """A check run with some fields changed, e.g. `status="completed", conclusion="failure"`."""
        with self._changing() as state:
            state.check_runs[number] = msgspec.structs.replace(state.check_runs[number], **changes)
            return state.check_runs[number]

    def add_run(self, workflow: str, event: str, branch: str, sha: str, actor: str) -> store.Run:
        """A queued run of a workflow's file for an event that no request makes, such as a push."""
        with self._changing() as state:
            return state.add_run(workflow, event, branch, sha, actor)

    def change_run(self, run_id: int, **changes: Any) -> store.Run:  # noqa: ANN401  # the fields of Run
        """A workflow run with some fields of store.Run changed, e.g. `waiting_for="production"`."""
        with self._changing() as state:
            state.runs[run_id] = msgspec.structs.replace(state.runs[run_id], **changes)
            return state.runs[run_id]

    def environment(self, name: str) -> store.Environment | None:
        """An environment by its name; None where there is none."""
        with self._guard:
            return self._state.environments.get(name)

    def runs(self, **wanted: Any) -> list[store.Run]:  # noqa: ANN401  # the fields of Run
        """The workflow runs with these fields, such as `status="queued"`, oldest first."""
        with self._guard:
            every = list(self._state.runs.values())
        return [run for run in every if all(getattr(run, name) == value for name, value in wanted.items())]

    def open_pulls(self) -> list[store.Pull]:
        """The open pull requests, each with the head that its branch has now."""
        with self._guard:
            found = [pull for pull in self._state.pulls.values() if pull.state == "open"]
        heads = {ref.name: ref.sha for ref in self.bare.refs("refs/heads/")}
        return [
            msgspec.structs.replace(one, head_sha=heads.get(f"refs/heads/{one.head}", one.head_sha))
            for one in found
        ]

    def change(self, **settings: Any) -> None:  # noqa: ANN401  # the fields of State
        """Fields of store.State set anew, such as `secrets={"production": ("CLOUDFLARE_API_TOKEN",)}`."""
        with self._changing() as state:
            for name, value in settings.items():
                setattr(state, name, value)
