"""What the columns of the released tables hold while a file runs: a column that goes and comes back may come back empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.policy.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import apsw

    from release.policy.shape import Schema, Table


class Contents:
    """The columns that held something of their own, in the tables that a file drops or alters."""

    def __init__(self, connection: apsw.Connection, released: Schema) -> None:
        self._connection = connection
        self._released = released
        self._held: dict[str, frozenset[str]] = {}

    def before(self, words: tuple[str, ...], now: Schema) -> None:
        """Look at each released table that a DROP or ALTER statement (its tokens) names, before it runs."""
        for name in {*words} & {*self._released.tables} & {*now.tables} - {*self._held}:
            self._held[name] = _holding(self._connection, now.tables[name]) or frozenset()

    def lost(self, now: Schema, written: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Tables and columns that are there, in which no row holds more than NULL or the default any longer.

        Tables of which a statement has changed rows by their name, and those that are empty, are left out.
        """
        for name in sorted(self._held.keys() & now.tables.keys() - written):
            table = now.tables[name]
            holding = _holding(self._connection, table)
            if holding is not None:
                yield from ((name, one) for one in sorted(self._held[name] - holding) if one in table.columns)


def _holding(connection: apsw.Connection, table: Table) -> frozenset[str] | None:
    """The columns in which a row holds neither NULL nor the default; None where the table is empty or cannot be read."""
    import apsw

    asked = ", ".join(
        f"max({quoted(one.name)} IS NOT NULL AND {quoted(one.name)} IS NOT ({one.default or 'NULL'}))"
        for one in table.columns.values()
    )
    try:
        found = connection.execute(f"SELECT count(*), {asked} FROM {quoted(table.name)}").fetchone()  # noqa: S608 - names
    except apsw.Error:
        return None
    if not found or not found[0]:
        return None
    return frozenset(name for name, holds in zip(table.columns, found[1:], strict=True) if holds)
