"""Reads a schema from a scratch database, by SQLite's own PRAGMAs and, where they say nothing, by its statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.database.shape import Column, ForeignKey, Schema, Table, Trigger, Unique, View, quoted
from release.formats.sql import enclosed, parts, tokens
from release.formats.wrangler_migrations import LEDGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    import apsw

_ROWS = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE tbl_name <> ? COLLATE NOCASE"
_NO_COLUMN = frozenset({"constraint", "primary", "unique", "check", "foreign"})


class Reader:
    """Reads schemas of one connection; only what another statement has made since is read again."""

    def __init__(self, connection: apsw.Connection, ledger: str = LEDGER) -> None:
        self._connection = connection
        self._ledger = ledger
        self._version = -1
        self._rows: frozenset[tuple[Any, ...]] = frozenset()
        self._schema = Schema()

    def read(self) -> tuple[Schema, frozenset[str]]:
        """The schema as it is now, and the tables and views of which something is other than at the last reading.

        The ledger, SQLite's own tables and the shadows of virtual ones are left out.
        """
        (version,) = self._connection.execute("PRAGMA main.schema_version").fetchone() or (-1,)
        if version == self._version:  # SQLite counts every change: CREATE IF NOT EXISTS is often none
            return self._schema, frozenset()
        self._version = version
        rows = frozenset(self._connection.execute(_ROWS, (self._ledger,)))
        moved = {str(row[2]) for row in rows ^ self._rows}
        if moved:
            kinds = {kind for kind, *_ in rows}
            views, triggers = self._views(rows), self._schema.triggers
            if "trigger" in kinds or triggers:
                triggers = {one.name: one for one in map(self._trigger, rows) if one}
            self._schema = Schema(self._tables(rows, moved), views, triggers)
            self._rows = rows
        return self._schema, frozenset(name.lower() for name in moved)

    def _tables(self, rows: frozenset[tuple[Any, ...]], moved: set[str]) -> dict[str, Table]:
        tables = dict(self._schema.tables.items())
        for name in moved:
            tables.pop(name.lower(), None)
        indexes: dict[str, dict[str, str | None]] = {name: {} for name in moved}
        near = [row for row in rows if row[2] in moved]
        for kind, name, table, sql in near:
            if kind == "index":
                indexes[table][str(name)] = sql
        for kind, name, _, sql in near:
            if kind == "table" and not str(name).lower().startswith("sqlite_"):
                (listed,) = self._connection.execute(f"PRAGMA main.table_list({quoted(str(name))})")
                if listed[2] != "shadow":
                    words, strict = tokens(str(sql)), bool(listed[5])
                    one = _described(self._connection, str(name), words, indexes[name], strict=strict)
                    tables[one.name] = one
        return tables

    def _trigger(self, row: tuple[Any, ...]) -> Trigger | None:
        kind, name, on, sql = row
        if kind != "trigger":
            return None
        known = self._schema.triggers.get(str(name).lower()) if row in self._rows else None
        return known or Trigger(str(name).lower(), str(on).lower(), tokens(str(sql)))

    def _views(self, rows: frozenset[tuple[Any, ...]]) -> dict[str, View]:
        found = (self._view(str(name), str(sql)) for kind, name, _, sql in rows if kind == "view")
        return {view.name: view for view in found}

    def _view(self, name: str, sql: str) -> View:
        import apsw

        try:
            rows = list(self._connection.execute(f"PRAGMA table_xinfo({quoted(name)})"))
        except apsw.Error:
            rows = []
        return View(name.lower(), tuple(str(row[1]).lower() for row in rows), " ".join(tokens(sql)))


def _described(
    connection: apsw.Connection,
    name: str,
    words: tuple[str, ...],
    indexes: Mapping[str, str | None],
    *,
    strict: bool,
) -> Table:
    is_virtual = words[:2] == ("create", "virtual")
    definitions = {} if is_virtual else _definitions(words)
    columns: dict[str, Column] = {}
    for _, label, kind, notnull, default, key, hidden in connection.execute(
        f"PRAGMA table_xinfo({quoted(name)})"
    ):
        low = str(label).lower()
        collation = "" if is_virtual else connection.column_metadata("main", name, str(label))[1]
        folded = " ".join(tokens(str(default))) if default is not None else ""
        made = _made(definitions.get(low, ())) if hidden in {2, 3} else ""
        columns[low] = Column(
            low, str(kind).upper(), bool(notnull), folded, int(key), int(hidden), collation.upper(), made
        )
    without_rowid = not is_virtual and "without" in words[-4:] and "rowid" in words[-3:]
    return Table(
        name.lower(),
        columns,
        frozenset(_uniques(connection, name, indexes, columns)),
        frozenset((label.lower(), " ".join(tokens(sql))) for label, sql in indexes.items() if sql),
        frozenset(_foreign_keys(connection, name)),
        () if is_virtual else tuple(_checks(words)),
        strict,
        without_rowid,
        " ".join(words[words.index("using") + 1 :]) if is_virtual else "",
    )


def _definitions(words: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Each column's part of the CREATE TABLE statement."""
    if "(" not in words:
        return {}
    pieces = parts(enclosed(words, words.index("(")))
    return {piece[0]: piece[1:] for piece in pieces if piece and piece[0] not in _NO_COLUMN}


