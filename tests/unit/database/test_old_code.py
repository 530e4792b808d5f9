"""The law of the policy: a migration that is graded additive never makes a query of the old code fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from release.database.grading import grade
from release.database.sqlite import memory_database
from tests.unit.database.cases import migration

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

NAMES = ("a", "b", "c")
TYPES = ("INTEGER", "TEXT", "REAL", "BLOB", "VARCHAR(9)", "ANY", "")
VALUES: SearchStrategy[object] = st.one_of(
    st.none(), st.integers(-3, 3), st.sampled_from(["", "x", "y", "1", "{}"]), st.just(0.5), st.just(b"x")
)


@st.composite
def columns(draw: DrawFn, name: str, *, strict: bool, others: tuple[str, ...] = ()) -> str:
    kind = draw(st.sampled_from(("INTEGER", "TEXT", "REAL", "ANY") if strict else TYPES[:-1]))
    parts = [name, kind]
    parts += draw(st.sampled_from([[], [], ["NOT NULL"], ["UNIQUE"], ["COLLATE NOCASE"]]))
    parts += draw(st.sampled_from([[], [], ["DEFAULT 1"], ["DEFAULT 'x'"], ["DEFAULT NULL"]]))
    checks = [f"CHECK ({name} IN (1, 'x', 'y'))", f"CHECK (length({name}) < 3)", f"CHECK ({name} <> '')"]
    parts += draw(st.sampled_from([[], [], [], *([one] for one in checks)]))
    if others and draw(st.integers(0, 5)) == 0:
        return f"{name} {kind} AS (coalesce({draw(st.sampled_from(others))}, 'x')) STORED"
    return " ".join(parts)


@st.composite
def tables(draw: DrawFn, name: str = "t") -> str:
    strict = draw(st.booleans())
    inside = [draw(columns(one, strict=strict, others=NAMES[:at])) for at, one in enumerate(NAMES)]
    if draw(st.booleans()):
        inside = ["id INTEGER PRIMARY KEY", *inside]
    elif draw(st.booleans()):
        inside.append(f"UNIQUE ({', '.join(NAMES[:2])})")
    return f"CREATE TABLE {name} ({', '.join(inside)}){' STRICT' if strict else ''};"


@st.composite
def steps(draw: DrawFn) -> str:
    """A statement or a few that a migration may hold, on the table `t` with some of the columns."""
    one, other = draw(st.sampled_from(NAMES)), draw(st.sampled_from(NAMES))
    added = draw(columns("e", strict=False))
    made = draw(tables("n"))
    copy = f"INSERT INTO n ({one}, {other}) SELECT {one}, {other} FROM t;" if one != other else ""
    trigger = "CREATE TRIGGER g{} ON t BEGIN {} END;"
    return draw(
        st.sampled_from(
            [
                f"ALTER TABLE t ADD COLUMN {added};",
                f"ALTER TABLE t ADD COLUMN {added}; CREATE UNIQUE INDEX i ON t (e);",
                f"ALTER TABLE t ADD COLUMN e TEXT; CREATE UNIQUE INDEX i ON t ({one}, e);",
                f"CREATE INDEX i ON t ({one}, {other});",
                f"CREATE INDEX i ON t (json_extract({one}, '$.x'));",
                f"CREATE UNIQUE INDEX i ON t ({one});",
                f"CREATE UNIQUE INDEX i ON t ({one}) WHERE {other} IS NOT NULL;",
                f"ALTER TABLE t DROP COLUMN {one};",
                f"ALTER TABLE t RENAME COLUMN {one} TO z;",
                f"{made} {copy} DROP TABLE t; ALTER TABLE n RENAME TO t;",
                f"{made}",
                f"CREATE TABLE k (r INTEGER REFERENCES t ({one}));",
                f"CREATE VIEW v AS SELECT {one} FROM t;",
                trigger.format(" AFTER INSERT", f"UPDATE t SET {one} = new.{other};"),
                trigger.format(" BEFORE UPDATE", f"SELECT RAISE(ABORT, 'no') WHERE new.{one} = 1;"),
                f"CREATE TABLE l (x {added.removeprefix('e ')});".replace("(e", "(x").replace("e IN", "x IN")
                + trigger.format(" AFTER INSERT", f"INSERT INTO l VALUES (new.{one});"),
                f"UPDATE t SET {one} = {other};",
                "DELETE FROM t;",
            ]
        )
    )


@st.composite
def queries(
    draw: DrawFn, names: tuple[str, ...], writable: tuple[str, ...]
) -> tuple[str, tuple[object, ...]]:
    """A query of code that knows these columns."""
    one = draw(st.sampled_from(names))
    chosen = draw(st.lists(st.sampled_from(writable), min_size=1, unique=True)) if writable else []
    values = tuple(draw(VALUES) for _ in chosen)
    marks = ", ".join("?" * len(chosen))
    kinds = ["select", "delete", *(["insert", "update", "upsert"] if chosen else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "select":
        return f"SELECT {', '.join(names)} FROM t WHERE {one} = ? ORDER BY {one}", (draw(VALUES),)
    if kind == "delete":
        return f"DELETE FROM t WHERE {one} = ?", (draw(VALUES),)
    if kind == "update":
        return f"UPDATE t SET {', '.join(f'{name} = ?' for name in chosen)}", values
    more = f" ON CONFLICT ({one}) DO NOTHING" if kind == "upsert" else ""
    return f"INSERT INTO t ({', '.join(chosen)}) VALUES ({marks}){more}", values


def fails(connection: apsw.Connection, query: tuple[str, tuple[object, ...]]) -> str:
    try:
        connection.execute(query[0], query[1]).fetchall()
    except apsw.Error as error:
        return str(error)
    return ""


@settings(max_examples=60, deadline=None)
@given(tables(), st.lists(steps(), min_size=1, max_size=2), st.data())
def test_an_additive_migration_never_makes_a_query_of_the_old_code_fail(
    table: str, files: list[str], data: st.DataObject
) -> None:
    old, new = memory_database(), memory_database()
    assume(not fails(old, (table, ())))
    released = migration("0001_t.sql", table)
    added = tuple(migration(f"{at:04}_x.sql", sql) for at, sql in enumerate(files, 2))
    found = grade((released,), added)
    event(found.worst if not found.cannot_tell else "cannot tell")
    assume(not found.cannot_tell and found.worst != "breaking")
    new.execute(table)
    for one in added:
        new.execute(one.sql.decode()).fetchall()
    shape = list(old.execute("SELECT name, hidden FROM pragma_table_xinfo('t')"))
    names = tuple(str(name) for name, _ in shape)
    writable = tuple(str(name) for name, hidden in shape if not hidden)
    for query in data.draw(st.lists(queries(names, writable), min_size=4, max_size=12)):
        if not fails(old, query):
            assert not fails(new, query), (query, found)
