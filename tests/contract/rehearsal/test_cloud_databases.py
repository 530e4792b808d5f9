"""D1 over HTTP, the same for both runtimes: SQLite in this process, and workerd's own."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release.rehearsal.cloud.statements import Statement
from tests.contract.cloud_account import DATABASE, TOKEN, miniflare, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.cloud_account import Account


PATH = f"/d1/database/{DATABASE}"
LEDGER = (
    "CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, "
    "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);"
)


@pytest.fixture(scope="module", params=["memory", pytest.param("miniflare", marks=pytest.mark.rehearsal)])
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("cloud")
    runtime = miniflare(folder / "runtime") if request.param == "miniflare" else None
    with opened(folder / "state", runtime) as account:
        yield account


@pytest.fixture
def account(shared: Account) -> Account:
    """The account with its database empty: workerd is started once for all tests."""
    found = shared.sql("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*'")[0]
    names = [row["name"] for row in found if row["name"] != "sqlite_sequence"]
    if names:
        drops = [f'DROP TABLE "{name}";' for name in names]
        shared.sql("\n".join(["PRAGMA defer_foreign_keys=TRUE;", *drops]))
    return shared


def test_a_database_is_asked_for_by_its_name_where_a_configuration_has_no_id(account: Account) -> None:
    assert account.result("GET", "/d1/database/cms-production")["uuid"] == DATABASE


def test_each_statement_has_a_result_of_its_own(account: Account) -> None:
    rows = account.sql(
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t (b) VALUES ('x;y'); SELECT * FROM t"
    )
    assert rows == [[], [], [{"a": 1, "b": "x;y"}]]


def test_meta_tells_changes_and_the_last_row(account: Account) -> None:
    text = "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (7), (8)"
    meta = account.result("POST", f"{PATH}/query", json={"sql": text})[1]["meta"]
    assert (meta["changes"], meta["last_row_id"], meta["changed_db"]) == (2, 8, True)


def test_parameters_are_bound(account: Account) -> None:
    assert account.sql("SELECT ?1 AS a, ?2 AS b", params=["it's", 2]) == [[{"a": "it's", "b": 2}]]


def test_a_batch_is_one_transaction(account: Account) -> None:
    account.sql("CREATE TABLE t (a UNIQUE)")
    one = {"sql": "INSERT INTO t VALUES (?)", "params": [1]}
    assert account.refusal("POST", f"{PATH}/query", json={"batch": [one, one]})[:2] == (400, 7500)
    assert account.sql("SELECT * FROM t") == [[]]


def test_parameters_for_several_statements_are_refused(account: Account) -> None:
    body = {"sql": "SELECT ?; SELECT ?", "params": [1]}
    assert account.refusal("POST", f"{PATH}/query", json=body)[:2] == (400, 7500)


def test_values_keep_their_types(account: Account) -> None:
    (row,) = account.sql("SELECT 1 AS i, 1.5 AS f, 't' AS t, NULL AS n, x'00ff' AS b")[0]
    assert row == {"i": 1, "f": 1.5, "t": "t", "n": None, "b": [0, 255]}


def test_a_failure_in_the_middle_leaves_nothing_of_the_request(account: Account) -> None:
    text = "CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (1);"
    assert account.sql_error(text) == "no such table: nowhere: SQLITE_ERROR"
    assert account.sql_error("SELECT * FROM t").startswith("no such table: t")


def test_a_migration_that_fails_leaves_its_ledger_row_out(account: Account) -> None:
    account.sql(LEDGER)
    account.sql("CREATE TABLE a (x);\nINSERT INTO d1_migrations (name) VALUES ('0001_a.sql');")
    account.sql_error(
        "CREATE TABLE b (x);\nSELEC 1;\nINSERT INTO d1_migrations (name) VALUES ('0002_b.sql');"
    )
    assert account.sql("SELECT name FROM d1_migrations") == [[{"name": "0001_a.sql"}]]


def test_a_migration_is_entered_in_the_ledger_once(account: Account) -> None:
    account.sql(LEDGER)
    entry = "INSERT INTO d1_migrations (name) VALUES ('0001_a.sql')"
    account.sql(entry)
    assert account.sql_error(entry) == (
        "UNIQUE constraint failed: d1_migrations.name: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    )


@pytest.mark.parametrize(
    "word", ["BEGIN", "begin transaction", "COMMIT", "ROLLBACK", "SAVEPOINT s", "RELEASE s"]
)
def test_a_transaction_of_ones_own_is_refused(account: Account, word: str) -> None:
    message = account.sql_error(f"CREATE TABLE t (a); -- first\n{word};")
    assert "use the state.storage.transaction()" in message
    assert account.sql_error("SELECT * FROM t").startswith("no such table: t")


def test_foreign_keys_are_enforced(account: Account) -> None:
    account.sql("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent (id))")
    message = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)"
    assert account.sql_error("INSERT INTO child VALUES (9)") == message


def test_foreign_keys_can_be_deferred_to_the_end_of_the_request(account: Account) -> None:
    account.sql("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p REFERENCES parent (id))")
    account.sql("PRAGMA defer_foreign_keys=TRUE; INSERT INTO child VALUES (9); INSERT INTO parent VALUES (9)")
    account.sql_error("PRAGMA defer_foreign_keys=TRUE; INSERT INTO child VALUES (10)")
    assert account.sql("SELECT p FROM child") == [[{"p": 9}]]


@pytest.mark.parametrize(
    "text", ["ATTACH 'x.db' AS x", "CREATE TABLE _cf_mine (a)", "CREATE TEMP TABLE t (a)"]
)
def test_what_d1_forbids_is_refused(account: Account, text: str) -> None:
    assert "SQLITE_AUTH" in account.sql_error(text)


@pytest.mark.parametrize("text", ["", " ;", "-- nothing but a comment"])
def test_a_query_without_a_statement_is_refused(account: Account, text: str) -> None:
    assert account.sql_error(text) == "No SQL statements detected."


def test_an_unknown_database_is_not_found(account: Account) -> None:
    assert account.refusal("POST", "/d1/database/nope/query", json={"sql": "SELECT 1"})[:2] == (404, 7404)


def test_databases_are_found_by_name(account: Account) -> None:
    (found,) = account.result("GET", "/d1/database?name=cms-production")
    assert (found["uuid"], found["version"]) == (DATABASE, "production")
    assert account.result("GET", "/d1/database?name=other") == []


def test_a_database_tells_how_many_tables_it_has(account: Account) -> None:
    account.sql("CREATE TABLE a (x); CREATE TABLE b (x)")
    assert account.result("GET", PATH)["num_tables"] == 2


def test_a_new_database_is_empty_and_its_name_is_taken(account: Account) -> None:
    name = f"fresh-{len(account.cloud.account.databases)}"
    uuid = account.result("POST", "/d1/database", json={"name": name})["uuid"]
    query = {"sql": "SELECT 1 AS one"}
    assert account.result("POST", f"/d1/database/{uuid}/query", json=query)[0]["results"] == [{"one": 1}]
    assert account.refusal("POST", "/d1/database", json={"name": name})[:2] == (400, 7502)


def imported(account: Account, text: str) -> Any:  # noqa: ANN401  # JSON
    begun = account.result("POST", f"{PATH}/import", json={"action": "init", "etag": "x"})
    sent = account.client.put(begun["upload_url"], content=text.encode(), headers={"Authorization": ""})
    assert sent.headers["etag"]
    return account.ask("POST", f"{PATH}/import", json={"action": "ingest", "filename": begun["filename"]})


def test_an_imported_file_is_run_as_a_whole(account: Account) -> None:
    result = imported(account, "CREATE TABLE t (a);\nINSERT INTO t VALUES (';');\n").json()["result"]
    assert (result["status"], result["result"]["num_queries"]) == ("complete", 2)
    assert account.sql("SELECT * FROM t") == [[{"a": ";"}]]


def test_an_imported_file_that_fails_changes_nothing(account: Account) -> None:
    assert imported(account, "CREATE TABLE t (a);\nSELEC 1;").json()["errors"][0]["code"] == 7500
    account.sql_error("SELECT * FROM t")


def test_a_file_that_was_not_uploaded_cannot_be_ingested(account: Account) -> None:
    body = {"action": "ingest", "filename": "nope"}
    assert account.refusal("POST", f"{PATH}/import", json=body)[:2] == (400, 7400)


def exported(account: Account) -> str:
    result = account.result("POST", f"{PATH}/export", json={"output_format": "polling"})
    assert TOKEN not in result["result"]["signed_url"]
    return account.client.get(result["result"]["signed_url"], headers={"Authorization": ""}).text


def test_an_export_makes_the_database_again(account: Account) -> None:
    account.sql(
        'CREATE TABLE parent (id INTEGER PRIMARY KEY AUTOINCREMENT, "odd "" name" TEXT);'
        "CREATE TABLE child (p REFERENCES parent (id), b BLOB, f REAL);"
        "CREATE INDEX by_p ON child (p);"
        "CREATE VIEW names AS SELECT id FROM parent;"
        "CREATE TRIGGER tidy AFTER DELETE ON parent BEGIN DELETE FROM child WHERE p = old.id; END;"
        "INSERT INTO parent VALUES (5, 'it''s\nnew');"
        "INSERT INTO child VALUES (5, x'00ff', 1e300), (NULL, NULL, -0.5);"
    )
    copy = sqlite3.connect(":memory:")
    copy.executescript(exported(account))
    assert copy.execute("SELECT * FROM parent").fetchall() == [(5, "it's\nnew")]
    assert copy.execute("SELECT * FROM child").fetchall() == [(5, b"\0\xff", 1e300), (None, None, -0.5)]
    assert copy.execute("SELECT seq FROM sqlite_sequence").fetchall() == [(5,)]
    assert [row[0] for row in copy.execute("SELECT name FROM sqlite_schema WHERE type != 'table'")] == [
        "by_p",
        "names",
        "tidy",
    ]
    copy.close()


def test_a_finished_import_can_be_polled(account: Account) -> None:
    result = account.result("POST", f"{PATH}/import", json={"action": "poll"})
    assert (result["success"], result["status"]) == (True, "complete")


def test_a_virtual_table_cannot_be_exported_but_has_a_bookmark(account: Account) -> None:
    account.sql("CREATE VIRTUAL TABLE words USING fts5(text)")
    code, message = account.refusal("POST", f"{PATH}/export", json={})[1:]
    assert (code, "Virtual Tables" in message) == (7500, True)
    wanted = bookmark(account)
    assert account.refusal("POST", f"{PATH}/time_travel/restore?bookmark={wanted}")[:2] == (400, 7400)
    account.sql("DROP TABLE words")


def test_a_workers_own_write_moves_the_bookmark(account: Account) -> None:
    account.sql("CREATE TABLE t (a)")
    before = bookmark(account)
    account.cloud.runtime.d1(DATABASE, [Statement("INSERT INTO t VALUES (1)")])
    assert bookmark(account) > before


def bookmark(account: Account) -> str:
    return str(account.result("GET", f"{PATH}/time_travel/bookmark")["bookmark"])


def test_bookmarks_grow_with_every_write_and_stay_without_one(account: Account) -> None:
    account.sql("CREATE TABLE t (a)")
    before = bookmark(account)
    account.sql("SELECT * FROM t")
    assert bookmark(account) == before
    account.sql("INSERT INTO t VALUES (1)")
    assert bookmark(account) > before


def test_time_travel_goes_back_and_forth(account: Account) -> None:
    account.sql("CREATE TABLE t (a); CREATE VIEW v AS SELECT * FROM t; INSERT INTO t VALUES (1)")
    early = bookmark(account)
    account.sql("DROP VIEW v; ALTER TABLE t ADD COLUMN b; CREATE TABLE later (x REFERENCES t (a))")
    result = account.result("POST", f"{PATH}/time_travel/restore?bookmark={early}")
    assert account.sql("SELECT * FROM v") == [[{"a": 1}]]
    assert account.result("GET", PATH)["num_tables"] == 1
    assert early < result["previous_bookmark"] < result["bookmark"]
    account.result("POST", f"{PATH}/time_travel/restore?bookmark={result['previous_bookmark']}")
    assert account.sql("SELECT * FROM t, later") == [[]]


@pytest.mark.parametrize("wanted", ["", "nope", "../../account"])
def test_an_unknown_bookmark_is_refused_and_nothing_restored(account: Account, wanted: str) -> None:
    account.sql("CREATE TABLE t (a)")
    assert account.refusal("POST", f"{PATH}/time_travel/restore?bookmark={wanted}")[:2] == (400, 7400)
    account.sql("SELECT * FROM t")


def test_time_travel_to_a_time_is_refused_by_name(account: Account) -> None:
    _, _, message = account.refusal("GET", f"{PATH}/time_travel/bookmark?timestamp=2026-01-01T00:00:00Z")
    assert "bookmarks, not timestamps" in message


VALUES = st.one_of(
    st.none(), st.integers(-(2**53) + 1, 2**53 - 1), st.text(st.characters(exclude_categories=["Cs", "Cc"]))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=5))
def test_a_restored_database_holds_the_same_rows(account: Account, rows: list[tuple[Any, Any]]) -> None:
    inserts = [{"sql": "INSERT INTO t VALUES (?, ?)", "params": row} for row in rows]
    tables = [{"sql": "DROP TABLE IF EXISTS t"}, {"sql": "CREATE TABLE t (a, b)"}]
    account.result("POST", f"{PATH}/query", json={"batch": [*tables, *inserts]})
    early = bookmark(account)
    account.sql("DROP TABLE t")
    account.result("POST", f"{PATH}/time_travel/restore?bookmark={early}")
    assert [(row["a"], row["b"]) for row in account.sql("SELECT * FROM t")[0]] == rows


def test_databases_outlive_a_restart_on_disk(tmp_path: Path) -> None:
    from release.rehearsal.cloud.memory_runtime import MemoryRuntime

    (tmp_path / "d1").mkdir()
    with opened(tmp_path / "state", MemoryRuntime(tmp_path / "d1")) as account:
        account.sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
    with opened(tmp_path / "state", MemoryRuntime(tmp_path / "d1")) as account:
        assert account.sql("SELECT * FROM t") == [[{"a": 1}]]
