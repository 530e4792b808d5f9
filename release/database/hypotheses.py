"""What a statement on data would do to other rows if it met those that a sample lacks: it names keys of production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.losses import ACTIONS
from release.database.samples import add_like, sample
from release.database.seed import insert, silent
from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from release.database.contents import Named, Row
    from release.database.seed import Value
    from release.database.shape import ForeignKey, Schema, Table, Unique, View

Query = tuple[str, tuple["Value", ...]]
_MOST = 8  # rows that are tried
_FRESH = 50  # the number of the first row that is made here; the sample's own are below
_MOVED = "CASE WHEN typeof({0}) IN ('integer', 'real') THEN {0} + 5000000 WHEN typeof({0}) = 'text' THEN {0} || '~' ELSE {0} END"


def hypotheses(
    schema: Schema, named: Named, words: tuple[str, ...], connection: apsw.Connection, *, replaces: bool
) -> Iterator[Query]:
    """Statements of the same kind on rows of the sample, where a trigger, a foreign key or REPLACE may act on others."""
    table = schema.tables.get(named.table)
    if named.table in schema.views and "where" in words:
        yield _of_view(schema.views[named.table], named.verb)
    if table is None or table.virtual:
        return
    if replaces and named.verb == "update":
        yield from _clashes(table, named)
    if not acts(schema, table.name):
        return
    if named.verb == "insert" and len(named.before) == len(named.after):
        row = sample(connection, table, "other", _FRESH)
        yield insert(table, {name: one for name, one in row.items() if name in named.columns})
    elif "where" in words:
        yield from _of_others(table, named)


def _of_others(table: Table, named: Named) -> Iterator[Query]:
    """A DELETE of each row of the sample by itself, or an UPDATE of all of them, column by column."""
    if named.verb == "delete":
        for row in [*named.before.values()][:_MOST]:
            condition, values = _this(table, row)
            yield f"DELETE FROM {quoted(table.name)} WHERE {condition}", values  # noqa: S608 - names are quoted
    elif named.verb == "update":
        for name in sorted(named.columns):
            moved = _MOVED.format(quoted(name))
            yield f"UPDATE {quoted(table.name)} SET {quoted(name)} = {moved}", ()  # noqa: S608 - names are quoted


def _of_view(view: View, verb: str) -> Query:
    """A write of all rows of a view that leaves its own values as they are: what its INSTEAD OF triggers do besides."""
    if verb == "delete" or not view.columns:
        return f"DELETE FROM {quoted(view.name)}", ()  # noqa: S608 - a name
    same = ", ".join(f"{quoted(name)} = {quoted(name)}" for name in view.columns)
    return f"UPDATE {quoted(view.name)} SET {same}", ()  # noqa: S608 - names


def _clashes(table: Table, named: Named) -> Iterator[Query]:
    """One row of the sample gets what another has where that must be unique."""
    rows = [*named.before.values()][:2]
    for unique in sorted(table.uniques, key=str):
        columns = [name for name, _ in unique.columns if name in table.columns]
        if len(rows) > 1 and named.columns & {*columns}:
            one, other = rows
            condition, key = _this(table, one)
            values = ", ".join(f"{quoted(name)} = ?" for name in columns)
            query = f"UPDATE OR REPLACE {quoted(table.name)} SET {values} WHERE {condition}"  # noqa: S608 - names
            yield query, (*(other[name] for name in columns), *key)


def _this(table: Table, row: Row) -> Query:
    """A condition that is true of this row, and its values."""
    by = table.key or tuple(name for name, one in table.columns.items() if not one.hidden)
    return " AND ".join(f"{quoted(name)} IS ?" for name in by), tuple(row[name] for name in by)


def acts(schema: Schema, table: str) -> bool:
    """Whether a write of this table may do something to others, or to other rows of it."""
    if any(one.on == table for one in schema.triggers.values()):
        return True
    return any(
        key.parent == table for one in schema.tables.values() for key in one.foreign_keys if _is_active(key)
    )


def plant(connection: apsw.Connection, schema: Schema, table: Table, named: Named, unique: Unique) -> None:
    """Put rows where an INSERT has put its own, alike in one unique thing, and rows that refer to them."""
    fresh = [row for one, row in named.after.items() if named.before.get(one) != row][:_MOST]
    with silent(connection):
        for row in fresh:
            condition, held = _this(table, row)
            connection.execute(f"DELETE FROM {quoted(table.name)} WHERE {condition}", held)  # noqa: S608 - names
        for at, row in enumerate(fresh):
            values = {name: row[name] for name, _ in unique.columns if name in row}
            add_like(connection, table, values, _FRESH + at)
        _follow(connection, schema, table)


def _follow(connection: apsw.Connection, schema: Schema, table: Table) -> None:
    """Give the rows of a table others that refer to them, and those others too, level by level."""
    ahead, seen = [table], {table.name}
    while ahead:
        parent = ahead.pop(0)
        for child, key in _followers(schema, parent):
            _refer(connection, child, key, parent)
            ahead += [child] if child.name not in seen else []
            seen.add(child.name)


def _followers(schema: Schema, parent: Table) -> Iterator[tuple[Table, ForeignKey]]:
    """The tables with a foreign key that acts when a row of this one goes or changes."""
    for child in schema.tables.values():
        for key in sorted(child.foreign_keys, key=str):
            if key.parent == parent.name and _is_active(key):
                yield child, key


def _refer(connection: apsw.Connection, child: Table, key: ForeignKey, parent: Table) -> None:
    to = key.to or parent.key
    names = ", ".join(quoted(name) for name in to)
    rows = connection.execute(f"SELECT {names} FROM {quoted(parent.name)}").fetchall()  # noqa: S608 - names
    for at, row in enumerate(rows):
        add_like(connection, child, dict(zip(key.columns, row, strict=False)), _FRESH + at)


def _is_active(key: ForeignKey) -> bool:
    return bool({key.on_delete, key.on_update} & ACTIONS)
