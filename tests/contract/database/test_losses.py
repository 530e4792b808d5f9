"""Data that a migration would take: the plan names it with its rows, and the local runtime's own D1 does what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from release.database.grading import grade
from release.model.request import Request
from release.rehearsal.cloud.statements import Statement
from release.testing import Recorder
from release.testing.double import DATABASES
from release.testing.monorepo import CONFIG, MIGRATIONS
from release.views.summary import Page
from release.views.text import plan_lines
from tests.contract.cloud_account import miniflare, opened
from tests.unit.database.cases import migration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Request as Asked

    from release.model.outcome import Outcome
    from release.model.request import Wanted
    from release.testing import Double
    from release.views.line import Line
    from tests.contract.cloud_account import Account

OFF = '[tool.release.policy]\nschema = "off"\napi = "off"\ncommits = "off"\n'
ON = CONFIG.replace(OFF, "")
CHILD = (
    "CREATE TABLE post (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE SET NULL);\n"
)
REBUILT = """\
PRAGMA defer_foreign_keys = ON;
CREATE TABLE fresh (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, name TEXT);
INSERT INTO fresh (id, mail) SELECT id, mail FROM users;
DROP TABLE users;
ALTER TABLE fresh RENAME TO users;
"""
LOSS = (
    "0005_users.sql:4 column post.user_id is NULL now in every row that refers to users (ON DELETE SET NULL)"
)
ROWS = (
    "INSERT INTO users (id, mail) VALUES (1, 'a'), (2, 'b');",
    "INSERT INTO post (id, user_id) VALUES (1, 1), (2, 1), (3, 2), (4, NULL);",
)


def prepared(double: Double) -> None:
    """Released with a table that refers to users; a rebuild of users is pending, and production has rows."""
    double.commit({"pyproject.toml": ON, f"{MIGRATIONS}/0004_post.sql": CHILD}, "feat: posts")
    assert double.release(request=Request(level="minor")).outcome == "released"
    double.runtime.d1(DATABASES["double-production"], [Statement(sql) for sql in ROWS])
    double.commit({f"{MIGRATIONS}/0005_users.sql": REBUILT}, "fix: users have a name")


def planned(double: Double, bump: Wanted) -> tuple[Outcome, list[Line]]:
    recorder = Recorder()
    outcome = double.plan(request=Request(level=bump), listener=recorder)
    lines = list(plan_lines(recorder.preview)) if recorder.preview else []
    return outcome, lines


def test_a_parent_that_is_made_anew_under_set_null_blocks_a_minor_and_names_the_column(
    double: Double,
) -> None:
    prepared(double)
    outcome, _ = planned(double, "minor")

    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    (problem,) = (one for one in outcome.problems if one.check == "policy schema")
    assert LOSS in problem.what
    assert problem.advice.startswith("inv release --bump major;")


def test_the_plan_shows_the_loss_in_red_with_its_rows_and_the_way_back_is_closed(double: Double) -> None:
    prepared(double)
    outcome, lines = planned(double, "major")

    assert outcome.outcome == "planned", outcome.problems
    (shown,) = (line for line in lines if LOSS in line.text and "rollback" not in line.text)
    assert (shown.tone, shown.text.endswith(" · 3 rows in double-production")) == ("bad", True)
    assert any(line.text.startswith("    rollback closed") and "post.user_id" in line.text for line in lines)
    (schema,) = (one for one in outcome.as_json()["policy"]["sources"] if one["source"] == "schema")
    (loss,) = schema["losses"]
    assert (loss["table"], loss["columns"], loss["every"], loss["rows"]) == ("post", ["user_id"], True, 3)


def test_the_job_summary_shows_the_loss_too(double: Double) -> None:
    prepared(double)
    recorder = Recorder()
    double.plan(request=Request(level="major"), listener=recorder)

    page = Page(preview=recorder.preview).document()
    assert "3 rows in double-production**" in page


def test_rows_that_cannot_be_counted_are_said_to_be_unknown(double: Double) -> None:
    prepared(double)

    def deaf(asked: Asked) -> Response | None:
        return Response("busy", 503) if b"count(*)" in asked.get_data() else None

    double.cloud.before = deaf
    outcome, lines = planned(double, "major")

    assert outcome.outcome == "planned", outcome.problems
    assert any(line.tone == "bad" and line.text.endswith(" · row count unknown") for line in lines)


def test_rows_are_counted_only_where_some_are_lost(double: Double) -> None:
    double.commit({"pyproject.toml": ON}, "feat: nothing that loses")
    asked: list[bytes] = []
    double.cloud.before = lambda one: asked.append(one.get_data())
    outcome, _ = planned(double, "minor")

    assert outcome.outcome == "planned", outcome.problems
    assert not [one for one in asked if b"count(*)" in one]


OF_TWO = """CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT);
CREATE TABLE post (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE {});
CREATE TABLE comment (id INTEGER PRIMARY KEY, post_id INTEGER REFERENCES post (id) ON DELETE CASCADE);
"""
SWAP = REBUILT.replace("mail TEXT UNIQUE, name TEXT", "mail TEXT")
HELD = "INSERT INTO users VALUES (1, '007'), (2, NULL); INSERT INTO post VALUES (1, 1), (2, 2);"
HELD += "INSERT INTO comment VALUES (1, 1), (2, 2);"
LEAVES_OUT = SWAP.replace("FROM users", "FROM users WHERE mail IS NOT NULL")
ALIKE = "INSERT OR REPLACE INTO users (id) VALUES (1);"

# name -> (the action of the child, the migration, what differs on D1 afterwards)
ON_D1: dict[str, tuple[str, str, set[str]]] = {
    "set null": ("SET NULL", SWAP, {"post.user_id"}),
    "set default": ("SET DEFAULT", SWAP, {"post.user_id"}),
    "cascade": ("CASCADE", SWAP, {"post", "comment"}),
    "a copy that leaves out": ("SET NULL", LEAVES_OUT, {"users", "post.user_id"}),
    "a cast": (
        "SET NULL",
        SWAP.replace("SELECT id, mail", "SELECT id, mail + 0"),
        {"users.mail", "post.user_id"},
    ),
    "replace": ("CASCADE", ALIKE, {"users.mail", "post", "comment"}),
    "delete": ("SET NULL", "DELETE FROM users WHERE id = 1;", {"post.user_id"}),
}


@pytest.fixture(scope="module")
def d1(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("d1")
    with opened(folder / "state", miniflare(folder / "runtime")) as account:
        yield account


@pytest.mark.rehearsal
@pytest.mark.parametrize("name", ON_D1)
def test_the_local_runtimes_own_d1_loses_what_was_said(d1: Account, name: str) -> None:
    action, sql, expected = ON_D1[name]
    schema = OF_TWO.format(action)
    found = grade((migration("0001_a.sql", schema),), (migration("0002_b.sql", sql),))
    told = {one.change.thing.partition(" ")[2] for one in found.files[0].reasons if one.change.lost}
    uuid = d1.result("POST", "/d1/database", json={"name": f"of {name}"})["uuid"]

    def query(text: str) -> list[dict[str, Any]]:
        answers = d1.result("POST", f"/d1/database/{uuid}/query", json={"sql": text})
        return [dict(row) for row in answers[-1]["results"]]

    def held() -> dict[str, dict[int, dict[str, Any]]]:
        tables = ("users", "post", "comment")
        return {table: {row["id"]: row for row in query(f"SELECT * FROM {table}")} for table in tables}

    query(schema + HELD)
    before = held()
    query(sql)
    after = held()

    deleted = {1} if sql.startswith("DELETE") else set()  # the row that the statement names
    gone = {
        table
        for table, rows in before.items()
        if rows.keys() - after[table].keys() - (deleted if table == "users" else set())
    }
    changed = {
        f"{table}.{column}"
        for table, rows in before.items()
        for key in rows.keys() & after[table].keys()
        for column in rows[key]
        if rows[key][column] != after[table][key][column]
    }
    assert gone | changed == expected
    assert told == expected
    assert found.worst == "breaking"


@pytest.mark.rehearsal
def test_the_local_runtimes_own_d1_refuses_what_fails_where_there_are_rows(d1: Account) -> None:
    schema = OF_TWO.format("NO ACTION")
    found = grade((migration("0001_a.sql", schema),), (migration("0002_b.sql", SWAP),))
    uuid = d1.result("POST", "/d1/database", json={"name": "of a refusal"})["uuid"]
    d1.result("POST", f"/d1/database/{uuid}/query", json={"sql": schema + HELD})

    assert [one.because for one in found.hints] == [
        "fails where post has rows: FOREIGN KEY constraint failed"
    ]
    assert not d1.ask("POST", f"/d1/database/{uuid}/query", json={"sql": SWAP}).json()["success"]
    counted = "SELECT count(*) AS n FROM post WHERE user_id IS NOT NULL"
    (answer,) = d1.result("POST", f"/d1/database/{uuid}/query", json={"sql": counted})
    assert answer["results"] == [{"n": 2}]
