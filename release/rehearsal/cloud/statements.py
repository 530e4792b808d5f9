"""SQL text cut into statements, and what each may do. Pure."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Value = None | int | float | str | list[int]

_COMMENT = re.compile(r"\s+|--[^\n]*(?:\n|$)|/\*.*?(?:\*/|$)", re.DOTALL)
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)
_WRITES = re.compile(r"\b(?:insert|update|delete|replace)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Statement:
    """One SQL statement and the values of its `?`."""

    sql: str
    params: tuple[Value, ...] = ()


def split(text: str) -> tuple[str, ...]:
    """Return the statements of `text`, comments with them; a last one needs no `;`, blanks are left out.

    SQLite itself says where one ends, so quotes, comments and the body of a trigger may hold semicolons.
    """
    return tuple(
        piece.strip() for piece in _pieces(text) if _start(piece) < len(piece) and piece.strip() != ";"
    )


def verb(sql: str) -> str:
    """Return the statement's first word in upper case; nothing where it begins with none."""
    word = _WORD.match(sql, _start(sql))
    return word.group().upper() if word else ""


def reads_only(sql: str) -> bool:
    """Whether the statement cannot change the database."""
    first = verb(sql)
    if first == "PRAGMA":
        return "=" not in sql
    return first in {"SELECT", "VALUES", "EXPLAIN"} or (first == "WITH" and not _WRITES.search(sql))


def _start(sql: str) -> int:
    position = 0
    while match := _COMMENT.match(sql, position):
        if match.end() == position:
            break
        position = match.end()
    return position


def _pieces(text: str) -> Iterator[str]:
    begin = 0
    for semicolon in re.finditer(";", text):
        piece = text[begin : semicolon.end()]
        if sqlite3.complete_statement(piece):
            yield piece
            begin = semicolon.end()
    yield text[begin:]
