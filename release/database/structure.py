"""A schema as lines that say all of it and nothing of how it was written: white space and quotes, which SQLite changes itself."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from release.database.shape import quoted
from release.formats.sql import enclosed, parts, tokens
from release.formats.wrangler_migrations import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

Described = frozenset[str]
_OBJECTS = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
_TABLES = frozenset(
    {"constraint", "primary", "unique", "check", "foreign"}
)  # what begins a table's own constraint
_LAZY = ("deferrable", "initially", "deferred")


def described(connection: apsw.Connection) -> Described:
    """What the tables, indexes, views and triggers of a database are; wrangler's ledger is left out."""
    lines: set[str] = set()
    for kind, name, table, sql in list(connection.execute(_OBJECTS)):
        if table == LEDGER:
            continue
        if kind == "table":
            lines |= set(_of_table(connection, str(name), str(sql)))
        elif kind == "index":
            lines.add(f"index {name} on {table}: {_folded(str(sql))}")
        else:
            lines.add(f"{kind} {name}: {_folded(str(sql))}")
    return frozenset(lines)


def _of_table(connection: apsw.Connection, name: str, sql: str) -> Iterator[str]:
    words = tokens(sql)
    (listed,) = connection.execute(f"PRAGMA table_list({quoted(name)})")
    is_virtual = words[:2] == ("create", "virtual")
    using = f" using {_spelled(words[words.index('using') + 1 :])}" if is_virtual and "using" in words else ""
    yield f"table {name}{' strict' if listed[5] else ''}{' without rowid' if listed[4] and not is_virtual else ''}{using}"
    pieces = () if is_virtual else _pieces(words)
    made = {piece[0]: _generated(piece) for piece in pieces if piece and piece[0] not in _TABLES}
    for column in list(connection.execute(f"PRAGMA table_xinfo({quoted(name)})")):
        yield _column(connection, name, column, made.get(str(column[1]).lower(), ""), is_virtual=is_virtual)
    for key in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})"):
        yield f"foreign key {name}.{key[3]} -> {key[2]}.{key[4]} on update {key[5]} on delete {key[6]}"
    for index in list(connection.execute(f"PRAGMA index_list({quoted(name)})")):
        if index[3] != "c":  # made by a UNIQUE or PRIMARY KEY, so it has no statement of its own
            rows = connection.execute(f"PRAGMA index_xinfo({quoted(str(index[1]))})")
            columns = (
                f"{row[2]}{_collated(str(row[4]))}{' desc' if row[3] else ''}" for row in rows if row[5]
            )
            yield f"unique {name}({', '.join(columns)})"
    yield from _constraints(name, pieces)


def _column(
    connection: apsw.Connection, table: str, column: tuple[object, ...], made: str, *, is_virtual: bool
) -> str:
    _, label, kind, notnull, default, key, hidden = column
    collation, counts = "BINARY", False
    if not is_virtual:
        found = connection.column_metadata("main", table, str(label))
        collation, counts = found[1], found[4]
    marks = [
        str(kind).upper(),
        "not null" if notnull else "",
        f"default {_default(str(default))}" if default is not None else "",
        f"key {key}" if key else "",
        "autoincrement" if counts else "",
        f"hidden {hidden}" if hidden else "",
        f"as ({made})" if made else "",
        _collated(collation).strip(),
    ]
    return f"column {table}.{label}: {' '.join(mark for mark in marks if mark)}"


def _collated(collation: str) -> str:
    return "" if collation.upper() == "BINARY" else f" collate {collation.lower()}"


def _default(sql: str) -> str:
    """A default; a text is one whichever quotes it has."""
    if re.fullmatch(r'"([^"]|"")*"', sql):
        inner = sql[1:-1].replace('""', '"').replace("'", "''")
        return f"'{inner}'"
    return _folded(sql)


def _pieces(words: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The columns and constraints of a CREATE TABLE."""
    return tuple(parts(enclosed(words, words.index("(")))) if "(" in words else ()


def _generated(piece: tuple[str, ...]) -> str:
    for at, word in enumerate(piece[:-1]):
        if word == "as" and piece[at + 1] == "(":
            return _spelled(enclosed(piece, at + 1))
    return ""


def _constraints(table: str, pieces: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    """What no PRAGMA tells: CHECKs, references that wait for the end of a transaction, ON CONFLICT."""
    checks: Counter[str] = Counter()
    for piece in pieces:
        name = piece[0] if piece and piece[0] not in _TABLES else _named(piece)
        for at, word in enumerate(piece):
            if word == "check" and piece[at + 1 : at + 2] == ("(",):
                checks[_spelled(enclosed(piece, at + 1))] += 1
            elif piece[at : at + 3] == _LAZY and piece[at - 1 : at] != ("not",):
                yield f"foreign key {table}.{name} is deferred"
            elif piece[at : at + 2] == ("on", "conflict") and piece[at + 2 : at + 3] not in {(), ("abort",)}:
                yield f"on conflict {table}.{name} {piece[at + 2]}"
    for check, count in checks.items():
        yield f"check of {table}: {check}{f' ({count} times)' if count > 1 else ''}"


def _named(piece: tuple[str, ...]) -> str:
    """The columns of a table's own constraint."""
    return " ".join(enclosed(piece, piece.index("("))) if "(" in piece else ""


def _folded(sql: str) -> str:
    return _spelled(tokens(sql))


def _spelled(words: tuple[str, ...]) -> str:
    """Words as one line, with no blank around brackets; a text stays as it is."""
    said = ""
    for word in words:
        is_tight = not said or said.endswith(("(", ".")) or word in {"(", ")", ",", "."}
        said += word if is_tight else f" {word}"
    return said
