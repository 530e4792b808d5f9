"""What each command's JSON holds, as types: docs/schemas is made of them, and tests hold what is printed against them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from release.commands.schema_values import (  # noqa: TC001 - msgspec reads the annotations
    ConfigValue,
    Environment,
    Item,
    Place,
    Plugin,
    Problem,
    Question,
    Remark,
    RolledBack,
    SettingChange,
    SetUp,
    Step,
    Worker,
    Write,
)


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every command prints; how a usage error, a refusal before the start and an interruption end, too."""

    schema: Literal[1]
    command: str
    outcome: str
    exit_code: int
    at: str
    problems: list[Problem]
    next: str | None = None


class Run(Envelope, frozen=True, kw_only=True):
    """What a release is told with, and every other command that ends as one does.

    `live` is what each worker serves in the end, as far as it was looked at, `before` what it served at the start. `state`
    says in words, for people, what the other fields do not.
    """

    decision: str | None = None
    version: str | None = None
    previous: str | None = None
    tag: str | None = None
    commit: str | None = None
    environment: str | None = None
    plan: str | None = None
    steps: list[Step] = []
    writes: list[Write] = []
    proof: str | None = None
    remarks: list[Remark] = []
    policy: dict[str, Any] | None = None
    configuration: list[SettingChange] = []
    rolled_back: RolledBack | None = None
    state: dict[str, str] = {}
    live: dict[str, Worker] | None = None
    before: dict[str, Worker] | None = None
    urls: list[str] = []
    why: str | None = None


class Status(Envelope, frozen=True, kw_only=True):
    """Each environment."""

    environments: dict[str, Environment] = {}


class Checklist(Envelope, frozen=True, kw_only=True):
    """The checklist of a commit."""

    commit: str | None = None
    blocked: bool = False
    items: list[Item] = []


class Diff(Envelope, frozen=True, kw_only=True):
    """What a deploy would change besides the code, or how two environments differ."""

    differs: bool = False
    configuration: list[SettingChange] = []


class Open(Envelope, frozen=True, kw_only=True):
    """The page that is meant, and its address."""

    what: str | None = None
    url: str | None = None


class Config(Envelope, frozen=True, kw_only=True):
    """The configuration as it is understood."""

    valid: bool = False
    values: dict[str, ConfigValue] = {}


class Dashboard(Envelope, frozen=True, kw_only=True):
    """What was changed on the stage, in lines."""

    changed: list[str] = []


class Doctor(Envelope, frozen=True, kw_only=True):
    """Each step of the set-up."""

    steps: list[SetUp] = []


class Plugins(Envelope, frozen=True, kw_only=True):
    """The plugins, and the order of steps of each environment and package."""

    plugins: list[Plugin] = []
    off: list[dict[str, str]] = []
    sequences: dict[str, list[Place]] = {}


class Approve(Envelope, frozen=True, kw_only=True):
    """The run that was waiting, and the hash of its plan."""

    run: int | None = None
    url: str | None = None
    plan: str | None = None
    comment: str | None = None


class Dispatch(Envelope, frozen=True, kw_only=True):
    """The run that was started, and GitHub's conclusion; a dry run has the workflow and its inputs instead."""

    run: int | None = None
    url: str | None = None
    conclusion: str | None = None
    what: str | None = None
    workflow: str | None = None
    inputs: dict[str, str] = {}


class Init(Envelope, frozen=True, kw_only=True):
    """The files that were, or would be, written."""

    files: list[str] = []
    notes: list[str] = []
    questions: list[Question] = []


class Stage(Envelope, frozen=True, kw_only=True):
    """Whether the kept stage is running, and where it answers."""

    running: bool | None = None
    urls: dict[str, str] = {}
    stopped: bool | None = None


class Variables(Envelope, frozen=True, kw_only=True):
    """The variables that point a shell at the stage."""

    variables: dict[str, str] = {}


class Help(Envelope, frozen=True, kw_only=True):
    """A topic's text."""

    topic: str | None = None
    text: str | None = None


class Completion(Envelope, frozen=True, kw_only=True):
    """A shell's script."""

    shell: str | None = None
    script: str | None = None


RUNS = ("release", "plan", "deploy", "publish", "hotfix", "verify", "rollback", "unlock", "rehearse", "step")
SCHEMAS: dict[str, type[Envelope]] = {
    **dict.fromkeys(RUNS, Run),
    "status": Status,
    "checklist": Checklist,
    "diff": Diff,
    "open": Open,
    "config": Config,
    "doctor": Doctor,
    "plugins": Plugins,
    "approve": Approve,
    "dispatch": Dispatch,
    "init": Init,
    "install": Envelope,
    "check": Envelope,
    "rehearsal.start": Stage,
    "rehearsal.status": Stage,
    "rehearsal.stop": Stage,
    "rehearsal.env": Variables,
    "rehearsal.dashboard": Dashboard,
    "help": Help,
    "completion": Completion,
}


def of_command(name: str) -> type[Envelope]:
    """The type of what a command prints: `step.smoke` prints what `step` says. Raises KeyError for one that prints none."""
    return SCHEMAS["step" if name.startswith("step.") else name]
