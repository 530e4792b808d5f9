"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.wrangler_config import of_environment
from release.rehearsal.checkout import StageError
from release.systems.cloudflare.configuration import wrangler_settings

if TYPE_CHECKING:
    from release.config import Config


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
            str(entry["database_id"]) for entry in bound if entry.get("database_name") == environment.database
        ]
        if not uuids:
            raise StageError(
                f"The wrangler configuration of {worker.name} has no database {environment.database} for {environment.wrangler}.",
                f"Check `database` in [tool.release.environments.{name}].",
            )
        found[environment.database] = uuids[0]
    return found
