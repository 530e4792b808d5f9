"""A schema as values: what its tables, views and triggers are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Column:
    """A column; `default` and `made` are folded SQL ("" where there is none; `made`: how it is generated)."""

    name: str
    kind: str
    notnull: bool
    default: str
    key: int
    hidden: int
    collation: str
    made: str = ""

    @property
    def is_generated(self) -> bool:
        """Whether its value is computed, and so cannot be written."""
        return self.hidden in {2, 3}

    @property
    def is_optional(self) -> bool:
        """Whether a row that leaves it out holds NULL in it."""
        return not self.notnull and self.default in {"", "null"} and not self.is_generated


@dataclass(frozen=True)
class Unique:
    """A set of columns (or folded expressions) that no two rows share; `where` is a partial index's condition."""

    columns: tuple[tuple[str, str], ...]
    where: str = ""

    @property
    def names(self) -> str:
        """The columns as they are told."""
        return ", ".join(name for name, _ in self.columns)


@dataclass(frozen=True)
class ForeignKey:
    """Columns that name a row of another table (`to` is empty where it is that table's primary key)."""

    columns: tuple[str, ...]
    parent: str
    to: tuple[str, ...]
    on_update: str
    on_delete: str


@dataclass(frozen=True)
class Table:
    """A table. Names are in lower case, as SQLite compares them; `virtual` is its module and arguments."""

    name: str
    columns: Mapping[str, Column]
    uniques: frozenset[Unique]
    indexes: frozenset[tuple[str, str]]
    foreign_keys: frozenset[ForeignKey]
    checks: tuple[str, ...]
    strict: bool
    without_rowid: bool
    virtual: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns in order."""
        marked = sorted((column.key, name) for name, column in self.columns.items() if column.key)
        return tuple(name for _, name in marked)


@dataclass(frozen=True)
class View:
    """A view: its columns (none where it cannot be read) and its folded statement."""

    name: str
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Trigger:
    """A trigger on a table or view, as folded tokens."""

    name: str
    on: str
    words: tuple[str, ...]

    @property
    def raises(self) -> bool:
        """Whether it may refuse a row."""
        return "raise" in self.words


@dataclass(frozen=True)
class Schema:
    """All of it, by name."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    views: Mapping[str, View] = field(default_factory=dict)
    triggers: Mapping[str, Trigger] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether a table or view of this name is there."""
        return name in self.tables or name in self.views


def quoted(name: str) -> str:
    """A name as SQL spells it whatever it holds."""
    spelled = name.replace('"', '""')
    return f'"{spelled}"'
