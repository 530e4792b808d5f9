"""Rows and values that a statement takes away without naming them, in words (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.grades import Change, Lost

if TYPE_CHECKING:
    from release.database.contents import Fault
    from release.database.seed import Value
    from release.database.shape import ForeignKey, Table

ACTIONS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_BRIEF = 24  # characters of a value


@dataclass(frozen=True)
class Cause:
    """The statement that did it: its verb ("drop" of a table, "alter" or "create" where it ends a copy), what it names.

    `tables` are those that it reaches, `triggers` those of the table that it writes; `replaces` where it may delete
    what stands in its way.
    """

    line: int
    statement: str
    verb: str
    tables: frozenset[str] = frozenset()
    triggers: tuple[str, ...] = ()
    replaces: bool = False


def told(table: Table, column: str, fault: Fault, cause: Cause) -> Change:
    """A loss with what makes it; `column` is empty where rows are lost."""
    thing = f"column {table.name}.{column}" if column else f"table {table.name}"
    key, action = _action(table, column, cause)
    if key is not None:
        where = f"every row that refers to {key.parent}"
        if cause.verb != "drop":
            done = "updated" if cause.verb == "update" and not cause.replaces else "deleted"
            where = f"rows that refer to {'an' if done == 'updated' else 'a'} {done} row of {key.parent}"
        lost = Lost(table.name, key.columns, every=cause.verb == "drop")
        return Change("breaking", thing, f"{_effect(column, fault)} {where} ({action})", lost)
    every = fault.kind in {"all gone", "null", "default"} and cause.verb not in {"insert", "update", "delete"}
    lost = Lost(table.name, (column,) if column else (), every=every)
    return Change("breaking", thing, _values(fault, cause) if column else _rows(fault, cause), lost)


def literal(value: Value) -> str:
    """A value as SQL spells it, shortened where it is long."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value[:8].hex()}'"
    if isinstance(value, str):
        text = value if len(value) <= _BRIEF else f"{value[:_BRIEF]}..."
        return "'" + text.replace("'", "''").replace("\n", " ").encode(errors="replace").decode() + "'"
    return str(value)


def _action(table: Table, column: str, cause: Cause) -> tuple[ForeignKey | None, str]:
    """The foreign key whose action it is, and that action; None where it is none."""
    ways = {"drop": ("DELETE",), "delete": ("DELETE",), "update": ("UPDATE",), "insert": ()}.get(cause.verb)
    if ways is None:
        return None, ""
    ways = (*ways, "DELETE") if cause.replaces else ways
    for key in sorted(table.foreign_keys, key=str):
        for way in ways:
            action = key.on_delete if way == "DELETE" else key.on_update
            fits = column in key.columns if column else (way, action) == ("DELETE", "CASCADE")
            if fits and action in ACTIONS and key.parent in cause.tables:
                return key, f"ON {way} {action}"
    return None, ""


def _effect(column: str, fault: Fault) -> str:
    if not column:
        return "loses its rows:" if fault.kind == "all gone" else "loses rows:"
    return {"null": "is NULL now in", "default": "is its default now in"}.get(
        fault.kind, "holds another value in"
    )


def _by(cause: Cause) -> str:
    many = "trigger" if len(cause.triggers) == 1 else "triggers"
    return f"{many} {', '.join(cause.triggers)}"


def _rows(fault: Fault, cause: Cause) -> str:
    if fault.kind == "mixed":
        return "has rows mixed up: values of one row now stand in another"
    which = "its rows" if fault.kind == "all gone" else "rows"
    if cause.replaces:
        return f"loses {which}: REPLACE deletes every row that has the same value in a unique column"
    if cause.triggers:
        return f"loses {which}: {_by(cause)} may delete them"
    return f"loses {which}: {'they are not' if fault.kind == 'all gone' else 'not all of them are'} copied"


def _values(fault: Fault, cause: Cause) -> str:
    becomes = ""
    if fault.example is not None:
        becomes = f": {literal(fault.example[0])} becomes {literal(fault.example[1])}"
    if cause.replaces:
        return "is lost in rows that are replaced: the statement gives no value for it"
    if cause.triggers:
        return f"changes by {_by(cause)}{becomes}"
    if fault.kind == "null":
        return "is empty now: what it held is not copied"
    if fault.kind == "default":
        return "is its default now: what it held is not copied"
    return f"holds other values now{becomes}"
