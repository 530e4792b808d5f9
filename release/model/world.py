"""The values that flow through the house: what was read, what is asked, what shall be released."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from release.formats.wrangler_migrations import LEDGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.formats.wrangler_migrations import Rules
    from release.model.readiness import Readiness
    from release.model.record import Record, Remark, Rollback, Subject
    from release.model.registry import Package, Tarball
    from release.model.reviewers import Reviewers

SHORTEST = 7  # digits of a shortened commit id
Level = Literal["patch", "minor", "major"]
Wanted = Literal["patch", "minor", "major", "auto"]
Severity = Literal["block", "warn", "skip", "ask"]
Part = Literal[
    "checkout", "remote", "record", "live", "database", "health", "releases", "package", "published"
]


@dataclass(frozen=True)
class Unread:
    """A part of the world that could not be read, because; and what to do about it.

    `follows`: only because another part, which has its own reason, could not be read.
    """

    because: str
    advice: str = ""
    follows: bool = False


@dataclass(frozen=True)
class Checkout:
    """The work tree: its commit, branch (None: detached), changed paths, and the files that a bump changes."""

    head: str
    branch: str | None
    dirty: tuple[str, ...]
    shallow: bool
    files: Mapping[str, bytes | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Remote:
    """What the remote advertises: branch tip, tags of this app (name -> commit), the record's object."""

    tip: str | None
    tags: Mapping[str, str]
    record: str | None


@dataclass(frozen=True)
class Migration:
    """One SQL file of the base commit; `name` is the ledger's key: the path below the migrations folder."""

    name: str
    sql: bytes
    sha256: str


@dataclass(frozen=True)
class Base:
    """The commit to ship as git holds it: its date (seconds) and the content a release depends on.

    `files` are the manifest and the lockfiles that a bump changes; `trees` are the raw tree objects
    on the way to them (object id -> body), enough to compute the bump commit without writing it. `rules` say which
    files are migrations (None: there is no database).
    """

    commit: str
    tree: str
    seconds: int
    files: Mapping[str, bytes]
    objects: Mapping[str, bytes]
    migrations: tuple[Migration, ...]
    rules: Rules | None = None


@dataclass(frozen=True)
class Commit:
    """A commit since the last release; `lands` are the tags of the releases that it stands for, by a trailer.

    `breaking` is what its footer BREAKING CHANGE says, empty without one.
    """

    sha: str
    subject: str
    parents: tuple[str, ...] = ()
    lands: tuple[str, ...] = ()
    breaking: str = ""


@dataclass(frozen=True)
class Aftermath:
    """What a branch is like after a release: the released commits that it lacks, and its version where that is higher."""

    dropped: tuple[Commit, ...] = ()
    ahead: str | None = None


@dataclass(frozen=True)
class History:
    """How the base lies in the remote branch: is it contained, and what came since the last tag.

    `has_landed`: the branch holds the release that is looked at. `overtaken`: the commit that is live, where it
    is a descendant of the base. `aftermath`: what the last release finds of itself in the base (where nothing came since:
    in the branch).
    """

    contained: bool
    unreleased: tuple[Commit, ...]
    has_landed: bool = False
    overtaken: str | None = None
    aftermath: Aftermath = Aftermath()


@dataclass(frozen=True)
class Live:
    """What Cloudflare serves for one script: version ids with their percentage, annotations of the main one.

    `closed` are the releases that the listed deployments say were rolled back: tag, and base commit ("" where it is
    not told). `bases` are the commits that they say were deployed, newest first; `bindings` are the names that the
    main version binds, variables and secrets too (None where Cloudflare does not tell). `rollbacks` are those since a
    release was deployed last, newest first.
    """

    script: str
    shares: tuple[tuple[str, float], ...]
    tag: str | None
    message: str | None
    closed: tuple[tuple[str, str], ...] = ()
    bases: tuple[str, ...] = ()
    bindings: frozenset[str] | None = None
    rollbacks: tuple[Rollback, ...] = ()

    @property
    def version_id(self) -> str | None:
        """The one version that serves everything, or None while traffic is split."""
        return self.shares[0][0] if len(self.shares) == 1 and self.shares[0][1] == 100 else None  # noqa: PLR2004

    @property
    def release(self) -> tuple[str, str] | None:
        """Tag and commit of the release that serves everything; None for a version that no release made."""
        if self.version_id is None or not self.tag or "+" not in self.tag:
            return None
        tag, _, commit = self.tag.rpartition("+")
        return (tag, commit) if tag else None


@dataclass(frozen=True)
class SchemaObject:
    """A row of sqlite_master: type, name and the statement that made it."""

    kind: str
    name: str
    sql: str


@dataclass(frozen=True)
class Database:
    """A D1 database: its ledger in order (None: the table does not exist), its schema, and the ledger's table."""

    name: str
    uuid: str
    ledger: tuple[str, ...] | None
    schema: tuple[SchemaObject, ...]
    table: str = LEDGER

    @property
    def applied(self) -> tuple[str, ...]:
        """The names in the ledger, none when there is no ledger."""
        return self.ledger or ()


@dataclass(frozen=True)
class Health:
    """One answer of a health route; `problem` says why it is not healthy, None when it is.

    `answered` is false where nothing came back, so that nobody knows how it is.
    """

    version: str | None
    commit: str | None
    problem: str | None
    answered: bool = True


