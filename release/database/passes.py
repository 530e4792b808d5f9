"""Statements that go through a whole table (pure): how long they take hangs on its rows, which only production has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.files import text_of
from release.database.grades import CannotTell
from release.formats.sql import statements, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from release.model.repository import Migration


@dataclass(frozen=True)
class Pass:
    """A statement of a file, by its line, that goes through a table that was there before the file."""

    file: str
    line: int
    table: str
    what: str


def passes(migrations: Iterable[Migration]) -> tuple[Pass, ...]:
    """What each file goes through; tables that it makes itself are left out, and a table is told once a file."""
    return tuple(one for migration in migrations for one in _of_file(migration))


def _of_file(migration: Migration) -> Iterator[Pass]:
    text = text_of(migration)
    if isinstance(text, CannotTell):
        return
    known: set[str] = set()
    for line, statement in statements(text):
        words = tokens(statement.rstrip(";"))
        if words[:2] == ("create", "table"):
            known.add(_name(words, words.index("table") + 1))
        for table, what in _through(words):
            if table not in known:
                known.add(table)
                yield Pass(migration.name, line, table, what)


def _through(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """The tables that a statement goes through, and what it does to them."""
    verb = words[0] if words else ""
    if verb in {"insert", "replace", "create"} and "select" in words and "trigger" not in words[:3]:
        if "view" not in words[:3]:
            yield from (
                (words[at + 1], "copies") for at, word in enumerate(words[:-1]) if word in {"from", "join"}
            )
    elif verb == "create" and "index" in words[:3] and "on" in words:
        yield _name(words, words.index("on") + 1), "indexes"
    elif verb == "update":
        yield _name(words, 3 if words[1:2] == ("or",) else 1), "updates"
    elif words[:2] == ("delete", "from"):
        yield _name(words, 2), "deletes from"
    elif words[:2] == ("alter", "table") and "drop" in words[3:5]:
        yield _name(words, 2), "rewrites"


def _name(words: tuple[str, ...], at: int) -> str:
    """The name at this place, past IF NOT EXISTS."""
    while words[at : at + 1] and words[at] in {"if", "not", "exists"}:
        at += 1
    return words[at] if at < len(words) else ""
