"""What an environment really holds, for a stage that is to be like it: schema, ledger, some rows, and what its workers bind.

It is read alone: GETs, and one bounded SELECT a table. Never an export, which makes a database unavailable and refuses FTS5.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import msgspec

from release.observe.migrations import d1_at
from release.systems.ops import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from release.config import Config
    from release.model.deployment import SchemaObject
    from release.systems.ops import Ops


class Content(msgspec.Struct, frozen=True):
    """A database: the statements that make it, and how many rows were left out since what they refer to was."""

    name: str
    statements: tuple[str, ...]
    rows: int = 0
    left_out: int = 0


class Bound(msgspec.Struct, frozen=True):
    """What a script serves: its mark, and its bindings as the API shows them, secrets by their names."""

    script: str
    tag: str
    bindings: tuple[dict[str, Any], ...]


class Likeness(msgspec.Struct, frozen=True):
    """An environment at one moment. `secrets` are values for the stage, by script and name; `dummies` those that are none."""

    environment: str
    databases: tuple[Content, ...] = ()
    scripts: tuple[Bound, ...] = ()
    secrets: dict[str, dict[str, str]] = {}
    dummies: tuple[str, ...] = ()


def read(
    config: Config, environment: str, environ: Mapping[str, str], rows: int, say: Callable[[str], None]
) -> Likeness:
    """The environment, with at most `rows` rows of each table. Raises CannotReadError, UsageError without a token."""
    ops = connect(config, environment, environ)
    try:
        databases = []
        for one in config.databases:
            name, table = d1_at(ops, "HEAD", one)
            say(f"reading {name} of {environment}: schema, ledger and at most {rows} rows of each table")
            databases.append(_content(ops, name, table, rows))
        scripts = [config.placed(worker.name, environment).script for worker in config.workers]
        bound = [found for script in scripts if (found := _bound(ops, script)) is not None]
        return Likeness(environment, tuple(databases), tuple(bound))
    finally:
        ops.close()


def _bound(ops: Ops, script: str) -> Bound | None:
    live = ops.cloudflare.live(script)
    if live is None or not live.shares:
        return None
    version = ops.cloudflare.version(script, live.shares[0][0])
    bindings = (version.get("resources") or {}).get("bindings") or ()
    known = {one["name"] for one in bindings}
    secrets = sorted(ops.cloudflare.secrets(script) - known)
    return Bound(
        script, live.tag or "", (*bindings, *({"type": "secret_text", "name": name} for name in secrets))
    )


def _content(ops: Ops, name: str, table: str, rows: int) -> Content:
    found = ops.cloudflare.database(name, table)
    virtual = [f"{one.name}_" for one in found.schema if one.sql.upper().startswith("CREATE VIRTUAL")]
    tables = [one for one in found.schema if one.kind == "table" and not one.name.startswith(tuple(virtual))]
    inserts = {one.name: tuple(_inserts(ops, found.uuid, one, rows)) for one in tables} if rows else {}
    kept, left_out = _closed(tables, inserts)
    later = [
        one for kind in ("index", "view", "trigger") for one in found.schema if one.kind == kind and one.sql
    ]
    statements = [f"{one.sql};" for one in tables]
    statements += [line for one in tables for line in kept.get(one.name, ())]
    statements += [f"{one.sql};" for one in later]
    if found.ledger is not None:
        statements += _ledger(table, found.ledger)
    return Content(name, tuple(statements), sum(map(len, kept.values())), left_out)


def _inserts(ops: Ops, uuid: str, table: SchemaObject, rows: int) -> Iterator[str]:
    """The first rows of a table as INSERTs; SQLite's own quote() writes the values."""
    columns = [
        str(one["name"]) for one in ops.cloudflare.query(uuid, f"PRAGMA table_info({_quoted(table.name)})")
    ]
    shown = ", ".join(f"quote({_quoted(name)}) AS c{number}" for number, name in enumerate(columns))
    query = f"SELECT {shown} FROM {_quoted(table.name)} LIMIT {int(rows)}"  # noqa: S608  # names are quoted
    head = f"INSERT INTO {_quoted(table.name)} ({', '.join(map(_quoted, columns))}) VALUES"
    for row in ops.cloudflare.query(uuid, query):
        yield f"{head} ({', '.join(str(row[f'c{number}']) for number in range(len(columns)))});"


def _closed(
    tables: list[SchemaObject], inserts: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, tuple[str, ...]], int]:
    """The INSERTs without the rows whose foreign keys lead to rows that were not read, and how many those are."""
    kept = {name: list(lines) for name, lines in inserts.items()}
    with closing(sqlite3.connect(":memory:")) as scratch:
        scratch.execute("PRAGMA foreign_keys=OFF")
        at: dict[tuple[str, int], str] = {}
        for table in tables:
            with suppress(
                sqlite3.Error
            ):  # what this SQLite cannot hold has no foreign keys that it could check
                _hold(scratch, table, kept.get(table.name, ()), at)
        left_out = 0
        while broken := _violations(scratch):
            for name, rowid in broken:
                scratch.execute(f"DELETE FROM {_quoted(name)} WHERE rowid = ?", (rowid,))  # noqa: S608  # quoted
                kept[name].remove(at.pop((name, rowid)))
                left_out += 1
    return {name: tuple(lines) for name, lines in kept.items()}, left_out


def _hold(
    scratch: sqlite3.Connection, table: SchemaObject, lines: Iterable[str], at: dict[tuple[str, int], str]
) -> None:
    """Make a table and insert its rows; `at` gets the INSERT of each by table and rowid."""
    scratch.execute(table.sql)
    for line in lines:
        at[table.name, int(scratch.execute(line).lastrowid or 0)] = line


def _violations(scratch: sqlite3.Connection) -> set[tuple[str, int]]:
    try:
        rows = scratch.execute("PRAGMA foreign_key_check").fetchall()
    except sqlite3.Error:  # a key that leads to a table without the column: D1 says so itself
        return set()
    return {(str(row[0]), int(row[1])) for row in rows if row[1] is not None}


def _ledger(table: str, names: tuple[str, ...]) -> list[str]:
    made = (
        f"CREATE TABLE {_quoted(table)}(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, "
        "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
    )
    literals = ["'" + name.replace("'", "''") + "'" for name in names]
    return [made, *(f"INSERT INTO {_quoted(table)}(name) VALUES ({one});" for one in literals)]  # noqa: S608  # quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
