"""SQL text cut into statements and tokens (pure): what SQLite itself does not tell about a schema."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENTS = re.compile(r"\A(\s+|--[^\n]*(\n|\Z)|/\*.*?(\*/|\Z))*", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<blank>\s+|--[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<text>[xX]?'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
    |(?P<word>[^\W\d][\w$]*)
    |(?P<other>\d[\w.]*|->>?|[<>=!|]{1,2}|.)""",
    re.DOTALL | re.VERBOSE,
)


def statements(sql: str) -> Iterator[tuple[int, str]]:
    """The statements of a text with the line on which each starts; a trigger's body stays in its statement."""
    start = 0
    for end in [*(match.end() for match in re.finditer(";", sql)), len(sql)]:
        lead = COMMENTS.match(sql[start:end])
        at = start + (lead.end() if lead else 0)
        is_whole = end == len(sql) or sqlite3.complete_statement(sql[start:end])
        if is_whole and sql[at:end].strip():
            yield sql.count("\n", 0, at) + 1, sql[at:end].strip()
        if is_whole:
            start = end


def tokens(sql: str) -> tuple[str, ...]:
    """The tokens of a text without blanks and comments; words and quoted names in lower case, without quotes."""
    return tuple(_folded(match) for match in _TOKEN.finditer(sql) if match.lastgroup != "blank")


def _folded(match: re.Match[str]) -> str:
    text = match.group()
    if match.lastgroup == "quoted":
        return text[1:-1].replace(text[-1] * 2, text[-1]).lower()
    return text if match.lastgroup == "text" else text.lower()


def enclosed(words: tuple[str, ...], at: int) -> tuple[str, ...]:
    """What stands between the `(` at this place and its `)`; nothing where there is none."""
    depth = 0
    for end in range(at, len(words)):
        depth += {"(": 1, ")": -1}.get(words[end], 0)
        if depth == 0:
            return words[at + 1 : end]
    return ()


def parts(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The pieces between the commas that stand in no brackets."""
    depth, begin = 0, 0
    for place, word in enumerate(words):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            yield words[begin:place]
            begin = place + 1
    yield words[begin:]
