"""Pending files that come before released ones: a new database runs them in another order than those that are there.

That matters where it makes another schema, or none; else it is only told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.files import text_of
from release.database.grades import CannotTell, Hint
from release.database.reader import Reader
from release.database.shape import quoted
from release.database.sqlite import SqlError, memory_database, run
from release.formats.wrangler_migrations import Rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from release.database.shape import Schema
    from release.model.repository import Migration


def order_found(
    released: Sequence[Migration], added: Sequence[Migration], order: Sequence[str], ledger: str
) -> tuple[tuple[CannotTell, ...], tuple[Hint, ...]]:
    """What the order of the files comes to; `order` are all names as wrangler orders them, found out where it is empty."""
    ordered = list(order) or Rules(".").ordered(one.name for one in (*released, *added))
    known, pending = {one.name: one for one in released}, {one.name: one for one in added}
    last = max((at for at, name in enumerate(ordered) if name in known), default=-1)
    late = [name for name in ordered[: last + 1] if name in pending]
    if not late:
        return (), ()
    both = {**known, **pending}
    here = _schema((*released, *added), ledger)
    there = _schema([both[name] for name in ordered if name in both], ledger)
    before = next(name for name in ordered[ordered.index(late[0]) :] if name in known)
    said = f"comes before {before}, which is released: a new database runs it in another order"
    if isinstance(here, str) or here == there:  # a file that fails in either order is told by itself
        return (), (Hint(late[0], f"{said}, to the same schema"),)
    why = f", and fails: {there}" if isinstance(there, str) else ", to another schema"
    return (CannotTell(late[0], f"it {said}{why}"),), ()


def _schema(migrations: Iterable[Migration], ledger: str) -> Schema | str:
    """The schema after these files in this order, or why there is none."""
    connection = memory_database()
    connection.execute(
        f"CREATE TABLE {quoted(ledger)} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, applied_at TEXT)"
    )
    for one in migrations:
        text = text_of(one)
        if isinstance(text, CannotTell):
            continue
        try:
            run(connection, f"{text}\n")
        except SqlError as error:
            return f"{one.name}: {error}"
    return Reader(connection, ledger).read()[0]
