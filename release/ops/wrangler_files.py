"""The wrangler configuration of a worker's folder, in each of the forms that wrangler reads."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from release.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("wrangler.jsonc", "wrangler.json", "wrangler.toml")


def wrangler_settings(folder: Path) -> dict[str, Any]:
    """What the folder's wrangler configuration says. Raises UsageError where there is none, or none that can be read."""
    for path in (folder / name for name in NAMES):
        if path.is_file():
            return _read(path)
    raise UsageError(
        f"{folder.name} has no wrangler configuration.", f"One of {', '.join(NAMES)} belongs into its folder."
    )


def _read(path: Path) -> dict[str, Any]:
    import json5

    try:
        text = path.read_text("utf-8")
        found = tomllib.loads(text) if path.suffix == ".toml" else json5.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{path} cannot be read: {error}", "Correct it; wrangler cannot read it either."
        ) from None
    if not isinstance(found, dict):
        raise UsageError(f"{path} holds no table of settings.", "Correct it; wrangler cannot read it either.")
    return found
