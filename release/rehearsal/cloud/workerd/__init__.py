"""The miniflare and workerd of a stage: pinned here, whatever the rehearsed project has installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from release.rehearsal import pinned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent


def install(cache: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """The node_modules that hold miniflare, installed into `cache` once for each lockfile of this tool. Raises StageError."""
    return pinned.installed(HERE, "cloud runtime", cache, environ, say)
