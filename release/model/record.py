"""The environment's record: one JSON document on the remote that is lock and memory in one (pure values)."""

from __future__ import annotations

import msgspec

from release.errors import CannotReadError

SCHEMA = 1


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Who holds the lock: a person or account, the machine and folder, one run's own id, the CI run's address.

    `checkout` is the same for every run in one checkout: the next one there knows that this one is gone. `doing` is
    the step that it runs alone, empty for a whole release.
    """

    who: str
    where: str
    run: str
    checkout: str = ""
    url: str | None = None
    doing: str = ""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """The release that a record speaks of."""

    app: str
    version: str
    tag: str
    previous: str | None
    previous_tag: str | None
    base: str
    commit: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """Who approved which plan, when (seconds since 1970) and how."""

    who: str
    plan: str
    at: float
    how: str


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a release does otherwise than usual, or that a person vouches for; kept with the release.

    `kind` says which: reason (why it is made), break-glass (made past the usual way), skip (a check that was left
    out), tick (an item of the checklist that a person ticked), underbump (a lower number than the evidence asks
    for). `what` is the thing it is about, `why` the reason given. `at` is in seconds since 1970; `who` and `at` may
    be left empty until the run fills them in.
    """

    kind: str
    what: str = ""
    why: str = ""
    who: str = ""
    at: float = 0.0


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate answers: who approved, and what was said or ticked while they did."""

    approvals: tuple[Approval, ...]
    remarks: tuple[Remark, ...] = ()


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the version before still works on the schema after these migrations: the way back, without the database.

    `open` is None where that is unknown. `closed_by` names tables and columns; `narrowed` are queries that fail only
    on rows which the new version wrote. `contract` are those of the `migrations` that run after the smoke check: all of
    this is said of the schema before them, and each of them closes the way.
    """

    open: bool | None
    closed_by: tuple[str, ...] = ()
    narrowed: tuple[str, ...] = ()
    migrations: tuple[str, ...] = ()
    contract: tuple[str, ...] = ()


class Rollback(msgspec.Struct, frozen=True, kw_only=True):
    """A rollback: the release that was `left` for `to`, both as their tags, or a few words where no release made them.

    `at` is in seconds since 1970, 0.0 where it is not known. `was` is the record's outcome before it: what the release
    is again when it is put back. A deployment's message does not tell it, nor a reason longer than Cloudflare keeps.
    """

    left: str
    to: str
    who: str = ""
    at: float = 0.0
    why: str = ""
    was: str = ""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The last release of an environment: its plan, what served before it, and how far it came.

    `outcome`: running, failed, recorded (tag is on the remote), released, rolled-back.
    `lease_until` is in seconds since 1970. `burnt` are numbers that were healthy once and then left.
    `before` maps a worker to the version id that served before the first deploy of this release, and `served` to the tag
    of the release that made it; `migrated` are the migrations that lie between then and the end of it, `bookmark` is from
    before them; of several databases `bookmarks` has each one's, by its name in D1. `rows` counts each table of a database
    then, which was at `bookmarked_at` (seconds since 1970; 0.0: not known). `packed` are the integrities of the
    tarballs that this release was about to publish: what the registry has of them is this release's. `rollback` is the one
    that took this release away, until it is put back. `asked` is the bump as it was typed when the release was begun (auto,
    say); empty where that is not known. Without a `subject` a step alone has migrated the database: that belongs to
    whichever release comes next.
    """

    schema: int = SCHEMA
    environment: str
    nonce: str
    holder: Holder | None = None
    lease_until: float = 0.0
    subject: Subject | None = None
    plan: msgspec.Raw = msgspec.Raw(b"null")
    plan_hash: str = ""
    approvals: tuple[Approval, ...] = ()
    remarks: tuple[Remark, ...] = ()
    before: dict[str, str] = {}
    served: dict[str, str] = {}
    bookmark: str | None = None
    bookmarks: dict[str, str] = {}
    rows: dict[str, dict[str, int]] = {}
    bookmarked_at: float = 0.0
    migrated: tuple[str, ...] = ()
    window: Window | None = None
    healthy: bool = False
    outcome: str = "released"
    burnt: tuple[str, ...] = ()
    packed: tuple[str, ...] = ()
    rollback: Rollback | None = None
    asked: str = ""

    @property
    def barring(self) -> tuple[str, ...]:
        """The migrations after which what served before would not work, or may not."""
        window = self.window
        is_open = window is not None and window.open and set(self.migrated) <= set(window.migrations)
        if window is None or not is_open:
            return self.migrated
        return tuple(name for name in self.migrated if name in window.contract)

    @property
    def unfinished(self) -> Subject | None:
        """The release that was begun and is neither complete nor closed."""
        return self.subject if self.is_open else None

    @property
    def is_open(self) -> bool:
        """Whether something was begun, with or without a number, and is neither complete nor closed."""
        return self.outcome in {"running", "failed", "recorded"}


def encode(record: Record) -> bytes:
    """The document as committed: indented JSON, one final newline."""
    return msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n"


def decode(document: bytes) -> Record:
    """The record in `document`; raises CannotReadError when it is torn or from a newer version."""
    try:
        schema = msgspec.json.decode(document, type=_Schema).schema
        if schema > SCHEMA:
            raise CannotReadError(
                f"The environment's record was written by a newer version of this tool (schema {schema}).",
                "Update this tool, then run the same command again.",
            )
        return msgspec.json.decode(document, type=Record)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise CannotReadError(f"The environment's record cannot be understood: {error}.") from error


class _Schema(msgspec.Struct):
    schema: int
