"""Rows that were made up for the scratch, and a file that fails for them alone: production may have none like them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.seed import silent
from release.database.shape import quoted
from release.database.sqlite import SqlError, memory_database, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw


def in_the_way(
    connection: apsw.Connection, text: str, invented: Sequence[str], named: frozenset[str]
) -> frozenset[str]:
    """The tables whose made-up rows let a file fail; none where it fails without them too.

    `named` are the tables of the statement that fails: another one is looked for first, of the last of them.
    """
    left = frozenset(invented)
    if not left or not _runs(connection, text, left):
        return frozenset()
    for name in sorted(invented, key=lambda one: one not in named):
        if _runs(connection, text, left - {name}):
            left -= {name}
    return left


def empty(connection: apsw.Connection, names: Iterable[str]) -> None:
    """Take the rows out of some tables, and do nothing else."""
    with silent(connection):
        for name in names:
            connection.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 - a name


def _runs(connection: apsw.Connection, text: str, without: frozenset[str]) -> bool:
    """Whether a file runs on a copy in which these tables have no rows."""
    copy = memory_database()
    with copy.backup("main", connection, "main") as made:
        made.step()
    try:
        empty(copy, without)
        run(copy, "BEGIN")
        run(copy, text)
        run(copy, "COMMIT")
    except SqlError:
        return False
    finally:
        copy.close()
    return True
