"""What is read before production is touched: CI of the commit, where it was tried, pages, bindings, secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import field

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.formats.wrangler_config import Needs
    from release.model.deployment import Database, Health, WorkerDeployment
    from release.model.unread import Unread

CheckState = Literal["green", "red", "running"]


class CommitCheck(Frozen, frozen=True):
    """One check of a commit at GitHub, a status or a check run; `said` is GitHub's own word, `url` its page."""

    name: str
    state: CheckState
    said: str
    url: str = ""


class Tried(Frozen, frozen=True):
    """The environment in which commits run before production does.

    `ahead`: what every worker of it runs is not the commit to ship, but holds it.
    """

    environment: str
    live: Mapping[str, WorkerDeployment | Unread | None]
    health: Health | Unread
    databases: Mapping[str, Database | Unread]
    ahead: bool = False


class PageSeen(Frozen, frozen=True):
    """What a page answered: HTTP's status, the path that it led to, and what a reader finds there.

    `asks_login`: it is a login. `lacks` is what a reader does not find there; None when all is there.
    """

    status: int
    path: str
    asks_login: bool
    lacks: str | None


class Configured(Frozen, frozen=True):
    """What a worker's wrangler configuration says of production, and of the environment where it is tried."""

    production: Needs
    tried: Needs | None = None


class Readiness(Frozen, frozen=True):
    """All of it. What was not asked for, because its item is off or not set up, is None or left out.

    `pages` is by item: dashboard, login, sample-page. `configured` and `secrets` are by worker; a worker without a
    wrangler configuration is left out of both.
    """

    ci: tuple[CommitCheck, ...] | Unread | None = None
    tried: Tried | None = None
    pages: Mapping[str, PageSeen | Unread] = field(default_factory=dict)
    configured: Mapping[str, Configured | Unread] = field(default_factory=dict)
    secrets: Mapping[str, frozenset[str] | Unread] = field(default_factory=dict)
