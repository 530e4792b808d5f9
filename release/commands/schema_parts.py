"""What the JSON of several commands holds: the envelope, problems, workers, steps, writes, settings; as types."""

from __future__ import annotations

from typing import Literal

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


class Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every command prints; how a usage error, a refusal before the start and an interruption end, too."""

    schema: Literal[1]
    command: str
    outcome: str
    exit_code: int
    at: str
    problems: list[Problem]
    next: str | None = None


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
