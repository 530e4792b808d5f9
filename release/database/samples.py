"""Sample rows of a scratch database: several a table, so unlike that whatever changes, loses or mixes up a value shows."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from release.database.columns import NOTHING, affinity
from release.database.seed import add, choices, parents_first, passing, silent
from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import apsw

    from release.database.seed import Choices, Value
    from release.database.shape import Column, ForeignKey, Schema, Table

# rows besides the plain one: unlike it, like it in all that need not be unique, with NULLs, with values that are
# easily changed (spaces, case, length), with those that are often taken for none, with values of another type than
# the declared one
SORTS = ("other", "twin", "sparse", "odd", "empty", "alien")
FIRST = (
    710_001  # no number that a migration is likely to write itself, and none of the one row that seed adds
)
_APART = 1000  # between the numbers of two rows
_TABLES = (9973, 10_000)  # between those of two tables
_PRECISE = 2**53 + 1  # no floating-point number is this one
_AHEAD = 1000  # an AUTOINCREMENT counter is ahead of the highest id where rows were deleted


def fill(connection: apsw.Connection, schema: Schema, sorts: Sequence[str]) -> None:
    """Add the sample rows to every table; triggers and foreign keys stay silent, and rows that do not fit are left out."""
    with silent(connection):
        for table in parents_first(dict(schema.tables)):
            for at, sort in enumerate(sorts):
                add(connection, table, sample(connection, table, sort, at), forced=sort == "plain")
        keep_defaults(connection, schema.tables.values())
        if counters(connection):
            connection.execute("UPDATE sqlite_sequence SET seq = seq + ?", (_AHEAD,))


def keep_defaults(connection: apsw.Connection, tables: Iterable[Table]) -> None:
    """Give each parent the row that the default of a child with SET DEFAULT names: without it the action is refused."""
    known = {table.name: table for table in tables}
    for table in known.values():
        for key in table.foreign_keys:
            parent, to = known.get(key.parent), _names(known, key)
            default = table.columns[key.columns[0]].default if len(key.columns) == len(to) == 1 else ""
            if parent and "SET DEFAULT" in {key.on_delete, key.on_update} and default not in NOTHING:
                _keep_default(connection, parent, to[0], default)


def _keep_default(connection: apsw.Connection, parent: Table, name: str, default: str) -> None:
    import apsw

    try:
        ((value,),) = connection.execute(f"SELECT {default}")
    except (apsw.Error, ValueError):
        return
    free = {one for key in parent.foreign_keys for one in key.columns}  # so that no action reaches it
    empty: dict[str, Value] = {one: None for one in free if not parent.columns[one].notnull}
    add_like(connection, parent, {**empty, name: value}, len(SORTS) + 1)


def add_like(connection: apsw.Connection, table: Table, values: Mapping[str, Value], at: int) -> None:
    """Add a sample row that holds these values, unless one that is there keeps it out."""
    row = sample(connection, table, "other", at)
    add(connection, table, {**row, **{name: one for name, one in values.items() if name in row}})


def sample(connection: apsw.Connection, table: Table, sort: str, at: int) -> dict[str, Value]:
    """The row number `at` of a table, of this sort; CHECKs let it pass where such a row is found."""
    is_twin = sort == "twin"
    unique = {name for one in table.uniques for name, _ in one.columns} | set(table.key)
    refers = _referring(connection, table, at)
    some: Choices = {}
    first = FIRST + zlib.crc32(table.name.encode()) % _TABLES[0] * _TABLES[1]
    for place, (name, column) in enumerate(table.columns.items()):
        if column.hidden:
            continue
        shared = is_twin and name not in unique
        number = first + (0 if shared else at * _APART) + place
        if name in refers and not shared:
            some[name] = (refers[name],)
        elif sort == "sparse" and not column.notnull and name not in table.key:
            some[name] = (None,)
        else:
            kept = choices(table, column, number)
            kept = (*kept[at % len(kept) :], *kept[: at % len(kept)]) if not shared and kept else kept
            some[name] = (*_preferred(table, column, number, "plain" if shared else sort), *kept)
    if is_twin:
        some |= {name: (one,) for name, one in _referring(connection, table, 0).items() if name not in unique}
    return passing(connection, table, some)


def _preferred(table: Table, column: Column, number: int, sort: str) -> tuple[Value, ...]:
    kind = affinity(column.kind)
    is_rowid = column.kind == "INTEGER" and table.key == (column.name,)
    if sort == "empty" and not is_rowid:
        found: Value = "" if kind == "TEXT" or table.virtual else b"" if kind == "BLOB" else 0
    elif sort == "alien" and not is_rowid and not table.strict:
        found = b"\x00\xff%d" % number if kind in {"TEXT", "REAL", "NUMERIC"} else f"x{number}"
    elif kind == "TEXT" or table.virtual:
        found = {"other": f"00{number}", "odd": f"  \u00c4 {number} \u2603\n{'Long and lengthy ' * 20} "}.get(
            sort, f"Text {number}"
        )
    elif kind == "INTEGER":
        found = (
            _PRECISE + 2 * number
            if sort == "other"
            else -number
            if sort == "odd" and not is_rowid
            else number
        )
    elif kind == "BLOB":
        found = b"\x00\xfe%d" % number
    else:
        found = number + (0.123456789 if sort != "odd" else 0.987654321)
    return (found,)


def _referring(connection: apsw.Connection, table: Table, at: int) -> dict[str, Value]:
    """What the row number `at` names in other tables, or in an earlier row of its own."""
    import apsw

    found: dict[str, Value] = {}
    for key in table.foreign_keys:
        try:
            to = key.to or tuple(
                str(row[1])
                for row in connection.execute(f"PRAGMA table_info({quoted(key.parent)})")
                if row[5]
            )
            names = ", ".join(quoted(name) for name in to)
            rows = connection.execute(f"SELECT {names} FROM {quoted(key.parent)} LIMIT 20").fetchall()  # noqa: S608
        except apsw.Error:
            continue
        if rows:
            found |= dict(zip(key.columns, rows[at % len(rows)], strict=False))
        elif key.parent == table.name:
            found |= dict.fromkeys(name for name in key.columns if not table.columns[name].notnull)
    return found


def _names(known: Mapping[str, Table], key: ForeignKey) -> tuple[str, ...]:
    """The columns of the parent that a foreign key names."""
    return key.to or (known[key.parent].key if key.parent in known else ())


def counters(connection: apsw.Connection) -> dict[str, int]:
    """The highest id that each AUTOINCREMENT table has given."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'").fetchone():
        return {}
    return {
        str(name).lower(): seq for name, seq in connection.execute("SELECT name, seq FROM sqlite_sequence")
    }
