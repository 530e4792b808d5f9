"""The values in what commands print as JSON, as types."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Level = Literal["block", "fail", "warn", "ask", "skip"]


class Problem(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that is wrong: which check found it, what it is, what to do, and where."""

    check: str
    level: Level
    what: str
    advice: str
    file: str | None = None
    line: int | None = None


class Worker(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a worker serves. `version_id`, `tag` and `commit` are null where traffic is split, or no release made it."""

    state: Literal["live", "not deployed", "unread"]
    because: str | None
    version_id: str | None
    tag: str | None
    commit: str | None
    shares: list[Share]
    deployed_by: str | None
    deployed_at: str | None


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version and how much of the traffic it serves."""

    version_id: str
    percent: float


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a worker serves, in short."""

    version_id: str | None
    tag: str | None
    commit: str | None


class RolledBack(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The release that a rollback took away, while nothing newer is live."""

    tag: str
    to: str | None
    who: str | None
    at: str | None
    why: str | None
    live: dict[str, Mark]
    remaining: list[str]
    burnt: str | None
    commits: int | None
    coming: str | None
    forward: str


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a step ended, or how it stands in a plan."""

    name: str
    outcome: Literal["ok", "skipped", "failed", "todo", "stuck"]
    seconds: float
    detail: str


class Write(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A write: the step that makes it, the system, what is written to, and what it is."""

    step: str
    system: str
    target: str
    what: str


class Remark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept with the release: a reason, a skipped check, a ticked question."""

    kind: str
    what: str
    why: str
    who: str


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who holds an environment's lock, and until when."""

    who: str
    where: str
    url: str | None
    until: str


class Health(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the health route says, and what that proves."""

    version: str | None
    commit: str | None
    version_id: str | None
    problem: str | None
    proof: str


class Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An environment as it is. `pending` are migrations (null: unknown), `last` the last release, `ahead` a count of commits."""

    version: str | None
    health: Health
    workers: dict[str, Worker]
    pending: list[str] | None
    ledger: list[str]
    last: str | None
    ahead: int | None
    unfinished: str | None
    rolled_back: RolledBack | None
    holder: Holder | None
    unread: list[str]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An item of the checklist."""

    item: str
    standing: str
    demand: str
    what: str
    advice: str


class SetUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step of the set-up."""

    step: str
    state: Literal["ok", "missing", "cannot tell"]
    what: str
    advice: str


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a sequence; `plugin` is null for a core step."""

    step: str
    plugin: str | None


class Plugin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plugin and what it adds."""

    name: str
    origin: str
    version: str | None
    hooks: list[str]
    checks: list[str]
    targets: list[str]
    steps: list[dict[str, str]]


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `inv init` asks, and its guess."""

    key: str
    text: str
    guess: str | None


class SettingChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A setting of a worker that a deploy changes: - goes, + comes, ~ changes, ! is missing. `loss` where nobody took it out."""

    worker: str
    mark: Literal["+", "-", "~", "!"]
    kind: str
    name: str
    before: str | None
    after: str | None
    origin: Literal["release", "elsewhere"] | None
    loss: str | None
    why: str | None
    accept: str | None


class ConfigValue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The value of a key, and where it came from: a line of pyproject.toml, a wrangler file, a variable, or `default`."""

    value: Any
    source: str
