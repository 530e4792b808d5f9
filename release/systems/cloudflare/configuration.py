"""The wrangler configuration of a worker's folder, in each of the forms that wrangler reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.errors import UsageError
from release.formats.wrangler_config import NAMES, parse

if TYPE_CHECKING:
    from pathlib import Path


def wrangler_settings(folder: Path) -> dict[str, Any]:
    """What the folder's wrangler configuration says. Raises UsageError where there is none, or none that can be read."""
    for path in (folder / name for name in NAMES):
        if path.is_file():
            return _read(path)
    raise UsageError(
        f"{folder.name} has no wrangler configuration.", f"One of {', '.join(NAMES)} belongs into its folder."
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse(path.name, path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", "Correct it; wrangler cannot read it either."
        ) from None
