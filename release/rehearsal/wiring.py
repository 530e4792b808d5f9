"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from release.config import scripts
from release.formats.wrangler_config import bound_database
from release.rehearsal.checkout import StageError
from release.systems.cloudflare.configuration import wrangler_settings

if TYPE_CHECKING:
    from release.config import Config


def databases(config: Config) -> dict[str, str]:
    """Name -> uuid of every D1 database that an environment of [tool.release] names. Raises StageError and UsageError."""
    if config.database is None:
        return {}
    worker = next(entry for entry in config.workers if entry.name == config.database.worker)
    found: dict[str, str] = {}
    for name, environment in config.environments.items():
        if environment.database is None:
            continue
        read = scripts.read(config.root, worker, environment)
        settings = read.settings if read else wrangler_settings(config.root / worker.path)
        entry = bound_database(settings, environment.wrangler, environment.database)
        if entry is None:
            raise StageError(
                f"The wrangler configuration of {worker.name} has no database {environment.database} "
                f"{f'for {environment.wrangler}' if environment.wrangler else 'at its top level'}.",
                f"Check `database` in [tool.release.environments.{name}].",
            )
        uuid = entry.get("database_id") or uuid5(NAMESPACE_URL, f"d1:{environment.database}")
        found[environment.database] = str(
            uuid
        )  # without an id wrangler finds it by its name, as the cloud does
    return found
