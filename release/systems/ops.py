"""The outside systems, wired for one environment: the only place with processes, sockets, environment and clock."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from release.errors import UsageError
from release.frozen import Frozen
from release.model.effects import Effect
from release.model.world import World
from release.systems.cloudflare.api import Cloudflare
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.git.client import Git
from release.systems.github.releases import GitHub, repository_of
from release.systems.machine.checkout_lock import checkout_name
from release.systems.machine.clock import SystemClock
from release.systems.machine.secrets import Mask
from release.systems.npm.client import Npm
from release.systems.npm.registry import Registry, may_trust, token_of
from release.systems.web.http import Http
from release.systems.web.pages import Web

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.config import Config, Environment
    from release.systems.machine.clock import Clock

AT_ONCE = 2.0  # seconds after which a stage on this machine surely serves what was deployed last
_LOOPBACK = ("http://127.0.0.1:", "http://localhost:")
Tell = Callable[[str], None]
Perform = Callable[["Ops", Effect, World, Tell], World]


class Ops(Frozen, frozen=True):
    """All outside systems for one environment. `perform` does effects; everything else only reads.

    `url` is where the environment answers; `mask` hides secrets in whatever is shown; `checkout` names this
    checkout on this machine.
    """

    config: Config
    name: str
    environment: Environment
    environ: Mapping[str, str]
    url: str
    mask: Mask
    clock: Clock
    http: Http
    git: Git
    cloudflare: Cloudflare
    github: GitHub
    web: Web
    wrangler: Wrangler
    npm: Npm
    registry: Registry
    perform: Perform
    checkout: str = ""

    @property
    def root(self) -> Path:
        """The repository's folder."""
        return self.config.root

    @property
    def record_ref(self) -> str:
        """The ref that holds this environment's record."""
        return self.config.record_ref.format(environment=self.name)

    def script(self, worker: str) -> str:
        """The name that a worker has at Cloudflare in this environment."""
        return self.config.placed(worker, self.name).script

    def url_of(self, name: str) -> str:
        """Where an environment of the configuration answers."""
        return url_of(self.config, name, self.environ)

    @property
    def health_url(self) -> str:
        """The host that is asked for this environment's health."""
        return health_url_of(self.config, self.name, self.environ)

    @property
    def settle(self) -> float:
        """Seconds until a change at Cloudflare answers everywhere; a stage on this machine knows it at once."""
        settle = self.environment.smoke.settle
        return min(settle, AT_ONCE) if is_stage(self.environ) else settle

    def close(self) -> None:
        """Close connections and helper processes."""
        self.git.close()
        self.http.close()


class Connect(Protocol):
    """What makes Ops: `connect`, or a test's own wiring."""

    def __call__(
        self, config: Config, name: str, environ: Mapping[str, str] | None = None, *, perform: Perform = ...
    ) -> Ops:
        """Ops for one environment, as `connect` says."""
        ...


def expect(ops: Ops, effect: Effect, world: World, tell: Tell) -> World:
    """Carry out nothing: take the effect's word for what the world would be."""
    del ops, tell
    return effect.expect(world)


def connect(
    config: Config, name: str, environ: Mapping[str, str] | None = None, *, perform: Perform = expect
) -> Ops:
    """Ops for one environment of a configuration; nothing is asked yet.

    `perform` does effects: `release.run.effects.perform.perform` writes; without it nothing is written (a dry run).
    Raises UsageError when the environment does not exist or a variable is missing.
    """
    environ = dict(os.environ if environ is None else environ)
    environment = config.environment(name)
    if config.workers:
        _require(environ, ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID"])
    for worker in config.workers:
        config.placed(worker.name, name)  # a wrangler file that does not say it ends the command here
    http, mask = Http(), Mask.of(environ)
    git = Git(config.root, config.remote, environ)
    cloudflare = Cloudflare(http, environ)
    return Ops(
        config=config,
        name=name,
        environment=environment,
        environ=environ,
        url=url_of(config, name, environ),
        mask=mask,
        clock=SystemClock(),
        http=http,
        git=git,
        cloudflare=cloudflare,
        github=GitHub(http, environ, _repository(config, environ, git)),
        web=Web(http, environ),
        wrangler=Wrangler(config.root, environ, mask, cloudflare.deploy_version),
        npm=Npm(config.root, environ, mask),
        registry=Registry(http, environ),
        perform=perform,
        checkout=checkout_name(config.root),
    )


@contextmanager
def at_github(config: Config, environ: Mapping[str, str] | None = None) -> Iterator[GitHub]:
    """GitHub alone, for what needs no other system. Raises UsageError without a token."""
    environ = dict(os.environ if environ is None else environ)
    if not environ.get("GITHUB_TOKEN") and not environ.get("GH_TOKEN"):
        _require(environ, ["GITHUB_TOKEN"])
    http, git = Http(), Git(config.root, config.remote, environ)
    try:
        yield GitHub(http, environ, _repository(config, environ, git))
    finally:
        git.close()
        http.close()


def url_of(config: Config, name: str, environ: Mapping[str, str]) -> str:
    """Where an environment answers: RELEASE_<NAME>_URL, else as it is configured; without a slash at the end."""
    said = environ.get(f"RELEASE_{name.upper().replace('-', '_')}_URL")
    return (said or config.environment(name).url).rstrip("/")


def health_url_of(config: Config, name: str, environ: Mapping[str, str]) -> str:
    """The host that is asked for an environment's health: its own, unless `health.url` names one.

    RELEASE_<NAME>_HEALTH_URL replaces that one (a stage sets it).
    """
    health = config.environment(name).health
    if isinstance(health, bool) or health.url is None:
        return url_of(config, name, environ)
    said = environ.get(f"RELEASE_{name.upper().replace('-', '_')}_HEALTH_URL")
    parts = urlsplit(health.url)
    return (said or f"{parts.scheme}://{parts.netloc}").rstrip("/")


def is_stage(environ: Mapping[str, str]) -> bool:
    """Whether all that would change is a stage on this machine."""
    address = environ.get("CLOUDFLARE_API_BASE_URL", "")
    return bool(environ.get("RELEASE_STAGE")) and address.startswith(_LOOPBACK)


def in_workflow(environ: Mapping[str, str]) -> bool:
    """Whether this process runs in a run of GitHub Actions."""
    return environ.get("GITHUB_ACTIONS") == "true" and bool(environ.get("GITHUB_RUN_ID"))


def require_write_tokens(ops: Ops) -> None:
    """Raise UsageError when a variable is missing that only a real release needs."""
    environ = ops.environ
    if not environ.get("GITHUB_TOKEN") and not environ.get("GH_TOKEN"):
        _require(environ, ["GITHUB_TOKEN"])
    if ops.config.target and not token_of(environ) and not may_trust(environ):
        raise UsageError(
            "There is no npm token, and no trusted publishing.",
            "Set NODE_AUTH_TOKEN (or NPM_TOKEN), or give the workflow `id-token: write` and name it at the registry "
            "(docs/publishing.md). To try without any account: inv rehearse --publish "
            f"{ops.config.target.name}",
        )


def _require(environ: Mapping[str, str], names: list[str]) -> None:
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise UsageError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set.",
            f"Set {' and '.join(missing)}, then run the same command again. To try without any account: ./inv rehearse",
        )


def _repository(config: Config, environ: Mapping[str, str], git: Git) -> str:
    return (
        config.repository or environ.get("GITHUB_REPOSITORY") or repository_of(git.url()) or "unknown/unknown"
    )
