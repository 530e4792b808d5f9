"""What runs in an environment, as values: what each worker serves, the database, health, and what GitHub shows (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.formats.wrangler_migrations import LEDGER
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.formats.worker_settings import WorkerSettings
    from release.model.record import Rollback


@dataclass(frozen=True)
class WorkerDeployment:
    """What Cloudflare serves for one script: version ids with their percentage, annotations of the main one.

    `closed` are the releases that the listed deployments say were rolled back: tag, and base commit ("" where it is
    not told). `bases` are the commits that they say were deployed, newest first; `bindings` are the names that the
    main version binds, variables and secrets too (None where Cloudflare does not tell). `rollbacks` are those since a
    release was deployed last, newest first. `who` deployed what serves, `at` which moment (seconds since 1970) and with which
    `source` (wrangler, dash, ...), as Cloudflare says; empty and 0 where it does not. `settings` are those that belong to
    the main version.
    """

    script: str
    shares: tuple[tuple[str, float], ...]
    tag: str | None
    message: str | None
    closed: tuple[tuple[str, str], ...] = ()
    bases: tuple[str, ...] = ()
    bindings: frozenset[str] | None = None
    rollbacks: tuple[Rollback, ...] = ()
    who: str = field(default="", compare=False)
    at: float = field(default=0.0, compare=False)
    source: str = field(default="", compare=False)
    settings: WorkerSettings | None = field(default=None, compare=False)

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


class SchemaObject(Frozen, frozen=True):
    """A row of sqlite_master: type, name and the statement that made it."""

    kind: str
    name: str
    sql: str


class Database(Frozen, frozen=True):
    """A D1 database: its ledger in order (None: the table does not exist), its schema, and the ledger's table.

    `is_expected`: the ledger is what a plan expects it to be, and the schema that from before it.
    """

    name: str
    uuid: str
    ledger: tuple[str, ...] | None
    schema: tuple[SchemaObject, ...]
    table: str = LEDGER
    is_expected: bool = False

    @property
    def applied(self) -> tuple[str, ...]:
        """The names in the ledger, none when there is no ledger."""
        return self.ledger or ()


class Health(Frozen, frozen=True):
    """One answer of a health route; `problem` says why it is not healthy, None when it is.

    `answered` is false where nothing came back, so that its health is unknown; `asked` is false where there is no
    route. `version_id` is Cloudflare's, where the route tells it.
    """

    version: str | None
    commit: str | None
    problem: str | None
    answered: bool = True
    asked: bool = True
    version_id: str | None = None


class Smoke(Frozen, frozen=True):
    """The end of a smoke check: healthy or not, the last answer, and the version ids that served throughout."""

    healthy: bool
    detail: str
    version_ids: Mapping[str, str]


class ReleasePages(Frozen, frozen=True):
    """What GitHub's pages show: the tag of the latest Release, and how the release's deployment stands."""

    latest: str | None
    deployment: str | None
