"""Statements that go through a whole table are told with its rows, where there are many."""

from __future__ import annotations

import pytest

from release.config import EXAMPLE, load
from release.database.passes import passes
from release.model.evidence import Evidence, Loss, Verdict
from release.model.request import Request
from release.policy.verdict import problems
from tests.unit.database.cases import migration
from tests.unit.worlds import BASES, release_of, subject_of

FILES = {
    "an UPDATE": ("SELECT 1;\nUPDATE pages SET a = 1;", [(2, "pages", "updates")]),
    "an UPDATE OR": ("UPDATE OR IGNORE pages SET a = 1;", [(1, "pages", "updates")]),
    "a DELETE": ("DELETE FROM pages WHERE a = 1;", [(1, "pages", "deletes from")]),
    "an index": ("CREATE UNIQUE INDEX IF NOT EXISTS i ON pages (a);", [(1, "pages", "indexes")]),
    "a rebuilt table": (
        "CREATE TABLE n (a); INSERT INTO n SELECT a FROM pages; DROP TABLE pages; ALTER TABLE n RENAME TO pages;",
        [(1, "pages", "copies")],
    ),
    "a table from a query": (
        "CREATE TABLE n AS SELECT * FROM pages JOIN users;",
        [(1, "pages", "copies"), (1, "users", "copies")],
    ),
    "a dropped column": ("ALTER TABLE pages DROP COLUMN a;", [(1, "pages", "rewrites")]),
    "a table of its own": ("CREATE TABLE n (a); CREATE INDEX i ON n (a); UPDATE n SET a = 1;", []),
    "a new column": ("ALTER TABLE pages ADD COLUMN a;", []),
    "a view and a trigger": (
        "CREATE VIEW v AS SELECT * FROM pages; CREATE TRIGGER t AFTER INSERT ON pages BEGIN UPDATE pages SET a = 1; END;",
        [],
    ),
    "rows by hand": ("INSERT INTO pages VALUES (1);", []),
}


@pytest.mark.parametrize("name", FILES)
def test_a_statement_that_goes_through_a_table_is_found(name: str) -> None:
    sql, expected = FILES[name]
    assert [(one.line, one.table, one.what) for one in passes([migration("0002_x.sql", sql)])] == expected


@pytest.mark.parametrize(("rows", "told"), [(None, 0), (100_000, 0), (100_001, 1)])
def test_many_rows_are_a_warning_with_their_number(
    tmp_path_factory: pytest.TempPathFactory, rows: int | None, told: int
) -> None:
    folder = tmp_path_factory.mktemp("config")
    (folder / "pyproject.toml").write_text(EXAMPLE)
    counted = Loss("0002_x.sql:1 updates pages", "pages", every=True, database="cms-production", rows=rows)
    verdict = Verdict((Evidence("schema", passes=(counted,)),))
    found = list(problems(verdict, release_of(subject_of(BASES[0], "1.2.4")), Request(), load(folder)))

    assert [(one.level, "100,001 rows in cms-production" in one.what) for one in found] == [
        ("warn", True)
    ] * told
