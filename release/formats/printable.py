"""Text that others wrote, as one that a terminal or a page cannot misunderstand (pure)."""

from __future__ import annotations

import re

_CONTROL = re.compile(
    r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
# Characters that reorder, hide or break lines where a terminal obeys them (Unicode's bidirectional and line controls).
_STEERING = re.compile("[\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """`text` without escape sequences and control characters (tab and newline stay)."""
    return _CONTROL.sub("", text)


def cut(text: str, most: int) -> str:
    """`text` in at most so many characters; three dots show that something is left out."""
    return text if len(text) <= most else f"{text[: most - 3].rstrip()}..."


def printable(text: str) -> str:
    """`text` as one line: no control characters, nothing that reorders."""
    return _STEERING.sub("", plain(" ".join(text.splitlines()))).expandtabs(4)