def _made(definition: tuple[str, ...]) -> str:
    for place, word in enumerate(definition[:-1]):
        if word == "as" and definition[place + 1] == "(":
            return " ".join(enclosed(definition, place + 1))
    return ""


def _checks(words: tuple[str, ...]) -> list[str]:
    return [
        " ".join(enclosed(words, place + 1))
        for place, word in enumerate(words[:-1])
        if word == "check" and words[place + 1] == "("
    ]


def _uniques(
    connection: apsw.Connection, name: str, indexes: Mapping[str, str | None], columns: Mapping[str, Column]
) -> list[Unique]:
    found = []
    has_key = False
    for _, label, unique, origin, *_ in list(connection.execute(f"PRAGMA index_list({quoted(name)})")):
        has_key = has_key or origin == "pk"
        if unique:
            words = tokens(indexes.get(str(label)) or "")
            pieces = _indexed(words)
            rows = connection.execute(f"PRAGMA index_xinfo({quoted(str(label))})")
            keyed = [(row[2], str(row[4])) for row in rows if row[5]]
            spelled = tuple(
                (str(column).lower() if column is not None else " ".join(pieces[place]), collation.upper())
                for place, (column, collation) in enumerate(keyed)
            )
            found.append(Unique(spelled, _condition(words)))
    key = sorted((column.key, column.name) for column in columns.values() if column.key)
    if key and not has_key:  # INTEGER PRIMARY KEY is the rowid and has no index
        found.append(Unique(tuple((label, columns[label].collation) for _, label in key)))
    return found


def _indexed(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    return list(parts(enclosed(words, words.index("(")))) if "(" in words else []


def _condition(words: tuple[str, ...]) -> str:
    if "(" not in words:
        return ""
    after = words[words.index("(") + len(enclosed(words, words.index("("))) + 2 :]
    return " ".join(after[1:]) if after[:1] == ("where",) else ""


def _foreign_keys(connection: apsw.Connection, name: str) -> list[ForeignKey]:
    grouped: dict[int, list[tuple[Any, ...]]] = {}
    for row in connection.execute(f"PRAGMA foreign_key_list({quoted(name)})"):
        grouped.setdefault(row[0], []).append(row)
    return [
        ForeignKey(
            tuple(str(row[3]).lower() for row in rows),
            str(rows[0][2]).lower(),
            tuple(str(row[4]).lower() for row in rows if row[4] is not None),
            str(rows[0][5]),
            str(rows[0][6]),
        )
        for rows in grouped.values()
    ]
