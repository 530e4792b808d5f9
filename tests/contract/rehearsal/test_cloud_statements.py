"""SQL cut into statements: examples, and properties over generated ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.rehearsal.cloud.statements import reads_only, split, verb

TRIGGER = """CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET n = n + 1; -- one; more
  DELETE FROM b;
END;"""
STATEMENTS = st.sampled_from(
    [
        "SELECT 1;",
        "INSERT INTO t VALUES ('a;b', \"c;d\");",
        "INSERT INTO t VALUES ('it''s; fine');",
        "-- a comment; with a semicolon\nDROP TABLE t;",
        "/* two; lines\n; */ UPDATE t SET a = 1;",
        'SELECT [odd;name], `other;name` FROM "t;";',
        "CREATE TABLE t (\n  a INTEGER, -- first;\n  b TEXT DEFAULT ';'\n);",
        TRIGGER,
    ]
)
BLANKS = st.sampled_from(["", " ", "\n\n", "\t", "\r\n"])


@given(st.lists(STATEMENTS), BLANKS)
def test_statements_that_are_joined_come_apart_again(statements: list[str], blank: str) -> None:
    assert split(blank.join(statements) + blank) == tuple(statements)


@given(st.lists(STATEMENTS))
def test_a_last_statement_needs_no_semicolon(statements: list[str]) -> None:
    assert split("".join(statements) + "SELECT 2") == (*statements, "SELECT 2")


@given(st.text())
def test_no_text_is_lost_but_blanks_comments_and_empty_statements(text: str) -> None:
    for statement in split(text):
        assert statement in text
        assert statement == statement.strip()


@pytest.mark.parametrize("text", ["", " \n", "-- only a comment", "/* open", "/* a */ -- b\n", ";", "; ;"])
def test_text_without_a_statement_has_none(text: str) -> None:
    assert split(text) == ()


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("select 1", "SELECT"),
        ("-- why\n/* more */ Insert into t", "INSERT"),
        ("BEGIN;", "BEGIN"),
        ("(1)", ""),
        ("", ""),
    ],
)
def test_the_first_word_is_found_behind_comments(sql: str, word: str) -> None:
    assert verb(sql) == word


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("SELECT * FROM t", True),
        ("EXPLAIN DELETE FROM t", True),
        ("VALUES (1)", True),
        ("PRAGMA table_info(t)", True),
        ("PRAGMA user_version = 3", False),
        ("WITH a AS (SELECT 1) SELECT * FROM a", True),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", False),
        ("CREATE TABLE IF NOT EXISTS t (a)", False),
        ("-- SELECT\nDELETE FROM t", False),
    ],
)
def test_only_what_cannot_write_counts_as_a_read(sql: str, reads: bool) -> None:  # noqa: FBT001  # a table's column
    assert reads_only(sql) is reads
