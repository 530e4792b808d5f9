"""One row a table on a scratch database: what a migration finds there, and what old code would write."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING

from release.database.columns import affinity
from release.database.shape import quoted
from release.formats.sql import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import apsw

    from release.database.shape import Column, ForeignKey, Table

Value = int | float | str | bytes | None
Choices = dict[str, tuple[Value, ...]]  # values of each column, the preferred first
_TEXTS = (
    "aa",
    "a@b.example",
    "{}",
    "[]",
    "2026-01-01T00:00:00Z",
    "2026-01-01",
    "#000000",
    "https://a.example/a",
    "/a",
    "a" * 40,
    "a" * 64,
    "00000000-0000-4000-8000-000000000000",
)
_NUMBERS = (1, 0, 2, 10, 100, 1000, -1, 0.5)
_MOST_TRIES = 400
_KEY = (
    700_001  # no number that a migration is likely to write itself: rows of its own must find their keys free
)
_APART = 10_000  # between the numbers of two columns: no two of a row are alike


def seed(connection: apsw.Connection, tables: Iterable[Table]) -> frozenset[str]:
    """Give each of these tables a row if it has none and takes one; triggers and foreign keys stay silent.

    The names of those that had none are returned.
    """
    empty = [table for table in tables if _is_empty(connection, table)]
    if empty:
        with silent(connection):
            for table in parents_first({table.name: table for table in empty}):
                _insert(connection, table)
    return frozenset(table.name for table in empty)


@contextlib.contextmanager
def silent(connection: apsw.Connection) -> Iterator[None]:
    """Statements do what they name and no more, also inside a transaction: no trigger, no foreign key."""
    import apsw

    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 0)
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    try:
        yield
    finally:
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_FKEY, 1)


def row(connection: apsw.Connection, table: Table, number: int, *, odd: bool = False) -> dict[str, Value]:
    """A row that the table's CHECKs let pass where one is found: numbers count from `number`; `odd` texts are no JSON."""
    referred = {
        name: value for key in table.foreign_keys for name, value in _referred(connection, key).items()
    }
    names = {str(name).lower() for (name,) in connection.execute("SELECT name FROM sqlite_schema")}
    some = {
        column.name: (referred[column.name],)
        if column.name in referred
        else choices(
            table, column, number + (0 if _is_a_key(table, column, names) else place * _APART), odd=odd
        )
        for place, column in enumerate(table.columns.values())
        if not column.hidden
    }
    return passing(connection, table, some)


def _is_a_key(table: Table, column: Column, names: set[str]) -> bool:
    """Whether a column holds a row's number: its own, or by its name that of a row of another table."""
    stem = column.name.removesuffix("_id")
    return column.name in table.key or column.name.endswith("id") or bool({stem, f"{stem}s"} & names)


def insert(table: Table, values: dict[str, Value], more: str = "") -> tuple[str, tuple[Value, ...]]:
    """An INSERT with a column list, and its values."""
    if not values:
        return f"INSERT INTO {quoted(table.name)} DEFAULT VALUES", ()
    names = ", ".join(quoted(name) for name in values)
    marks = ", ".join("?" * len(values))
    return f"INSERT INTO {quoted(table.name)} ({names}) VALUES ({marks}){more}", tuple(values.values())  # noqa: S608


def _insert(connection: apsw.Connection, table: Table) -> None:
    add(connection, table, row(connection, table, _KEY), forced=True)


def add(connection: apsw.Connection, table: Table, values: dict[str, Value], *, forced: bool = False) -> None:
    """Insert a row if the table takes it; `forced` past its CHECKs where they refuse it."""
    import apsw

    statement = insert(table, values)
    for bypass in ("OFF", "ON") if forced else ("OFF",):
        connection.execute(f"PRAGMA ignore_check_constraints = {bypass}")
        try:
            connection.execute(*statement)
        except apsw.Error:
            continue
        break
    connection.execute("PRAGMA ignore_check_constraints = OFF")


def _is_empty(connection: apsw.Connection, table: Table) -> bool:
    import apsw

    try:
        found = connection.execute(f"SELECT 1 FROM {quoted(table.name)} LIMIT 1").fetchone()  # noqa: S608 - a name
    except apsw.Error:
        return False
    return found is None


