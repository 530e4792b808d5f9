"""SQL text cut into statements and tokens (pure): what SQLite itself does not tell about a schema."""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMENTS = re.compile(r"\A(\s+|--[^\n]*(\n|\Z)|/\*.*?(\*/|\Z))*", re.DOTALL)
OPEN_COMMENT = "a comment that `/*` begins"
OPEN_STATEMENT = "a statement without a `;`"
_OPENED = {
    "'": "a string that `'` begins",
    '"': 'a name that `"` begins',
    "`": "a name that a backtick begins",
    "[": "a name that `[` begins",
}
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
    for at, statement in placed(sql):
        yield sql.count("\n", 0, at) + 1, statement


def placed(sql: str) -> Iterator[tuple[int, str]]:
    """The statements of a text with the place at which each starts."""
    start = 0
    for end in [*(match.end() for match in re.finditer(";", sql)), len(sql)]:
        lead = COMMENTS.match(sql[start:end])
        at = start + (lead.end() if lead else 0)
        is_whole = end == len(sql) or sqlite3.complete_statement(sql[start:end])
        if is_whole and sql[at:end].strip():
            yield at, sql[at:end].strip()
        if is_whole:
            start = end


def open_end(sql: str) -> tuple[int, str] | None:
    """What a text leaves open at its end, and the line on which that begins; None where it ends as it should."""
    for match in _TOKEN.finditer(sql):
        said, line = match.group(), sql.count("\n", 0, match.start()) + 1
        if said.startswith("/*") and (len(said) < len("/**/") or not said.endswith("*/")):
            return line, OPEN_COMMENT
        if match.lastgroup == "other" and said in _OPENED:
            return line, _OPENED[said]
    *_, last = ("", *(text for _, text in statements(sql)))
    if last and not sqlite3.complete_statement(last):
        return sql.count("\n", 0, sql.rindex(last)) + 1, OPEN_STATEMENT
    return None


def swallows(sql: str) -> bool:
    """Whether a statement that is put behind this text does nothing: wrangler's note that the file was applied is one."""
    found = open_end(sql)
    if found is None or found[1] != OPEN_STATEMENT:
        return found is not None and found[1] == OPEN_COMMENT
    *_, (_, last) = statements(sql)
    return tokens(last)[:1] == ("explain",)


def tokens(sql: str) -> tuple[str, ...]:
    """The tokens of a text without blanks and comments; words and quoted names in lower case, without quotes."""
    return tuple(_folded(match) for match in _TOKEN.finditer(sql) if match.lastgroup != "blank")


def scan(sql: str) -> Iterator[tuple[str, str, int]]:
    """The tokens of a text as they are written, with their kind (blank, text, quoted, word or other) and their place."""
    for match in _TOKEN.finditer(sql):
        yield str(match.lastgroup), match.group(), match.start()


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
