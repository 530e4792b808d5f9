"""What GitHub knows beyond git: releases, pull requests, environments, runs; kept in one JSON file."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Any

import msgspec

from release.rehearsal.forge.repository import now

if TYPE_CHECKING:
    from pathlib import Path


def _at() -> Any:  # noqa: ANN401  # a field's default
    """The time at which a thing is made, ISO 8601 in UTC."""
    return msgspec.field(default_factory=now)


class Release(msgspec.Struct, frozen=True):
    id: int
    tag: str
    target: str
    author: str
    created_at: str
    published_at: str | None
    name: str | None = None
    body: str | None = None
    draft: bool = False
    prerelease: bool = False


class Pull(msgspec.Struct, frozen=True):
    number: int
    id: int
    title: str
    head: str
    base: str
    head_sha: str
    base_sha: str
    author: str
    body: str | None = None
    created_at: str = _at()
    updated_at: str = _at()
    draft: bool = False
    state: str = "open"
    closed_at: str | None = None
    merged_at: str | None = None
    merged_by: str | None = None
    merge_commit: str | None = None


class Comment(msgspec.Struct, frozen=True):
    """A comment on the issue or pull request of a number."""

    id: int
    number: int
    body: str
    author: str
    created_at: str = _at()


class CommitStatus(msgspec.Struct, frozen=True):
    """A status of a commit: error, failure, pending or success in one context."""

    id: int
    sha: str
    state: str
    author: str
    context: str = "default"
    description: str | None = None
    target_url: str | None = None
    created_at: str = _at()


class CheckRun(msgspec.Struct, frozen=True):
    """A check run on a commit; `conclusion` is None until `status` is completed, `run` the workflow run it is a job of."""

    id: int
    sha: str
    name: str
    status: str
    conclusion: str | None
    run: int | None = None
    started_at: str = _at()


class Environment(msgspec.Struct, frozen=True):
    """An environment and who must approve: at most six reviewers, one approval is enough."""

    id: int
    name: str
    reviewers: tuple[str, ...] = ()
    prevent_self_review: bool = False
    wait_timer: int = 0
    protected_branches_only: bool = False
    created_at: str = _at()


class Deployment(msgspec.Struct, frozen=True):
    id: int
    ref: str
    sha: str
    creator: str
    task: str = "deploy"
    environment: str = "production"
    description: str | None = None
    payload: Any = {}
    created_at: str = _at()


class DeploymentStatus(msgspec.Struct, frozen=True):
    id: int
    deployment: int
    state: str
    environment: str
    creator: str
    description: str = ""
    environment_url: str = ""
    log_url: str = ""
    created_at: str = _at()


class Annotation(msgspec.Struct, frozen=True):
    """What a job said with `::notice title=...::message`, `::warning` or `::error`."""

    level: str
    title: str
    message: str


class Job(msgspec.Struct, frozen=True):
    """A job of a workflow run, which is a check run too; `runner` took it at `started_at`."""

    id: int
    name: str
    status: str
    conclusion: str | None
    started_at: str = ""
    runner: str | None = None
    annotations: tuple[Annotation, ...] = ()


class Approval(msgspec.Struct, frozen=True):
    """A review of a run that waits for an environment: approved or rejected."""

    state: str
    comment: str
    environment: str
    login: str


class Run(msgspec.Struct, frozen=True):
    """A workflow run; while it waits for a review, `waiting_for` names the environment.

    `rerun_by` are the logins who ran it again: attempt 2, 3, and so on.
    """

    id: int
    number: int
    workflow: str
    event: str
    branch: str
    sha: str
    actor: str
    inputs: dict[str, Any] = {}
    created_at: str = _at()
    status: str = "queued"
    conclusion: str | None = None
    waiting_for: str | None = None
    jobs: tuple[Job, ...] = ()
    approvals: tuple[Approval, ...] = ()
    rerun_by: tuple[str, ...] = ()


class DeployKey(msgspec.Struct, frozen=True):
    """An SSH key that opens this repository alone."""

    id: int
    title: str
    read_only: bool


class Ruleset(msgspec.Struct, frozen=True):
    """Active rules for branches (fnmatch patterns of short names) or tags; a rule is `{"type", "parameters"?}`.

    `bypass` are the logins whose pushes they do not hold for.
    """

    id: int
    name: str
    branches: tuple[str, ...]
    rules: tuple[dict[str, Any], ...]
    bypass: tuple[str, ...] = ()
    target: str = "branch"


class State(msgspec.Struct):
    """Everything that is kept, by id or number.

    `secrets` and `variables` are those of an environment by its name, and the repository's own under "";
    `default_permissions` (read or write) is what a workflow's token has that asks for nothing.
    """

    last_id: int = 1000
    last_number: int = 0
    latest_release: int | None = None
    releases: dict[int, Release] = {}
    pulls: dict[int, Pull] = {}
    comments: dict[int, Comment] = {}
    statuses: list[CommitStatus] = []
    check_runs: dict[int, CheckRun] = {}
    environments: dict[str, Environment] = {}
    deployments: dict[int, Deployment] = {}
    deployment_statuses: list[DeploymentStatus] = []
    runs: dict[int, Run] = {}
    rulesets: list[Ruleset] = []
    secrets: dict[str, tuple[str, ...]] = {}
    variables: dict[str, dict[str, str]] = {}
    deploy_keys: tuple[DeployKey, ...] = ()
    default_permissions: str = "read"
    disabled_workflows: tuple[str, ...] = ()

    def new_id(self) -> int:
        """The next id; ids are unique across kinds."""
        self.last_id += 1
        return self.last_id

    def new_number(self) -> int:
        """The next number of an issue or pull request."""
        self.last_number += 1
        return self.last_number

    def add_run(self, workflow: str, *about: Any) -> Run:  # noqa: ANN401  # the fields of Run, from `event` on
        """The next run of a workflow's file."""
        number = 1 + sum(run.workflow == workflow for run in self.runs.values())
        run = Run(self.new_id(), number, workflow, *about)
        self.runs[run.id] = run
        return run


def load(file: Path) -> State:
    """The state that was saved, or an empty one. Raises msgspec.DecodeError when the file is damaged."""
    with contextlib.suppress(FileNotFoundError):
        return msgspec.json.decode(file.read_bytes(), type=State)
    return State()


def save(state: State, file: Path) -> None:
    """Write the state, whole or not at all."""
    draft = file.with_suffix(".new")
    draft.write_bytes(msgspec.json.encode(state))
    os.replace(draft, file)  # noqa: PTH105  # atomic, and says so
