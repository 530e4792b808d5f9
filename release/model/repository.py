"""What git holds, as values: the work tree, the remote, the commit to ship, and what came since the last release (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import field

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.formats.wrangler_migrations import Rules

SHORTEST = 7  # digits of a shortened commit id


class Checkout(Frozen, frozen=True):
    """The work tree: its commit, branch (None: detached), changed paths, and the files that a bump changes."""

    head: str
    branch: str | None
    dirty: tuple[str, ...]
    shallow: bool
    files: Mapping[str, bytes | None] = field(default_factory=dict)


class Remote(Frozen, frozen=True):
    """What the remote advertises: branch tip, tags of this app (name -> commit), the record's object."""

    tip: str | None
    tags: Mapping[str, str]
    record: str | None


class Migration(Frozen, frozen=True):
    """One SQL file of the base commit; `name` is the ledger's key: the path below the migrations folder."""

    name: str
    sql: bytes
    sha256: str


class Folder(Frozen, frozen=True):
    """The migrations of one database as a commit holds them, in wrangler's order, and the rules by which they were found."""

    migrations: tuple[Migration, ...] = ()
    rules: Rules | None = None


class Unlisted(Frozen, frozen=True):
    """A database that a worker's configuration (`source`) binds, whose migrations lie in `folder` and are applied by no step."""

    source: str
    database: str
    folder: str


class Base(Frozen, frozen=True):
    """The commit to ship as git holds it: its date (seconds) and the content a release depends on.

    `files` are the manifest and the lockfiles that a bump changes; `objects` are the raw tree objects
    on the way to them (object id -> body), enough to compute the bump commit without writing it. `folders` are the
    migrations by the name of their database, `unlisted` the databases that this tool's configuration leaves out.
    """

    commit: str
    tree: str
    seconds: int
    files: Mapping[str, bytes]
    objects: Mapping[str, bytes]
    folders: Mapping[str, Folder] = field(default_factory=dict)
    unlisted: tuple[Unlisted, ...] = ()

    @property
    def migrations(self) -> tuple[Migration, ...]:
        """The migrations of all databases, in the order in which they are applied."""
        return tuple(one for folder in self.folders.values() for one in folder.migrations)


class Commit(Frozen, frozen=True):
    """A commit since the last release; `lands` are the tags of the releases that it stands for, by a trailer.

    `breaking` is what its footer BREAKING CHANGE says, empty without one.
    """

    sha: str
    subject: str
    parents: tuple[str, ...] = ()
    lands: tuple[str, ...] = ()
    breaking: str = ""


class Aftermath(Frozen, frozen=True):
    """What a branch is like after a release: the released commits that it lacks, and its version where that is higher."""

    dropped: tuple[Commit, ...] = ()
    ahead: str | None = None


class History(Frozen, frozen=True):
    """How the base lies in the remote branch: is it contained, and what came since the last tag.

    `is_on_branch`: the branch holds the release that is looked at. `overtaken`: the commit that is live, where it
    is a descendant of the base. `aftermath`: what the last release finds of itself in the base (where nothing came since:
    in the branch).
    """

    contained: bool
    unreleased: tuple[Commit, ...]
    is_on_branch: bool = False
    overtaken: str | None = None
    aftermath: Aftermath = Aftermath()


def names(said: str, commit: str) -> bool:
    """Whether a commit that somebody names, perhaps shortened to 7 digits or more, is this one."""
    return len(said) >= SHORTEST and commit.startswith(said.lower())
