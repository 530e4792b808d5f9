"""Which migrations a live schema proves."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.database.replay import differences, differences_after, prefixes_that_fit
from release.errors import CannotReadError
from release.model.deployment import Database, SchemaObject
from release.model.repository import Migration

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "0001_pages.sql": "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL);",
    "0002_users.sql": (
        "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, page INTEGER REFERENCES pages(id) ON DELETE CASCADE);"
        "CREATE INDEX users_page ON users (page);"
    ),
    "0003_view.sql": "CREATE VIEW titles AS SELECT title FROM pages;",
    "0004_trigger.sql": (
        "CREATE TRIGGER touched AFTER UPDATE ON pages BEGIN UPDATE users SET mail = 'x;y' WHERE page = new.id; END;"
    ),
    "0005_search.sql": "CREATE VIRTUAL TABLE search USING fts5(title, body);",
    "0006_strict.sql": "CREATE TABLE counts (n INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;".replace(
        "n INTEGER NOT NULL DEFAULT 0", "n INTEGER PRIMARY KEY"
    ),
    "0007_column.sql": "ALTER TABLE pages ADD COLUMN slug TEXT DEFAULT 'none';",
    "0008_rebuild.sql": (
        "DROP TRIGGER touched; CREATE TABLE new (id INTEGER PRIMARY KEY, mail TEXT); INSERT INTO new SELECT id, mail FROM users; "
        "DROP TABLE users; ALTER TABLE new RENAME TO users;"
    ),
    "0009_drop.sql": "DROP VIEW titles; DROP TABLE search;",
}


def migrations(files: dict[str, str]) -> tuple[Migration, ...]:
    """Files as a commit holds them."""
    return tuple(
        Migration(name, sql.encode(), sha256(sql.encode()).hexdigest()) for name, sql in files.items()
    )


MIGRATIONS = migrations(FILES)


def schema_after(*statements: str) -> tuple[SchemaObject, ...]:
    """What D1 would say of a database after these statements."""
    connection = apsw.Connection(":memory:")
    for sql in statements:
        connection.execute(sql)
    rows = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    return tuple(SchemaObject(str(kind), str(name), str(sql or "")) for kind, name, sql in rows)


@given(st.integers(1, len(FILES)))
def test_a_schema_proves_the_prefix_that_made_it(count: int) -> None:
    schema = schema_after(*list(FILES.values())[:count])
    assert prefixes_that_fit(MIGRATIONS, schema) == (count,)


@given(st.integers(0, len(FILES)))
def test_a_ledger_that_agrees_with_the_schema_has_no_differences(count: int) -> None:
    schema = schema_after(*list(FILES.values())[:count])
    assert differences_after(MIGRATIONS, Database("d", "u", tuple(FILES)[:count], schema)) == ()


@given(st.lists(st.sampled_from(["change", "data"]), min_size=1, max_size=6), st.data())
def test_files_that_change_data_only_cannot_be_told_apart(kinds: list[str], data: st.DataObject) -> None:
    sql = {
        f"{number:04}.sql": f"CREATE TABLE t{number} (a);" if kind == "change" else "SELECT 1;"
        for number, kind in enumerate(kinds)
    }
    applied = data.draw(st.integers(1, len(kinds)))
    fits = prefixes_that_fit(migrations(sql), schema_after(*list(sql.values())[:applied]))
    tables = kinds[:applied].count("change")
    assert fits == tuple(n for n in range(1, len(kinds) + 1) if kinds[:n].count("change") == tables)
    assert applied in fits


def test_white_space_quotes_and_case_of_keywords_make_no_difference() -> None:
    live = schema_after('create table  "pages"(id integer PRIMARY KEY,\n  title text not null)')
    assert prefixes_that_fit(MIGRATIONS[:2], live) == (1,)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (
            "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT)",
            "it lacks column pages.title: TEXT not null",
        ),
        ("CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL, x)", "it has column pages.x: "),
        (
            "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL) STRICT",
            "it has table pages strict",
        ),
        (
            "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL UNIQUE)",
            "it has unique pages(title)",
        ),
    ],
)
def test_a_difference_is_told_in_words(sql: str, words: str) -> None:
    database = Database("d", "u", ("0001_pages.sql",), schema_after(sql))
    assert words in differences_after(MIGRATIONS, database)


def test_a_difference_to_the_nearest_prefix_is_told() -> None:
    live = schema_after(*list(FILES.values())[:2], "DROP INDEX users_page")
    assert prefixes_that_fit(MIGRATIONS, live) == ()
    assert differences(MIGRATIONS, live) == (
        "it lacks index users_page on users: create index users_page on users(page)",
    )


def test_at_most_six_differences_are_told_and_the_rest_counted() -> None:
    live = schema_after(*(f"CREATE TABLE t{number} (a)" for number in range(9)))
    told = differences((), live)
    assert (len(told), told[-1]) == (7, "and 12 more")


def test_a_ledger_of_unknown_files_says_nothing() -> None:
    assert differences_after(MIGRATIONS, Database("d", "u", ("0000_gone.sql",), ())) == ()


def test_the_ledger_itself_is_no_part_of_the_schema() -> None:
    live = schema_after(
        FILES["0001_pages.sql"], "CREATE TABLE d1_migrations (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"
    )
    assert prefixes_that_fit(MIGRATIONS, live) == (1,)


@pytest.mark.parametrize("sql", ["CREATE TABLE;", "nonsense", "INSERT INTO nothing VALUES (1);", "\ud83d"])
def test_a_file_that_cannot_run_is_named(sql: str) -> None:
    files = (Migration("0001_bad.sql", sql.encode(errors="surrogatepass"), ""),)
    with pytest.raises(CannotReadError, match=r"0001_bad\.sql cannot be replayed"):
        prefixes_that_fit(files, ())


def test_an_endless_statement_is_stopped() -> None:
    endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c;"
    with pytest.raises(
        CannotReadError, match=r"cannot be replayed on a scratch SQLite: it does not end within"
    ):
        prefixes_that_fit(migrations({"0001_endless.sql": endless}), ())


@pytest.mark.parametrize(
    "sql", ["ATTACH 'evil.db' AS evil; CREATE TABLE evil.t (a);", "VACUUM INTO 'evil.db';"]
)
def test_nothing_of_a_replay_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sql: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CannotReadError, match="cannot be replayed"):
        prefixes_that_fit(migrations({"0001_file.sql": sql}), ())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a TEXT CHECK (a <> '')", "a TEXT"),
        ("a TEXT CHECK (a <> 'A')", "a TEXT CHECK (a <> 'a')"),
        ("a TEXT COLLATE NOCASE", "a TEXT"),
        ("a TEXT, UNIQUE (a COLLATE NOCASE)", "a TEXT, UNIQUE (a)"),
        ("a INTEGER PRIMARY KEY AUTOINCREMENT", "a INTEGER PRIMARY KEY"),
        ("a, b AS (a + 1)", "a, b AS (a + 2)"),
        ("a, b AS (a + 1) STORED", "a, b AS (a + 1)"),
        ("a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED", "a REFERENCES t (a)"),
        (
            "a, FOREIGN KEY (a) REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED",
            "a, FOREIGN KEY (a) REFERENCES t (a)",
        ),
        ("a TEXT DEFAULT 'X'", "a TEXT DEFAULT 'x'"),
        ("a UNIQUE ON CONFLICT REPLACE", "a UNIQUE"),
    ],
)
def test_what_no_column_shows_tells_two_schemas_apart(one: str, other: str) -> None:
    files = migrations({"0001.sql": f"CREATE TABLE t ({one});"})

    assert prefixes_that_fit(files, schema_after(f"CREATE TABLE t ({one})")) == (1,)
    assert prefixes_that_fit(files, schema_after(f"CREATE TABLE t ({other})")) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "CREATE TABLE t (a CHECK ( a > 1 ), b DEFAULT 'Xx')",
            'create table "t"("a" check (a>1),`b` default "Xx")',
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, k CHECK (k IN ('A')), up REFERENCES t (id))",
            (
                "CREATE TABLE u (id INTEGER PRIMARY KEY, l CHECK (l IN ('A')), up REFERENCES u (id));"
                "ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME COLUMN l TO k"
            ),
        ),
        ("CREATE TABLE t (a, b)", "CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b"),
        (
            "CREATE TABLE t (a REFERENCES t (a) DEFERRABLE)",
            "CREATE TABLE t (a REFERENCES t (a) NOT DEFERRABLE)",
        ),
        (
            "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
            "CREATE TABLE t (a); create index if not exists `i` on t(a)",
        ),
    ],
)
def test_what_sqlite_rewrites_itself_makes_no_difference(one: str, other: str) -> None:
    assert prefixes_that_fit(migrations({"0001.sql": f"{one};"}), schema_after(other)) == (1,)
