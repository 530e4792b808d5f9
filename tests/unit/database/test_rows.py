"""The law of losses: over a rebuild that is not graded breaking, every value that stays is what it was, in every table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
from hypothesis import event, given, settings
from hypothesis import strategies as st

from release.database.grading import grade
from release.database.sqlite import memory_database
from tests.unit.database.cases import migration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hypothesis.strategies import DrawFn

COLUMNS = ("id", "a", "b", "n")
ACTIONS = ("CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION")
COPIED = (
    "{0}",
    "{0}",
    "{0}",
    "lower({0})",
    "trim({0})",
    "CAST({0} AS TEXT)",
    "coalesce({0}, 'x')",
    "nullif({0}, '')",
)
LEFT_OUT = (
    *(
        "",
        "",
        "",
        "",
        "",
        "",
        " WHERE a IS NOT NULL",
        " WHERE b <> ''",
        " LIMIT 2",
        " GROUP BY a",
        " WHERE n > 0",
    ),
    *(" JOIN child ON child.p = parent.id", " LEFT JOIN child ON child.id = -parent.id"),
)
ROWS = st.lists(
    st.tuples(
        st.one_of(st.none(), st.sampled_from(["", "A", "b ", "007", "x"])),
        st.sampled_from(["", "y", "Z", " z", "1.50"]),
        st.one_of(st.none(), st.integers(-2, 2**60), st.just(0.5)),
    ),
    min_size=1,
    max_size=6,
)


@st.composite
def released(draw: DrawFn) -> str:
    """A parent, a child that refers to it or does not, a child of that, and a trigger of the child or none."""
    action = draw(st.sampled_from(ACTIONS))
    refers = draw(st.sampled_from([f" REFERENCES parent (id) ON DELETE {action}", ""]))
    fires = "CREATE TRIGGER t AFTER {} ON child BEGIN UPDATE apart SET v = 'fired'; END;"
    return (
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL, n NUMERIC);"
        f"CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER{refers}, t TEXT);"
        "CREATE TABLE below (id INTEGER PRIMARY KEY, c INTEGER REFERENCES child (id) ON DELETE CASCADE);"
        "CREATE TABLE apart (v TEXT);"
        + draw(st.sampled_from(["", fires.format("UPDATE"), fires.format("DELETE")]))
    )


@st.composite
def rebuilds(draw: DrawFn) -> str:
    """The parent made anew in one of three ways, by a copy that may leave out, change or mix up."""
    order = draw(st.sampled_from([COLUMNS, COLUMNS, COLUMNS, ("id", "b", "a", "n"), ("id", "a", "b", "a")]))
    exprs = [
        draw(st.sampled_from(COPIED)).format(f"parent.{name}") if name != "id" else "parent.id"
        for name in order
    ]
    names = ", ".join(COLUMNS)
    kind = draw(st.sampled_from(["TEXT", "TEXT", "INTEGER", "BLOB"]))
    columns = f"id INTEGER PRIMARY KEY, a {kind}, b TEXT NOT NULL DEFAULT 'b', n NUMERIC, fresh TEXT"
    into = draw(st.sampled_from(["INSERT", "INSERT OR IGNORE", "INSERT OR REPLACE"]))
    where = draw(st.sampled_from(LEFT_OUT))
    copy = f"{into} INTO new ({names}) SELECT {', '.join(exprs)} FROM parent{where};"
    swapped = f"CREATE TABLE new ({columns}); {copy} DROP TABLE parent; ALTER TABLE new RENAME TO parent;"
    aside = "CREATE TABLE kept AS SELECT * FROM parent; DROP TABLE parent; "
    aside += f"CREATE TABLE parent ({columns}); INSERT INTO parent ({names}) SELECT {names} FROM kept; DROP TABLE kept;"
    renamed = f"ALTER TABLE parent RENAME TO gone; CREATE TABLE parent ({columns}); "
    renamed += (
        copy.replace("INTO new", "INTO parent")
        .replace("parent.", "gone.")
        .replace("FROM parent", "FROM gone")
    )
    return "PRAGMA defer_foreign_keys = ON; " + draw(
        st.sampled_from([swapped, swapped, aside, f"{renamed} DROP TABLE gone;"])
    )


def contents(connection: apsw.Connection) -> dict[str, dict[object, dict[str, str]]]:
    """Every row of every table by its key, each value with its type."""
    found: dict[str, dict[object, dict[str, str]]] = {}
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        names = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
        rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
        found[str(table)] = {row[0]: dict(zip(names, map(repr, row[1:]), strict=True)) for row in rows}
    return found


def fill(connection: apsw.Connection, rows: Sequence[tuple[object, ...]]) -> None:
    for at, row in enumerate(rows, 1):
        connection.execute("INSERT INTO parent VALUES (?, ?, ?, ?)", (at, *row))
        parent = at if row[0] is not None else None
        connection.execute("INSERT INTO child VALUES (?, ?, ?)", (at + 10, parent, f"t{at}"))
        connection.execute("INSERT INTO below VALUES (?, ?)", (at + 20, at + 10))
    connection.execute("INSERT INTO apart VALUES ('as it was')")


@settings(max_examples=100, deadline=None)
@given(released(), rebuilds(), ROWS)
def test_over_a_rebuild_that_is_not_breaking_every_value_that_stays_is_what_it_was(
    schema: str, sql: str, rows: list[tuple[object, ...]]
) -> None:
    found = grade((migration("0001_a.sql", schema),), (migration("0002_b.sql", sql),))
    event(found.worst if not found.cannot_tell else "cannot tell")
    if found.cannot_tell or found.worst == "breaking":
        return
    real = memory_database()
    real.execute(schema)
    fill(real, rows)
    before = contents(real)
    try:
        real.execute(f"BEGIN; {sql} COMMIT").fetchall()
    except apsw.Error:
        return  # D1 refuses it on these rows: nothing has changed
    after = contents(real)
    for table, held in before.items():
        for key, row in held.items():
            there = after[table].get(key, {})
            assert row == {name: there.get(name) for name in row}, (table, found)
