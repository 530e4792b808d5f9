"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

import re
import secrets
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import UUID, uuid5

from release.config import scripts
from release.config.accounts import account_in
from release.errors import CannotReadError, UsageError
from release.formats.wrangler_config import NAMES
from release.formats.wrangler_databases import Wanted, d1_of
from release.rehearsal.checkout import StageError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
CONNECTION = tuple(
    f"{whose}_HYPERDRIVE_LOCAL_CONNECTION_STRING_" for whose in ("CLOUDFLARE", "WRANGLER")
)  # then the binding
BY_NAME = UUID("0b8f6f6e-3a53-4d0c-9d0a-6a0b1d2c7e11")  # of databases that wrangler finds by their names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from release.config import Config, Database, Environment


def account_for(config: Config) -> str:
    """The account of a stage: the one that production's wrangler files name, for wrangler asks for no other; else a new one."""
    said = account_in(config, config.production) or ""
    return said if re.fullmatch(r"[0-9a-f]{32}", said) else secrets.token_hex(16)


def bound(config: Config) -> dict[str, str]:
    """Uuid -> name of every other D1 database that a worker binds, in any environment; none of what cannot be read.

    They are empty, and there: an upload that binds a database which is not is refused.
    """
    found: dict[str, str] = {}
    for settings in _configurations(config):
        named = settings.get("env")
        for place in (settings, *(named.values() if isinstance(named, dict) else ())):
            entries = place.get("d1_databases") if isinstance(place, dict) else None
            for entry in (
                one for one in (entries if isinstance(entries, list) else ()) if isinstance(one, dict)
            ):
                name = str(entry.get("database_name") or entry.get("binding"))
                found[str(entry.get("database_id") or uuid5(BY_NAME, name))] = name
    return found


def _configurations(config: Config) -> Iterator[dict[str, Any]]:
    """Every wrangler configuration that a worker has in some environment, as far as it can be read."""
    seen: dict[str, dict[str, Any]] = {}
    for worker, environment in product(config.workers, config.environments.values()):
        with suppress(UsageError):
            if read := scripts.read(config.root, worker, environment):
                seen.setdefault(read.path, read.settings)
    yield from seen.values()


def databases(config: Config) -> dict[str, str]:
    """Name -> uuid of every D1 database that an environment of [tool.release] has. Raises StageError and UsageError.

    One whose entry has no id gets one that is the same each time: wrangler asks for it by its name.
    """
    found: dict[str, str] = {}
    for environment in config.environments.values():
        for one in config.databases:
            name, identifier = _found(config, one, environment)
            found[name] = identifier or str(uuid5(BY_NAME, name))
    return found


def _found(config: Config, database: Database, environment: Environment) -> tuple[str, str | None]:
    worker = config.worker(database.worker)
    wanted = Wanted(environment.databases.get(database.name, ""), database.binding or "", database.migrations)
    read = scripts.read(config.root, worker, environment)
    if read is None:
        raise UsageError(
            f"{(config.root / worker.path).name} has no wrangler configuration.",
            f"One of {', '.join(NAMES)} belongs into its folder.",
        )
    try:
        return d1_of(read.settings, read.path, environment.wrangler, wanted)
    except CannotReadError as error:
        raise StageError(error.what, error.advice) from None


def hyperdrives(config: Config, given: Mapping[str, str]) -> dict[str, str]:
    """The local database of each Hyperdrive binding, by its name: of the variables `given`, else `localConnectionString`.

    One on another machine is none: a rehearsal reaches this machine alone.
    """
    found = {}
    for settings in _configurations(config):
        named = settings.get("env")
        for place in (settings, *(named.values() if isinstance(named, dict) else ())):
            entries = place.get("hyperdrive") if isinstance(place, dict) else None
            for entry in (
                one for one in (entries if isinstance(entries, list) else ()) if isinstance(one, dict)
            ):
                name = str(entry.get("binding"))
                found[name] = given.get(name) or str(entry.get("localConnectionString") or "")
    return {name: url for name, url in found.items() if urlsplit(url).hostname in LOOPBACK}


def connections(environ: Mapping[str, str]) -> dict[str, str]:
    """The local databases that wrangler's own variables name, by the binding."""
    return {
        name.removeprefix(prefix): value
        for name, value in environ.items()
        for prefix in CONNECTION
        if name.startswith(prefix)
    }


def health_urls(config: Config, url_for: Callable[[str], str]) -> dict[str, str]:
    """Where the stage asks for the health of an environment that names another host: its own worker, never that host.

    The worker is the one whose script the host is named after (SCRIPT.account.workers.dev), else the last.
    """
    found = {}
    for name, environment in config.environments.items():
        if isinstance(environment.health, bool) or not environment.health.url:
            continue
        label = (urlsplit(environment.health.url).hostname or "").partition(".")[0]
        scripts = [worker.script_in(environment) for worker in config.workers]
        variable = f"RELEASE_{name.upper().replace('-', '_')}_HEALTH_URL"
        found[variable] = url_for(label if label in scripts else scripts[-1])
    return found


def without_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that a stage may see: no token of a real system reaches it."""
    from release.systems.machine.secrets import is_secret_name

    prefixes = ("CLOUDFLARE_", "GITHUB_", "GH_", "GIT_CONFIG_", "RELEASE_", "WRANGLER_", "ACTIONS_", "CF_")
    return {
        name: value
        for name, value in environ.items()
        if not is_secret_name(name) and not name.startswith(prefixes)
    }