def names(said: str, commit: str) -> bool:
    """Whether a commit that somebody names, perhaps shortened to 7 digits or more, is this one."""
    return len(said) >= SHORTEST and commit.startswith(said.lower())


@dataclass(frozen=True)
class Smoke:
    """The end of a smoke check: healthy or not, the last answer, and the version ids that served throughout."""

    healthy: bool
    detail: str
    version_ids: Mapping[str, str]


@dataclass(frozen=True)
class Published:
    """What GitHub's pages show: the tag of the latest Release, and how the release's deployment stands."""

    latest: str | None
    deployment: str | None


@dataclass(frozen=True)
class World:
    """Everything that was read. A part holds `Unread` when it could not be read; nothing here changes.

    `done` names the steps that this very run has carried out; `smoke` is the smoke check's finding,
    `bookmark` the Time Travel bookmark from before the migration, `badge` the dashboard's version;
    `reviewers` are those of GitHub's environment (None: not looked at); `missing` are the programs that this machine
    lacks; `before` is the database when this run began to migrate it;
    `published` is read by `inv verify` alone. `package` is what the registry knows, None where no package is
    released; `tarball` is what this run has packed, `read_back` the integrity of what the registry hands out.
    `readiness` is what the checklist of a production release looks at, None elsewhere.
    """

    environment: str
    checkout: Checkout | Unread
    remote: Remote | Unread
    record: Record | Unread | None
    base: Base | Unread
    history: History | Unread
    live: Mapping[str, Live | Unread | None]
    database: Database | Unread | None
    health: Health | Unread | None
    releases: frozenset[str] | Unread = frozenset()
    badge: str | Unread | None = None
    done: frozenset[str] = frozenset()
    smoke: Smoke | None = None
    bookmark: str | None = None
    reviewers: Reviewers | Unread | None = None
    missing: tuple[Unread, ...] = ()
    published: Published | Unread | None = None
    package: Package | Unread | None = None
    tarball: Tarball | None = None
    read_back: str | Unread | None = None
    readiness: Readiness | None = None
    before: Database | None = None

    def with_done(self, name: str) -> World:
        """The same world, in which this run has carried out `name`."""
        return replace(self, done=self.done | {name})


@dataclass(frozen=True)
class Request:
    """What a person asked for, and the reasons they gave; part of the plan, so that `--plan FILE` needs no more words.

    `level` auto takes the least that the evidence asks for. `reason` is why; `break_glass` is why the usual way is
    left, `underbump` why the number is lower than the evidence asks for. `pre` is the word of a prerelease (beta);
    `line` keeps to the versions of an older line (1.3). `finish` takes what was begun, whatever its bump and commit.
    """

    environment: str = "production"
    level: Wanted = "patch"
    reason: str = ""
    break_glass: str = ""
    underbump: str = ""
    pre: str | None = None
    line: str | None = None
    finish: bool = False

    @property
    def hotfix(self) -> str | None:
        """The tag that this is a hotfix of, where the reason says so: "hotfix of TAG", and more after a colon."""
        words = self.reason.partition(":")[0].split()
        return words[2] if words[:2] == ["hotfix", "of"] and len(words) == 3 else None  # noqa: PLR2004

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """The reasons given, to be kept with the release."""
        from release.model.record import Remark

        given = (("reason", self.reason), ("break-glass", self.break_glass), ("underbump", self.underbump))
        return tuple(Remark(kind=kind, why=why) for kind, why in given if why)


@dataclass(frozen=True)
class Release:
    """One release: the base that ships, the number it gets, and the commit that carries the number.

    `commit` is the bump commit (the base itself where nothing is bumped, as on staging); `files` are
    the files that the bump changes, path -> new bytes. `previous` is None for the first release ever.
    """

    app: str
    environment: str
    base: str
    previous: str | None
    previous_tag: str | None
    version: str
    tag: str
    commit: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, subject: Subject, environment: str) -> Release:
        """The release that a record speaks of."""
        return cls(
            subject.app,
            environment,
            subject.base,
            subject.previous,
            subject.previous_tag,
            subject.version,
            subject.tag,
            subject.commit,
        )

    @property
    def subject(self) -> Subject:
        """The release as its record speaks of it; `Release.of` is the way back."""
        from release.model.record import Subject

        return Subject(
            app=self.app,
            version=self.version,
            tag=self.tag,
            previous=self.previous,
            previous_tag=self.previous_tag,
            base=self.base,
            commit=self.commit,
        )

    @property
    def is_package(self) -> bool:
        """Whether this is the release of a target: its environment is the target itself."""
        return self.environment == self.app

    @property
    def annotation(self) -> str:
        """What Cloudflare keeps as `workers/tag` of each version of this release (100 bytes at most)."""
        return f"{self.tag}+{self.commit}"


@dataclass(frozen=True)
class Write:
    """One external write, in words: which system, which thing in it, and what happens to it."""

    step: str
    system: str
    target: str
    what: str

    def __str__(self) -> str:
        return f"{self.target}: {self.what}"


@dataclass(frozen=True)
class Problem:
    """What a check found: what it is, what to do, and where.

    `level` block keeps a release from starting; warn is told and changes nothing; skip would have kept it, and is left
    out for the reason that `advice` gives (kept as a remark); ask is for a person to vouch for, before the approval.
    """

    check: str
    what: str
    advice: str
    file: str | None = None
    line: int | None = None
    level: Severity = "block"
