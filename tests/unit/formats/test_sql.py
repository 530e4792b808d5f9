"""SQL cut into statements and tokens, and what a text leaves open at its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.formats.sql import (
    OPEN_COMMENT,
    OPEN_STATEMENT,
    enclosed,
    open_end,
    parts,
    placed,
    statements,
    swallows,
    tokens,
)

TRIGGER = "CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 1; DELETE FROM c; END;"


@pytest.mark.parametrize(
    ("sql", "cut"),
    [
        ("", []),
        ("-- only a comment\n/* and another */", []),
        (";;", [(1, ";"), (1, ";")]),
        ("SELECT 1; SELECT 2;", [(1, "SELECT 1;"), (1, "SELECT 2;")]),
        ("-- why\n\nSELECT 1;\nSELECT 2", [(3, "SELECT 1;"), (4, "SELECT 2")]),
        (f"SELECT 1;\n{TRIGGER}\nSELECT 2;", [(1, "SELECT 1;"), (2, TRIGGER), (3, "SELECT 2;")]),
        ("INSERT INTO a VALUES (';');SELECT 1;", [(1, "INSERT INTO a VALUES (';');"), (1, "SELECT 1;")]),
        ("SELECT 1 -- a; b\n;", [(1, "SELECT 1 -- a; b\n;")]),
    ],
)
def test_a_text_is_cut_at_the_semicolons_that_end_a_statement(sql: str, cut: list[tuple[int, str]]) -> None:
    assert list(statements(sql)) == cut


@given(st.text(alphabet="ab;'\"-/*\n ()[]`", max_size=30))
def test_each_statement_stands_where_it_is_said_to(sql: str) -> None:
    for at, statement in placed(sql):
        assert sql[at:].startswith(statement)


@pytest.mark.parametrize(
    ("sql", "left"),
    [
        ("SELECT 1;", None),
        ("SELECT 1; -- done", None),
        ("SELECT 1;\n/* open", (2, OPEN_COMMENT)),
        ("SELECT 1; /*/", (1, OPEN_COMMENT)),
        ("SELECT 1; /**/", None),
        ("SELECT 1;\nSELECT 2", (2, OPEN_STATEMENT)),
        ("SELECT 'a;", (1, "a string that `'` begins")),
        ('SELECT 1;\nSELECT "a;', (2, 'a name that `"` begins')),
        ("SELECT [a;", (1, "a name that `[` begins")),
        ("SELECT `a;", (1, "a name that a backtick begins")),
        ("SELECT 'it''s';", None),
        (TRIGGER.removesuffix(" END;"), (1, OPEN_STATEMENT)),
        ("", None),
    ],
)
def test_what_a_text_leaves_open_is_named_with_the_line_on_which_it_begins(
    sql: str, left: tuple[int, str] | None
) -> None:
    assert open_end(sql) == left


@pytest.mark.parametrize(
    ("sql", "swallowed"),
    [
        ("SELECT 1;", False),
        ("SELECT 1; /* open", True),
        ("EXPLAIN", True),
        ("SELECT 1; explain query plan", True),
        ("SELECT 1", False),
        ("SELECT 'open", False),
    ],
)
def test_only_an_open_comment_or_explain_makes_what_follows_do_nothing(sql: str, *, swallowed: bool) -> None:
    assert swallows(sql) is swallowed


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ('CREATE TABLE "My Table" (A int)', ("create", "table", "my table", "(", "a", "int", ")")),
        ('"a""b" [C d] `e``F`', ('a"b', "c d", "e`f")),
        ("x = 'Kept AS it''s' -- gone", ("x", "=", "'Kept AS it''s'")),
        ("X'0aFF'", ("X'0aFF'",)),
        ("a<>b||c->>d", ("a", "<>", "b", "||", "c", "->>", "d")),
        ("1.5e3 _a$1", ("1.5e3", "_a$1")),
    ],
)
def test_names_are_folded_and_texts_are_kept(sql: str, found: tuple[str, ...]) -> None:
    assert tokens(sql) == found


def test_brackets_are_matched_and_commas_counted_outside_of_them() -> None:
    words = tokens("f(a, g(b, c), d) + h(e)")
    inner = enclosed(words, 1)
    assert inner == tokens("a, g(b, c), d")
    assert list(parts(inner)) == [("a",), tokens("g(b, c)"), ("d",)]
    assert enclosed(words, 0) == ()
    assert enclosed(tokens("(a"), 0) == ()
