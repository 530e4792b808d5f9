"""Text that others wrote, put into Markdown so that it stays text: no mark-up, HTML, mention or broken table (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.formats.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SIGNS = re.compile(r"[\\`*_\[\]<>#~&!]")
_GAP = "\N{ZERO WIDTH SPACE}"


def escaped(text: str) -> str:
    """`text` as one line of prose."""
    signs = _SIGNS.sub(lambda sign: f"\\{sign[0]}", printable(text))
    return signs.replace("|", "&#124;").replace("@", f"@{_GAP}").replace("://", f":{_GAP}//")


def code(text: str) -> str:
    """`text` as an inline code span, behind a longer fence than any that it holds.

    Prose where it holds a bar, which inside a span would end a table's cell; empty for no text.
    """
    line = printable(text).strip()
    if not line or "|" in line:
        return escaped(line)
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    pad = " " if "`" in (line[0], line[-1]) else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def link(text: str, url: str) -> str:
    """A link of ours; `text` is Markdown already. Without an address, the text alone."""
    return f"[{text}](<{url}>)" if url else text


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are Markdown already. Empty without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join((f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}", *lines, ""))
