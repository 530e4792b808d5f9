"""What a wrangler configuration says that the local cloud has to know: the databases of an environment."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from release.rehearsal.checkout import StageError

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

NAMES = ("wrangler.jsonc", "wrangler.json", "wrangler.toml")


def databases(config: Config) -> dict[str, str]:
    """Name -> uuid of every D1 database that an environment of [tool.release] names. Raises StageError."""
    if config.database is None:
        return {}
    worker = next(entry for entry in config.workers if entry.name == config.database.worker)
    settings = _settings(config.root / worker.path)
    found: dict[str, str] = {}
    for name, environment in config.environments.items():
        if environment.database is None:
            continue
        bound = settings.get("env", {}).get(environment.wrangler, settings).get("d1_databases", [])
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


def _settings(folder: Path) -> dict[str, Any]:
    for path in (folder / name for name in NAMES):
        if not path.is_file():
            continue
        if path.suffix == ".toml":
            return tomllib.loads(path.read_text())
        import json5

        return dict(json5.loads(path.read_text()))
    raise StageError(
        f"{folder.name} has no wrangler configuration.", f"One of {', '.join(NAMES)} belongs into its folder."
    )
