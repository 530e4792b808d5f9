"""The examples of docs/configuration.md, and how a test changes one."""

from __future__ import annotations

import re
from pathlib import Path

GUIDE = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text(encoding="utf-8")
FULL: str = max(re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL), key=len)


def written(folder: Path, text: str) -> Path:
    """The folder, with `text` as its pyproject.toml."""
    (folder / "pyproject.toml").write_bytes(text.encode())
    return folder


def full_with(old: str, new: str) -> str:
    """The full example with one change."""
    assert FULL.count(old) >= 1, old
    return FULL.replace(old, new, 1)


def number_of(text: str, part: str) -> int:
    """The number of the first line that holds `part`."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)
