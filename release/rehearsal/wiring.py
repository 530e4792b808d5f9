"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.formats.wrangler_databases import Wanted, d1_of
from release.rehearsal.checkout import StageError
from release.systems.cloudflare.configuration import wrangler_settings

if TYPE_CHECKING:
    from release.config import Config, Database, Environment


def databases(config: Config) -> dict[str, str]:
    """Name -> uuid of every D1 database that an environment of [tool.release] has. Raises StageError and UsageError.

    One whose entry has no id gets one that is the same each time: wrangler asks for it by its name.
    """
    found: dict[str, str] = {}
    for environment in config.environments.values():
        for one in config.databases:
            name, identifier = _found(config, one, environment)
            found[name] = identifier or str(uuid.uuid5(uuid.NAMESPACE_DNS, name))
    return found


def _found(config: Config, database: Database, environment: Environment) -> tuple[str, str | None]:
    worker = config.worker(database.worker)
    wanted = Wanted(environment.databases.get(database.name, ""), database.binding or "", database.migrations)
    settings = wrangler_settings(config.root / worker.path)
    try:
        return d1_of(settings, f"{worker.path}/wrangler.json", environment.wrangler, wanted)
    except CannotReadError as error:
        raise StageError(error.what, error.advice) from None
