"""The folder `.release/` of a checkout: the journal, the lock file, caches. Git never sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".release"


def local_folder(root: Path) -> Path:
    """The folder, made on first use with a `.gitignore` of its own. Raises OSError."""
    folder = root / NAME
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    return folder
