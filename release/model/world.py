"""Everything that was read, in one frozen value (pure)."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Literal

from msgspec import field

from release.frozen import Frozen
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.configuration import Compared
    from release.model.deployment import Database, Health, ReleasePages, Smoke, WorkerDeployment
    from release.model.readiness import Readiness
    from release.model.record import Record, Subject
    from release.model.registry import Package, Tarball
    from release.model.repository import Base, Checkout, History, Remote
    from release.model.reviewers import Reviewers


class LiveOf(Frozen, frozen=True):
    """What serves one worker: a part of "live" that a step may read alone."""

    worker: str


Named = Literal[
    "checkout",
    "remote",
    "record",
    "live",
    "database",
    "health",
    "releases",
    "package",
    "published",
    "settings",
]
Part = Named | LiveOf


class World(Frozen, frozen=True):
    """Everything that was read. A part holds `Unread` when it could not be read; nothing here changes.

    `done` names the steps that this very run has carried out; `smoke` is the smoke check's finding,
    `bookmarks` the Time Travel bookmarks from before the migrations, by the D1 database's name, `rows` what each
    table of it held then, `badge` the dashboard's version;
    `reviewers` are those of GitHub's environment (None: not looked at); `missing` are the programs that this machine
    lacks; `databases` are those of the environment by the name that people call them, in the order of their migrations;
    `before` is each database, by its name in D1, when this run began to migrate it;
    `published` is read by `inv verify` alone. `package` is what the registry knows, None where no package is
    released; `tarball` is what this run has packed, `read_back` the integrity of what the registry hands out.
    `readiness` is what the checklist of a production release looks at, None elsewhere; `settings` is what each worker has
    besides its code, of those that have a wrangler configuration.
    """

    environment: str
    checkout: Checkout | Unread
    remote: Remote | Unread
    record: Record | Unread | None
    base: Base | Unread
    history: History | Unread
    live: Mapping[str, WorkerDeployment | Unread | None]
    databases: Mapping[str, Database | Unread]
    health: Health | Unread | None
    releases: frozenset[str] | Unread = frozenset()
    badge: str | Unread | None = None
    done: frozenset[str] = frozenset()
    smoke: Smoke | None = None
    bookmarks: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    reviewers: Reviewers | Unread | None = None
    missing: tuple[Unread, ...] = ()
    published: ReleasePages | Unread | None = None
    package: Package | Unread | None = None
    tarball: Tarball | None = None
    read_back: str | Unread | None = None
    readiness: Readiness | None = None
    before: Mapping[str, Database] = field(default_factory=dict)
    settings: Mapping[str, Compared | Unread] = field(default_factory=dict)

    @property
    def database(self) -> Database | Unread | None:
        """The only database, for plugins that were written when there was one: None without any, `Unread` of several."""
        if len(self.databases) > 1:
            return Unread(f"there are several databases: {', '.join(self.databases)}; look at `databases`")
        return next(iter(self.databases.values()), None)

    def with_done(self, name: str) -> World:
        """The same world, in which this run has carried out `name`."""
        return replace(self, done=self.done | {name})


class KnownWorld(World, frozen=True):
    """A world in which all was read that a decision needs; `findings.unreadable` tells of any other."""

    checkout: Checkout
    remote: Remote
    record: Record | None
    base: Base
    history: History
    live: Mapping[str, WorkerDeployment | None]
    databases: Mapping[str, Database]
    package: Package | None = None

    @classmethod
    def of(cls, world: World) -> KnownWorld:
        """The same world, of which nothing that is needed is unreadable."""
        return cls(**{one.name: getattr(world, one.name) for one in fields(world)})

    @property
    def subject(self) -> Subject | None:
        """The release that the record speaks of."""
        return self.record.subject if self.record else None
