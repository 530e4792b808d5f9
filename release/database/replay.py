"""Replays migrations on a scratch SQLite, to say which of them a live schema proves (pure: memory only).

Schemas are compared by structure (`structure.py`), not by text: an application that created its tables at run time
wrote other white space than the migration did.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from release.database.sqlite import SqlError, memory_database, run
from release.database.structure import described
from release.errors import CannotReadError
from release.formats.sql import placed, swallows, tokens
from release.model.repository import Migration

if TYPE_CHECKING:
    import apsw

    from release.database.structure import Described
    from release.model.deployment import Database, SchemaObject

_WRITES = frozenset({"insert", "replace", "update", "delete", "with"})


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
    applied, live = tuple(known[name] for name in database.applied), _described(database.schema)
    ordered = _in_order(migrations, applied)
    if _state(ordered) == live:
        return ()
    expected = _state(applied)
    return _in_words(_replayed(ordered)[-1] if expected is None else expected, live)


@dataclass(frozen=True)
class Beyond:
    """How far a live schema is beyond its ledger, which has no row for what was applied.

    `whole` are files of which the schema holds everything. `rest` is a file of which it holds the first `count`
    statements, as what is left of it, from `line` on. Where that cannot be told, `doubt` says of which `file` and why.
    """

    whole: tuple[str, ...] = ()
    rest: Migration | None = None
    count: int = 0
    line: int = 0
    file: str = ""
    doubt: str = ""


def beyond(migrations: tuple[Migration, ...], database: Database) -> Beyond | None:
    """What was applied without a row in the ledger; None where the schema is the ledger's, or that of no file.

    D1 applies a file whole or not at all, so a file is taken for applied in part only where the schema says so.
    """
    pending = tuple(one for one in migrations if one.name not in database.applied)
    if not pending or not set(database.applied) <= {one.name for one in migrations}:
        return None
    return _beyond(migrations, pending, database)


@lru_cache(maxsize=8)
def _beyond(
    migrations: tuple[Migration, ...], pending: tuple[Migration, ...], database: Database
) -> Beyond | None:
    known = {one.name: one for one in migrations}
    applied = tuple(known[name] for name in database.applied)
    try:
        live = _described(database.schema)
        if live in {_state(applied), _state(_in_order(migrations, applied))}:
            return None
    except CannotReadError:
        return None
    prefixes = [pending[:count] for count in range(1, len(pending) + 1)]
    for some in (*prefixes, *((one,) for one in pending[1:])):
        for after in ((*applied, *some), _in_order(migrations, (*applied, *some))):
            if _state(after) == live:
                return _whole(after, some)
    return _begun(applied, pending[0], live)


def _in_order(migrations: tuple[Migration, ...], some: tuple[Migration, ...]) -> tuple[Migration, ...]:
    """Some of the migrations in the order of all: a row that was lost and comes late does not say when its file ran."""
    return tuple(one for one in migrations if one in some)


def _whole(after: tuple[Migration, ...], some: tuple[Migration, ...]) -> Beyond:
    """The files of which the schema holds everything; one that writes data at its end may lack just that."""
    for one in some:
        course = _course(after[: after.index(one)], one)
        changed = max((place for place, ran in enumerate(course) if ran.moved), default=-1)
        unseen = [ran for ran in course[changed + 1 :] if ran.writes]
        if unseen and not swallows(_text(one)):  # what swallows its own row was applied as a whole
            return Beyond(file=one.name, doubt=_unseen(unseen[0].line))
    return Beyond(whole=tuple(one.name for one in some))


def _begun(applied: tuple[Migration, ...], first: Migration, live: Described) -> Beyond | None:
    """The first pending file, where the schema is the one after some of its statements."""
    course = _course(applied, first)
    fits = [count for count, one in enumerate(course, 1) if one.state == live]
    if not fits or fits[-1] == len(course):
        return None
    count, text = fits[0], _text(first)
    left = course[count]
    if unseen := [one for one in course[: fits[-1]] if one.writes]:
        return Beyond(count=count, line=left.line, file=first.name, doubt=_unseen(unseen[0].line))
    kept = "".join(f"{one.text}\n" for one in course[:count] if one.verb == "pragma")
    rest = f"{kept}{text[left.at :]}".encode()
    begun = Migration(first.name, rest, hashlib.sha256(rest).hexdigest())
    return Beyond(rest=begun, count=count, line=left.line, file=first.name)


def _unseen(line: int) -> str:
    return f"the schema does not show whether line {line} ran, which writes data"


def _text(migration: Migration) -> str:
    return migration.sql.decode("utf-8-sig", errors="replace")


@dataclass(frozen=True)
class _Ran:
    """A statement of a file, and the schema after it; `moved` where it changed that."""

    at: int
    line: int
    text: str
    state: Described
    moved: bool

    @property
    def verb(self) -> str:
        return next(iter(tokens(self.text[:200])), "")

    @property
    def writes(self) -> bool:
        """Whether it changes data, which no schema shows."""
        return self.verb in _WRITES


def _course(before: tuple[Migration, ...], migration: Migration) -> tuple[_Ran, ...]:
    """A file statement by statement, on the schema of others; as far as it runs."""
    connection = memory_database()
    for one in before:
        _run(connection, _applied(one), one.name)
    state, seen = described(connection), []
    text = _text(migration)
    for at, statement in placed(text):
        try:
            _run(connection, statement, migration.name)
        except CannotReadError:
            break
        after = described(connection)
        seen.append(_Ran(at, text.count("\n", 0, at) + 1, statement, after, after != state))
        state = after
    return tuple(seen)


@lru_cache(maxsize=64)
def _state(migrations: tuple[Migration, ...]) -> Described | None:
    """The schema after some files; None where they do not run in this order."""
    try:
        return _replayed(migrations)[-1] if migrations else frozenset()
    except CannotReadError:
        return None


@lru_cache(maxsize=8)
def _replayed(migrations: tuple[Migration, ...]) -> tuple[Described, ...]:
    connection = memory_database()
    seen = []
    for migration in migrations:
        _run(connection, _applied(migration), migration.name)
        seen.append(described(connection))
    return tuple(seen)


@lru_cache(maxsize=8)
def _described(schema: tuple[SchemaObject, ...]) -> Described:
    connection = memory_database()
    virtual = [one.name for one in schema if one.sql.upper().startswith("CREATE VIRTUAL")]
    order = {"table": 0, "index": 1, "view": 2, "trigger": 3}
    for one in sorted(schema, key=lambda one: (order.get(one.kind, 4), one.name not in virtual)):
        is_shadow = any(one.name.startswith(f"{name}_") for name in virtual)
        if one.sql and not is_shadow:
            _run(connection, one.sql, f"the live {one.kind} {one.name}")
    return described(connection)


def _applied(migration: Migration) -> str:
    """The text as wrangler sends it, up to its own INSERT: a line's end is what makes a last `/*` a comment."""
    return f"{migration.sql.decode(errors='replace')}\n"


def _run(connection: apsw.Connection, sql: str, name: str) -> None:
    try:
        run(connection, sql)
    except SqlError as error:
        raise CannotReadError(
            f"{name} cannot be replayed on a scratch SQLite: {error}.", "Look at the file."
        ) from None


def _in_words(expected: Described, live: Described, most: int = 6) -> tuple[str, ...]:
    words = [f"it lacks {line}" for line in sorted(expected - live)] + [
        f"it has {line}" for line in sorted(live - expected)
    ]
    return (*words[:most], f"and {len(words) - most} more") if len(words) > most else tuple(words)
