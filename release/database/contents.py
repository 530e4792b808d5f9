"""What the released tables should hold while a file runs, and in what they differ from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import apsw

    from release.database.seed import Value
    from release.database.shape import Schema, Table

Row = dict[str, "Value"]
Cell = tuple[str, "Value"]  # with its type: 1, 1.0 and '1' are three values
Identity = tuple[Cell, ...]
Faults = dict[tuple[str, str], "Fault"]  # by table and column; "" for the rows


@dataclass(frozen=True)
class Fault:
    """A difference that no statement names: rows that are missing, or a column's values; `example` is one of them."""

    kind: Literal["all gone", "gone", "mixed", "null", "default", "other"]
    example: tuple[Value, Value] | None = None


@dataclass(frozen=True)
class Named:
    """What a statement does by itself, without triggers and foreign keys: to which rows and columns of one table.

    `touched` are the rows that it writes, also those that it leaves as they are.
    """

    table: str
    verb: Literal["insert", "update", "delete"]
    columns: frozenset[str] = frozenset()
    before: Mapping[Identity, Row] = field(default_factory=dict)
    after: Mapping[Identity, Row] = field(default_factory=dict)
    touched: frozenset[Identity] = frozenset()

    @property
    def removed(self) -> Iterator[Row]:
        """The rows that it means to take out."""
        gone = self.before.keys() - self.after.keys()
        is_meant = self.verb == "delete" or (self.verb == "update" and len(self.before) == len(self.after))
        return (self.before[one] for one in gone if is_meant)

    @property
    def changed(self) -> Iterator[tuple[Identity, Row, Row]]:
        """The rows that it means to change, before and after."""
        both = self.before.keys() & self.after.keys()
        return (
            (one, self.before[one], self.after[one]) for one in both if self.before[one] != self.after[one]
        )


class Contents:
    """The rows of some released tables as they should be: as they were, and as statements change them by name."""

    def __init__(
        self, connection: apsw.Connection, released: Schema, now: Schema, names: Iterable[str]
    ) -> None:
        self._connection = connection
        self._tables = {name: now.tables[name] for name in sorted(names) if name in now.tables}
        self._columns = {name: _held(table, released) for name, table in self._tables.items()}
        self._rows = {name: read(connection, name, self._columns[name]) for name in self._tables}

    def expect(self, named: Named) -> None:
        """Take over what a statement does by name."""
        rows = self._rows.get(named.table)
        if not rows:
            return
        for row in named.removed:
            place = self._place(named.table, row)
            if place is not None:
                del rows[place]
        for _, old, new in named.changed:
            self.change(named.table, old, {name: new[name] for name in named.columns if name in new})

    def change(self, table: str, row: Row, values: Row) -> None:
        """Take over other values of the row that is this one."""
        place = self._place(table, row)
        if place is not None:
            self._rows[table][place] |= {
                name: one for name, one in values.items() if name in self._columns[table]
            }

    def faults(self, now: Schema) -> Faults:
        """In what the tables that are there differ from what they should hold."""
        found: Faults = {}
        for name, rows in self._rows.items():
            after = now.tables.get(name)
            columns = tuple(one for one in self._columns[name] if after and one in after.columns)
            if after is None or not rows or not columns:
                continue
            there = read(self._connection, name, columns)
            if after.virtual or not there:
                found |= {} if there else {(name, ""): Fault("all gone")}
            elif (key := self._tables[name].key) and set(key) <= set(columns):
                found |= dict(self._by_key(after, key, columns, there))
            else:
                found |= dict(self._by_value(after, columns, there))
        return found

    def _by_key(
        self, after: Table, key: tuple[str, ...], columns: tuple[str, ...], there: list[Row]
    ) -> Iterator[tuple[tuple[str, str], Fault]]:
        known = {identity(row, key): row for row in there}
        pairs = [(row, known.get(identity(row, key))) for row in self._rows[after.name]]
        lasting = [(old, new) for old, new in pairs if new is not None]
        if len(lasting) < len(pairs):
            yield (after.name, ""), Fault("gone" if lasting else "all gone")
        for name in columns:
            cells = [(old[name], new[name]) for old, new in lasting if not _same(old[name], new[name])]
            if cells:
                yield (after.name, name), self._fault(after, name, cells)

    def _by_value(
        self, after: Table, columns: tuple[str, ...], there: list[Row]
    ) -> Iterator[tuple[tuple[str, str], Fault]]:
        rows = self._rows[after.name]
        missing = _counted(rows, columns) - _counted(there, columns)
        if not missing:
            return
        if len(there) < len(rows):
            yield (after.name, ""), Fault("gone")
            return
        told = False
        for name in columns:
            lost = _counted(rows, (name,)) - _counted(there, (name,))
            if lost:
                told = True
                fresh = [*(_counted(there, (name,)) - _counted(rows, (name,)))]
                cells = [(old[0][1], new[0][1]) for old, new in zip(sorted(lost), fresh, strict=False)]
                yield (after.name, name), self._fault(after, name, cells)
        if not told:
            yield (after.name, ""), Fault("mixed")

    def _fault(self, table: Table, name: str, cells: list[tuple[Value, Value]]) -> Fault:
        values = [new for _, new in cells]
        if not any(one is not None for one in values):
            return Fault("null")
        default = _default(self._connection, table, name)
        if default is not None and all(one == default for one in values):
            return Fault("default")
        brief = min(cells, key=lambda one: len(repr(one)))
        return Fault("other", brief)

    def _place(self, table: str, row: Row) -> int | None:
        """Which of the rows that should be there this one is."""
        if table not in self._rows:
            return None
        key = self._tables[table].key
        by = key if key and set(key) <= row.keys() & set(self._columns[table]) else self._columns[table]
        by = tuple(name for name in by if name in row)
        wanted = identity(row, by)
        places = (at for at, one in enumerate(self._rows[table]) if identity(one, by) == wanted)
        return next(places, None)


