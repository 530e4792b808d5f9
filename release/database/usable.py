"""Views and triggers that SQLite takes as they are and refuses when they are used, and defaults that D1 does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database import d1
from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from release.database.shape import Schema


def unusable(connection: apsw.Connection, before: Schema, now: Schema) -> tuple[str, ...]:
    """What is new or other since `before` and cannot be used, with SQLite's reason; nothing is run for it."""
    return tuple(dict.fromkeys(_faults(connection, before, now)))


def unknown_default(connection: apsw.Connection, before: Schema, now: Schema) -> str:
    """A new table whose default calls a function that is not there: SQLite takes it, and D1 refuses it at once."""
    for name, table in now.tables.items():
        if before.tables.get(name) is not table and not table.virtual:
            error = _error(connection, f"INSERT INTO {quoted(name)} DEFAULT VALUES", triggers=False)
            if "function" in error:
                return f"D1 refuses table {name}, whose default calls an {error}"
    return ""


def _faults(connection: apsw.Connection, before: Schema, now: Schema) -> Iterator[str]:
    for name, view in now.views.items():
        query = f"SELECT * FROM {quoted(name)}"  # noqa: S608 - a name
        if before.views.get(name) != view and (error := _error(connection, query)):
            yield f"view {name} cannot be read: {error}"
    for name, trigger in now.triggers.items():
        if before.triggers.get(name) == trigger or not now.has(trigger.on):
            continue
        for query in _firing(trigger.on, now):
            error = _error(connection, query)
            if error and not _error(connection, query, triggers=False):
                yield f"trigger {name} fails when it runs: {error}"
                break


def _firing(name: str, schema: Schema) -> Iterator[str]:
    """A write of each kind."""
    spelled = quoted(name)
    is_view = name in schema.views
    columns = (
        schema.views[name].columns
        if is_view
        else tuple(one.name for one in schema.tables[name].columns.values() if not one.hidden)
    )
    yield f"DELETE FROM {spelled}"  # noqa: S608 - names
    if columns:
        names = ", ".join(map(quoted, columns))
        yield f"INSERT INTO {spelled} ({names}) VALUES ({', '.join(['NULL'] * len(columns))})"  # noqa: S608 - names
        yield f"UPDATE {spelled} SET {', '.join(f'{quoted(one)} = {quoted(one)}' for one in columns)}"  # noqa: S608


def _error(connection: apsw.Connection, query: str, *, triggers: bool = True) -> str:
    """Why a query cannot be prepared, by D1's refusals too; nothing where it can."""
    import apsw

    watch = d1.Watch()
    connection.authorizer = watch
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, int(triggers))
    try:
        connection.execute(f"EXPLAIN {query}").fetchall()
    except apsw.Error as error:
        return f"D1 lacks {watch.refused}" if watch.refused else str(error)
    finally:
        connection.authorizer = None
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
    return ""
