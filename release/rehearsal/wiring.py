"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from release.errors import UsageError
from release.formats.wrangler_config import of_environment
from release.rehearsal.checkout import StageError
from release.systems.cloudflare.configuration import wrangler_settings

BY_NAME = UUID("0b8f6f6e-3a53-4d0c-9d0a-6a0b1d2c7e11")  # of databases that wrangler finds by their names

if TYPE_CHECKING:
    from release.config import Config


def bound(config: Config) -> dict[str, str]:
    """Uuid -> name of every other D1 database that a worker binds, in any environment; none of what cannot be read.

    They are empty, and there: an upload that binds a database which is not is refused.
    """
    found: dict[str, str] = {}
    for worker in config.workers:
        try:
            settings = wrangler_settings(config.root / worker.path)
        except UsageError:
            continue
        named = settings.get("env")
        for place in (settings, *(named.values() if isinstance(named, dict) else ())):
            entries = place.get("d1_databases") if isinstance(place, dict) else None
            for entry in (
                one for one in (entries if isinstance(entries, list) else ()) if isinstance(one, dict)
            ):
                name = str(entry.get("database_name") or entry.get("binding"))
                found[str(entry.get("database_id") or uuid5(BY_NAME, name))] = name
    return found


def databases(config: Config) -> dict[str, str]:
    """Name -> uuid of every D1 database that an environment of [tool.release] names. Raises StageError and UsageError."""
    if config.database is None:
        return {}
    worker = next(entry for entry in config.workers if entry.name == config.database.worker)
    settings = wrangler_settings(config.root / worker.path)
    found: dict[str, str] = {}
    for name, environment in config.environments.items():
        if environment.database is None:
            continue
        bound = of_environment(settings, environment.wrangler).get("d1_databases", [])
        uuids = [
            str(entry.get("database_id") or uuid5(BY_NAME, environment.database))
            for entry in bound
            if environment.database in (entry.get("database_name"), entry.get("binding"))
        ]
        if not uuids:
            raise StageError(
                f"The wrangler configuration of {worker.name} has no database {environment.database} for {environment.wrangler}.",
                f"Check `database` in [tool.release.environments.{name}].",
            )
        found[environment.database] = uuids[0]
    return found
