"""Which wrangler is too old to release with, and what the older ones lack. No process is started to find out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import UsageError
from release.systems.npm.node import wrangler_version

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

LEAST = (
    3,
    91,
    0,
)  # the first that reads a wrangler.json unasked; driven through releases: tests/e2e/test_wrangler_ages.py
MARKS = (4, 66, 0)  # `deploy --tag` and `--message`; `versions upload` has always had them


def takes_marks(folder: Path) -> bool:
    """Whether the `deploy` of a worker's wrangler takes --tag and --message; one that does not tell its version is new."""
    version = wrangler_version(folder)
    return version is None or version >= MARKS


def require_wranglers(config: Config) -> None:
    """Raise UsageError where a worker's wrangler cannot make a release; one that is not installed is a check's matter."""
    for worker in config.workers:
        version = wrangler_version(config.root / worker.path)
        if version is None:
            continue
        if version < LEAST:
            raise UsageError(
                f"{worker.name} has wrangler {_written(version)}; a release needs {_written(LEAST)} or newer.",
                "Update it in the package.json that names it (wrangler@latest), install, then run again.",
            )
        if worker.deploy and version < MARKS:
            raise UsageError(
                f"{worker.name} is deployed by its own command, which gets --tag and --message; wrangler {_written(version)} "
                f"has neither, {_written(MARKS)} is the first that has.",
                f"Install {_written(MARKS)} or newer; or replace `deploy` of {worker.name} by `build` in [tool.release].",
            )


def _written(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