def read(connection: apsw.Connection, name: str, columns: Iterable[str]) -> list[Row]:
    """The rows of a table; none where it cannot be read."""
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in _rows(connection, name, names)]


def identified(connection: apsw.Connection, table: Table) -> dict[Identity, Row]:
    """The rows of a table by its key, or by their own number where it has none."""
    columns = tuple(name for name, one in table.columns.items() if one.hidden != 1)
    if table.key and not table.virtual:
        return {identity(row, table.key): row for row in read(connection, table.name, columns)}
    rows = _rows(connection, table.name, ("rowid", *columns))
    return {(_cell(row[0]),): dict(zip(columns, row[1:], strict=True)) for row in rows}


def numbered(connection: apsw.Connection, table: Table, numbers: set[int]) -> frozenset[Identity]:
    """The identities of the rows with these numbers of SQLite's own; none where a table's rows have no number."""
    if table.key and not table.virtual:
        rows = [] if table.without_rowid else _rows(connection, table.name, ("rowid", *table.key))
        return frozenset(tuple(map(_cell, row[1:])) for row in rows if row[0] in numbers)
    return frozenset((_cell(one),) for one in numbers)


def _rows(connection: apsw.Connection, name: str, columns: tuple[str, ...]) -> list[tuple[Value, ...]]:
    import apsw

    # with its table before it: SQLite takes a quoted name that no column has for a text
    spelled = [f"{quoted(name)}.{quoted(column)}" for column in columns]
    try:
        return connection.execute(f"SELECT {', '.join(spelled)} FROM {quoted(name)}").fetchall()  # noqa: S608 - names
    except apsw.Error:
        return []
    except UnicodeDecodeError:  # a BLOB that was cast to a text need not be UTF-8
        cells = ", ".join(
            f"typeof({one}), iif(typeof({one}) = 'text', CAST({one} AS BLOB), {one})" for one in spelled
        )
        found = connection.execute(f"SELECT {cells} FROM {quoted(name)}").fetchall()  # noqa: S608 - names
        return [tuple(map(_decoded, row[::2], row[1::2])) for row in found]


def _decoded(kind: Value, value: Value) -> Value:
    return value.decode(errors="surrogateescape") if kind == "text" and isinstance(value, bytes) else value


def identity(row: Row, columns: Iterable[str]) -> Identity:
    """The values of some columns, with their types."""
    return tuple(_cell(row[name]) for name in columns)


def _held(table: Table, released: Schema) -> tuple[str, ...]:
    """The columns whose values somebody wrote, of those that the last release had."""
    known = released.tables[table.name].columns if table.name in released.tables else {}
    return tuple(name for name, one in table.columns.items() if name in known and not one.hidden)


def _default(connection: apsw.Connection, table: Table, name: str) -> Value:
    import apsw

    try:
        found = connection.execute(f"SELECT {table.columns[name].default or 'NULL'}").fetchall()
    except apsw.Error:
        return None
    value: Value = found[0][0]
    return value


def _counted(rows: list[Row], columns: tuple[str, ...]) -> Counter[Identity]:
    return Counter(identity(row, columns) for row in rows)


def _same(one: Value, other: Value) -> bool:
    return _cell(one) == _cell(other)


def _cell(value: Value) -> Cell:
    return (type(value).__name__, value)