def parents_first(left: dict[str, Table]) -> Iterator[Table]:
    """The tables, each behind those that it refers to."""
    while left:
        ready = [
            table
            for table in left.values()
            if all(key.parent == table.name or key.parent not in left for key in table.foreign_keys)
        ]
        for table in ready or [next(iter(left.values()))]:  # a ring of references: begin anywhere
            del left[table.name]
            yield table


def _referred(connection: apsw.Connection, key: ForeignKey) -> dict[str, Value]:
    import apsw

    try:
        to = key.to or tuple(
            str(one[1]) for one in connection.execute(f"PRAGMA table_info({quoted(key.parent)})") if one[5]
        )
        names = ", ".join(quoted(name) for name in to)
        found = connection.execute(f"SELECT {names} FROM {quoted(key.parent)} LIMIT 1").fetchone()  # noqa: S608
    except apsw.Error:
        return {}
    return dict(zip(key.columns, found, strict=False)) if found else {}


def choices(table: Table, column: Column, number: int, *, odd: bool = False) -> tuple[Value, ...]:
    """Values that a column may take, those that its CHECKs name first."""
    return tuple(_choices(table, column, number, odd=odd))


def _choices(table: Table, column: Column, number: int, *, odd: bool) -> Iterator[Value]:
    kind = affinity(column.kind)
    numbered = column.kind == "INTEGER" and table.key == (column.name,)
    if not numbered:
        yield from _literals(table, column.name)
    if odd and not numbered and (kind == "TEXT" or column.kind == "ANY" or not table.strict):
        yield from (f"a{number}", "x", "xy")  # SQLite takes a text in any column, and these are no JSON
    if kind == "TEXT" or table.virtual:
        yield str(number)
        yield from _TEXTS
    elif kind == "BLOB" and column.kind:
        yield str(number).encode()
        yield from (b"a", *_TEXTS)
    elif kind == "BLOB":
        yield from (str(number), number, *_TEXTS, *_NUMBERS)
    else:
        yield from (number, *_NUMBERS, *_TEXTS)


def _literals(table: Table, name: str) -> Iterator[Value]:
    """The values that the CHECKs of a column name."""
    named = (tokens(check) for check in table.checks)
    return (value for words in named if name in words for word in words for value in _literal(word))


def _literal(word: str) -> Iterator[Value]:
    if word.startswith("'"):
        yield word[1:-1].replace("''", "'")
    elif word.isdigit() and len(word) < 18:  # noqa: PLR2004 - SQLite's own integers
        yield int(word)


def passing(connection: apsw.Connection, table: Table, some: Choices) -> dict[str, Value]:
    """The first choice of each column, changed where a CHECK does not let it pass."""
    chosen = {name: _first(connection, table, name, each) for name, each in some.items()}
    for check in table.checks:
        names = [name for name in some if name in tokens(check)]
        if len(names) > 1 and not _holds(connection, table, check, chosen):
            tries = itertools.product(*(some[name] for name in names))
            tried = ({**chosen, **dict(zip(names, one, strict=True))} for one in tries)
            few = itertools.islice(tried, _MOST_TRIES)
            chosen = next((one for one in few if _holds(connection, table, check, one)), chosen)
    return chosen


def _first(connection: apsw.Connection, table: Table, name: str, choices: tuple[Value, ...]) -> Value:
    checks = [one for one in table.checks if {name} == set(tokens(one)) & set(table.columns)]
    passing = (
        value for value in choices if all(_holds(connection, table, one, {name: value}) for one in checks)
    )
    return next(passing, choices[0] if choices else None)


def _holds(connection: apsw.Connection, table: Table, check: str, values: dict[str, Value]) -> bool:
    import apsw

    spelled = " ".join(quoted(word) if word in table.columns else word for word in tokens(check))
    columns = ", ".join(f"? AS {quoted(name)}" for name in values)
    try:
        found = connection.execute(f"SELECT {spelled} FROM (SELECT {columns})", tuple(values.values()))  # noqa: S608
        return found.fetchone() != (0,)
    except apsw.Error:
        return True  # only the insert itself can say
