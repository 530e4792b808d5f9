"""What the columns of a table are to code that knows the old ones (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.grades import Change

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.database.shape import Column, Table

NOTHING = frozenset({"", "null"})  # defaults that say nothing


def column_changes(old: Table, new: Table) -> Iterator[Change]:
    """Columns that are gone, new, or other than they were, and another primary key."""
    for name, column in old.columns.items():
        if name in new.columns:
            yield from _differences(f"column {old.name}.{name}", column, new.columns[name], strict=new.strict)
        else:
            yield Change("breaking", f"column {old.name}.{name}", "is gone")
    for name, column in new.columns.items():
        if name not in old.columns:
            yield _new(new, column)
    if old.key != new.key:
        key = ", ".join(new.key) or "none"
        yield Change("breaking", f"table {old.name}", f"has another primary key: {key}")


def affinity(kind: str) -> str:
    """SQLite's affinity of a declared type, by the rules of its manual ("Datatypes In SQLite", 3.1)."""
    if "INT" in kind:
        return "INTEGER"
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if "BLOB" in kind or not kind:
        return "BLOB"
    return "REAL" if any(word in kind for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"


def _new(table: Table, column: Column) -> Change:
    thing = f"column {table.name}.{column.name}"
    if column.is_generated:
        return Change("additive", thing, "is new, and computed")
    is_rowid = table.key == (column.name,) and column.kind == "INTEGER" and not table.without_rowid
    if column.notnull and column.default in NOTHING and not is_rowid:
        return Change("breaking", thing, "is new, NOT NULL and has no default: an old INSERT leaves it out")
    if column.default not in NOTHING:
        return Change("additive", thing, f"is new, with the default {column.default}")
    return Change("additive", thing, "is new and optional")


def _differences(thing: str, old: Column, new: Column, *, strict: bool) -> Iterator[Change]:
    if new.is_generated and not old.is_generated:
        yield Change("breaking", thing, "is now computed and can no longer be written")
    elif new.is_generated and new.made != old.made:
        yield Change("breaking", thing, f"is computed in another way: {new.made}")
    elif old.is_generated and not new.is_generated:
        yield Change("breaking", thing, "is no more computed: an old INSERT leaves it empty")
    if new.notnull and not old.notnull:
        yield Change("breaking", thing, "is NOT NULL now: an old write of NULL is refused")
    if old.notnull and not new.notnull:
        yield Change("additive", thing, "may be NULL now, which the old code never read")
    if affinity(old.kind) != affinity(new.kind) or (strict and old.kind != new.kind):
        yield Change("breaking", thing, f"is {new.kind or 'of no type'} now, was {old.kind or 'of no type'}")
    elif old.kind != new.kind:
        yield Change(
            "additive", thing, f"is declared {new.kind or 'without a type'} now, stored the same way"
        )
    if old.collation != new.collation:
        yield Change("breaking", thing, f"compares as {new.collation} now, was {old.collation}")
    yield from _defaults(thing, old, new)


def _defaults(thing: str, old: Column, new: Column) -> Iterator[Change]:
    if old.default == new.default or {old.default, new.default} <= NOTHING:
        return
    if new.default in NOTHING:
        yield Change(
            "breaking", thing, "has no default any more: an old INSERT that leaves it out counts on it"
        )
    else:
        yield Change("additive", thing, f"has the default {new.default} now")
