"""Replays migrations on a scratch SQLite, to say which of them a live schema proves (pure: memory only).

Schemas are compared by structure (columns, keys, indexes), not by text: an application that created its
tables at run time wrote other white space than the migration did.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from release.errors import CannotReadError
from release.scratch import ScratchError, run, scratch

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from release.model import Database, Migration, SchemaObject

Described = frozenset[str]


def prefixes_that_fit(migrations: tuple[Migration, ...], schema: tuple[SchemaObject, ...]) -> tuple[int, ...]:
    """How many of the first migrations give exactly this schema: all such counts, ascending, none of them 0.

    Several fit where a migration only changes data. Raises CannotReadError when a file or the schema cannot be replayed.
    """
    live = _described(schema)
    return tuple(count for count, made in enumerate(_replayed(migrations), 1) if made == live)


def differences(migrations: tuple[Migration, ...], schema: tuple[SchemaObject, ...]) -> tuple[str, ...]:
    """What tells the live schema from the nearest prefix of the migrations, in words; at most six."""
    live = _described(schema)
    made = min(_replayed(migrations), key=lambda one: len(one ^ live), default=frozenset())
    return _in_words(made, live)


def differences_after(migrations: tuple[Migration, ...], database: Database) -> tuple[str, ...]:
    """What tells the live schema from that of the migrations in its ledger, in words; none when they agree.

    Ledger entries that are no file of this commit (another branch's, or deleted ones) cannot be replayed:
    nothing is said then.
    """
    known = {migration.name: migration for migration in migrations}
    if not set(database.applied) <= set(known):
        return ()
    applied = tuple(known[name] for name in database.applied)
    expected = _replayed(applied)[-1] if applied else frozenset()
    return _in_words(expected, _described(database.schema))


@lru_cache(maxsize=8)
def _replayed(migrations: tuple[Migration, ...]) -> tuple[Described, ...]:
    connection = scratch()
    seen = []
    for migration in migrations:
        _run(connection, migration.sql.decode(errors="replace"), migration.name)
        seen.append(_describe(connection))
    return tuple(seen)


@lru_cache(maxsize=8)
def _described(schema: tuple[SchemaObject, ...]) -> Described:
    connection = scratch()
    virtual = [one.name for one in schema if one.sql.upper().startswith("CREATE VIRTUAL")]
    order = {"table": 0, "index": 1, "view": 2, "trigger": 3}
    for one in sorted(schema, key=lambda one: (order.get(one.kind, 4), one.name not in virtual)):
        is_shadow = any(one.name.startswith(f"{name}_") for name in virtual)
        if one.sql and not is_shadow:
            _run(connection, one.sql, f"the live {one.kind} {one.name}")
    return _describe(connection)


def _run(connection: apsw.Connection, sql: str, name: str) -> None:
    try:
        run(connection, sql)
    except ScratchError as error:
        raise CannotReadError(
            f"{name} cannot be replayed on a scratch SQLite: {error}.", "Look at the file."
        ) from None


def _describe(connection: apsw.Connection) -> Described:
    lines: set[str] = set()
    objects = list(
        connection.execute(
            "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    )
    for kind, name, table, sql in objects:
        if kind == "table" and name != "d1_migrations":
            lines |= set(_describe_table(connection, str(name), str(sql)))
        elif kind == "index" and table != "d1_migrations":
            lines.add(f"index {name} on {table}: {_folded(str(sql))}")
        elif kind in {"view", "trigger"}:
            lines.add(f"{kind} {name}: {_folded(str(sql))}")
    return frozenset(lines)


def _describe_table(connection: apsw.Connection, name: str, sql: str) -> Iterable[str]:
    quoted = name.replace('"', '""')
    yield f"table {name}{' strict' if _folded(sql).endswith('strict') else ''}"
    for column in connection.execute(f'PRAGMA table_xinfo("{quoted}")'):
        _, label, kind, notnull, default, key, hidden = column
        marks = [
            str(kind).upper(),
            "not null" if notnull else "",
            f"default {default}" if default is not None else "",
            f"key {key}" if key else "",
            f"hidden {hidden}" if hidden else "",
        ]
        yield f"column {name}.{label}: {' '.join(mark for mark in marks if mark)}"
    for key in connection.execute(f'PRAGMA foreign_key_list("{quoted}")'):
        yield f"foreign key {name}.{key[3]} -> {key[2]}.{key[4]} on update {key[5]} on delete {key[6]}"
    for index in connection.execute(f'PRAGMA index_list("{quoted}")'):
        if index[3] != "c":  # made by a UNIQUE or PRIMARY KEY, so it has no statement of its own
            columns = [str(row[2]) for row in connection.execute(f'PRAGMA index_info("{index[1]}")')]
            yield f"unique {name}({', '.join(columns)})"


def _folded(sql: str) -> str:
    return (
        re.sub(r"\s*([(),=<>])\s*", r"\1", re.sub(r"\s+", " ", sql.replace('"', "").replace("`", "")))
        .strip()
        .lower()
    )


def _in_words(expected: Described, live: Described, most: int = 6) -> tuple[str, ...]:
    words = [f"it lacks {line}" for line in sorted(expected - live)] + [
        f"it has {line}" for line in sorted(live - expected)
    ]
    return (*words[:most], f"and {len(words) - most} more") if len(words) > most else tuple(words)
