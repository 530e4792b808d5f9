"""Whether the wrangler files bind the databases that are listed: read as they lie in the work tree."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from release.config.scripts import Found, read, settings_at
from release.errors import CannotReadError, UsageError
from release.formats.wrangler_databases import Wanted, d1_of

if TYPE_CHECKING:
    from release.config import Config
    from release.config.databases import Database


def require_databases(config: Config, name: str) -> None:
    """Raise UsageError where the wrangler file of a listed database does not bind it in the environment `name`.

    A worker that is deployed by a command of its own may have no such file.
    """
    for one in config.databases:
        environment = config.environment(name)
        found = _described(config, name, one)
        if found is None:
            continue
        wanted = Wanted(environment.databases.get(one.name, ""), one.binding or "", one.migrations)
        chosen = environment.wrangler if not one.config or "env" in found.settings else ""
        try:
            d1_of(found.settings, found.path, chosen, wanted)
        except CannotReadError as error:
            raise UsageError(error.what, error.advice) from None


def _described(config: Config, name: str, database: Database) -> Found | None:
    if database.config is None:
        return read(config.root, config.worker(database.worker), config.environment(name))
    path = posixpath.normpath(database.config)
    return Found(path, settings_at(config.root, path))
