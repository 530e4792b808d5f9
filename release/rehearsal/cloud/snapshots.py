"""A database's content as SQL text: what an export answers, and what Time Travel goes back to."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from release.rehearsal.cloud.runtime import SqlError
from release.rehearsal.cloud.statements import Statement, split

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.rehearsal.cloud.runtime import Runtime
    from release.rehearsal.cloud.state import Database

# An underscore stands for any character in LIKE, so GLOB: D1 keeps tables of its own under _cf_.
_SCHEMA = (
    "SELECT type, name, sql FROM sqlite_schema WHERE sql NOT NULL AND name NOT GLOB '_cf_*' "
    "AND name NOT GLOB 'sqlite_*' ORDER BY type = 'table' DESC, rowid"
)
_AUTOINCREMENT = "SELECT count(*) AS found FROM sqlite_schema WHERE name = 'sqlite_sequence'"
_DEFERRED = "PRAGMA defer_foreign_keys=TRUE;"


def dump(runtime: Runtime, uuid: str) -> str:
    """Return the SQL that makes the database again. Raises SqlError for a virtual table, as D1 does."""
    schema = _rows(runtime, uuid, [_SCHEMA])[0]
    if any(entry["sql"].upper().startswith("CREATE VIRTUAL") for entry in schema):
        raise SqlError("D1 Export error: cannot export databases with Virtual Tables (fts5)")
    counted = bool(_rows(runtime, uuid, [_AUTOINCREMENT])[0][0]["found"])
    tables = [entry["name"] for entry in schema if entry["type"] == "table"] + ["sqlite_sequence"] * counted
    columns = _rows(runtime, uuid, [f"PRAGMA table_info({quoted(table)})" for table in tables])
    selects = [
        _insert(table, [column["name"] for column in of]) for table, of in zip(tables, columns, strict=True)
    ]
    inserts = {
        table: [row["line"] for row in rows]
        for table, rows in zip(tables, _rows(runtime, uuid, selects), strict=True)
    }
    lines = [_DEFERRED]
    for entry in schema:
        lines.append(f"{entry['sql']};")
        lines += inserts.get(entry["name"], []) if entry["type"] == "table" else []
    sequence = ["DELETE FROM sqlite_sequence;", *inserts["sqlite_sequence"]] if counted else []
    return "\n".join([*lines, *sequence]) + "\n"


def restore(runtime: Runtime, uuid: str, text: str) -> None:
    """Make the database what `dump` had returned, in one transaction. Raises SqlError."""
    schema = _rows(runtime, uuid, [_SCHEMA])[0]
    drops = [
        f"DROP {entry['type']} IF EXISTS {quoted(entry['name'])};"
        for entry in schema
        if entry["type"] != "index"
    ]
    drops.sort(key=lambda line: line.startswith("DROP table"))
    runtime.d1(uuid, [Statement(sql) for sql in (_DEFERRED, *drops, *split(text))])


def bookmark(database: Database) -> str:
    """Return the bookmark of the database's present moment: it grows with every write, as text too."""
    seed = hashlib.md5(f"{database.uuid} {database.moment}".encode(), usedforsecurity=False).hexdigest()
    return f"{database.moment:08x}-00000000-00000000-{seed}"


def quoted(name: str) -> str:
    """Return an SQL identifier in quotes."""
    return '"' + name.replace('"', '""') + '"'


def _insert(table: str, columns: Iterable[str]) -> str:
    """Return the query whose rows are the INSERTs of a table; SQLite's own quote() writes the values."""
    names = [quoted(column) for column in columns]
    head = f"INSERT INTO {quoted(table)} ({', '.join(names)}) VALUES(".replace("'", "''")
    values = " || ',' || ".join(f"quote({name})" for name in names)
    return f"SELECT '{head}' || {values} || ');' AS line FROM {quoted(table)}"  # noqa: S608  # names are quoted


def _rows(runtime: Runtime, uuid: str, queries: list[str]) -> list[tuple[dict[str, Any], ...]]:
    if not queries:
        return []
    return [result.rows for result in runtime.d1(uuid, [Statement(query) for query in queries])]
