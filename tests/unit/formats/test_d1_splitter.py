"""How the remote D1 cuts a file, with a case of our own for each kind of public report."""

from __future__ import annotations

import pytest

from release.formats.d1_splitter import received, refusals

TABLE = "CREATE TABLE item (id INTEGER PRIMARY KEY, state TEXT, seen TEXT);\n"


def trigger(body: str, *, lines: bool = False, words: tuple[str, str] = ("BEGIN", "END")) -> str:
    """A trigger on the table, on one line or on several."""
    begin, end = words
    text = f"CREATE TRIGGER guard BEFORE UPDATE ON item {begin} {body} {end};\n"
    return text.replace(f" {begin} ", f"\n{begin}\n  ").replace(f" {end};", f"\n{end};") if lines else text


CASE = "SELECT CASE WHEN new.state = 'x' THEN RAISE(ABORT, 'no') END;"
TOUCH = "UPDATE item SET seen = 'now' WHERE id = new.id;"

# the report -> (the file, the wrangler that sends it, its line, whether it is certain, why, what D1 would receive)
REPORTS: dict[str, tuple[str, tuple[int, ...] | None, int, bool, str, str]] = {
    "slopdotcash 158: a CASE in the body ends the trigger": (
        TABLE + trigger(CASE, lines=True),
        None,
        2,
        True,
        "a trigger whose body D1 ends at the END of a CASE",
        "RAISE(ABORT, 'no') END;",
    ),
    "workers-sdk 4326: the same on one line": (
        trigger(CASE),
        (3, 15, 0),
        1,
        True,
        "ends at the END of a CASE",
        "THEN RAISE(ABORT, 'no') END;",
    ),
    "workers-sdk 14991: CRLF line ends": (
        (TABLE + trigger(TOUCH, lines=True)).replace("\n", "\r\n"),
        (4, 107, 0),
        2,
        True,
        "with CRLF line ends",
        "WHERE id = new.id;",
    ),
    "workers-sdk 14991: CRLF, sent by a wrangler between the two": (
        trigger(TOUCH, lines=True).replace("\n", "\r\n"),
        (4, 130, 0),
        1,
        False,
        "with CRLF line ends",
        "WHERE id = new.id;",
    ),
    "ADE 934, disputed by 935: small letters": (
        trigger(TOUCH, words=("begin", "end")),
        None,
        1,
        False,
        "writes begin or end in small letters",
        "WHERE id = new.id;",
    ),
    "workers-sdk 4998: several lines": (
        TABLE + trigger(TOUCH, lines=True),
        (3, 28, 1),
        2,
        False,
        "has several lines",
        "WHERE id = new.id;",
    ),
    "workers-sdk 15178: many triggers of several lines": (
        TABLE + trigger(TOUCH, lines=True) + trigger(TOUCH, lines=True).replace("guard", "other"),
        None,
        2,
        False,
        "has several lines",
        "WHERE id = new.id;",
    ),
    "workers-sdk 15314: two statements in a body of several lines": (
        trigger(f"{TOUCH}\n  DELETE FROM item WHERE id = 0;", lines=True),
        None,
        1,
        False,
        "has several lines",
        "WHERE id = new.id;",
    ),
    "emdash 3301, disputed by 3306: a body that raises": (
        trigger("SELECT RAISE(ABORT, 'locked');", lines=True),
        None,
        1,
        False,
        "has several lines",
        "SELECT RAISE(ABORT, 'locked');",
    ),
    "a CASE that no `;` follows": (
        trigger("UPDATE item SET seen = CASE WHEN id > 1 THEN 'a' END WHERE id = new.id;"),
        None,
        1,
        False,
        "has an END before its own",
        "THEN 'a' END",
    ),
    "a statement over 100 KB": (
        f"{TABLE}INSERT INTO item (state) VALUES ('{'x' * 100_001}');",
        None,
        2,
        True,
        "a statement of 100,0",
        "",
    ),
    "more than 100 bound parameters": (
        f"{TABLE}INSERT INTO item (id) VALUES {', '.join(['(?)'] * 101)};",
        None,
        2,
        True,
        "binds 101 parameters",
        "",
    ),
    "a high number of a parameter": ("SELECT ?1, ?300;", None, 1, True, "binds 300 parameters", ""),
}


@pytest.mark.parametrize("report", REPORTS)
def test_what_a_report_saw_refused_is_named_with_its_line_and_what_d1_would_receive(report: str) -> None:
    sql, version, line, certain, why, receives = REPORTS[report]
    found = tuple(refusals(sql, version))

    assert (found[0].line, found[0].is_certain) == (line, certain)
    assert why in found[0].why
    assert found[0].receives.endswith(receives)
    assert found[0].remedy


FINE = {
    "a trigger on one line": trigger(TOUCH),
    "a CASE in brackets": trigger("SELECT (CASE WHEN new.id = 1 THEN RAISE(ABORT, 'no') END);"),
    "an END in a text": trigger("UPDATE item SET seen = 'END;' WHERE id = new.id;"),
    "an END in a name": trigger('UPDATE item SET "seen" = 1 WHERE "END" = 1;'),
    "a column like END": trigger("UPDATE item SET seen = new.weekend;"),
    "a CASE outside of any trigger": "UPDATE item SET seen = CASE WHEN id > 1 THEN 'a' END;\n",
    "CRLF without a trigger": TABLE.replace("\n", "\r\n"),
    "a statement of 100 KB": f"INSERT INTO item (state) VALUES ('{'x' * 99_000}');",
    "a hundred parameters": f"SELECT {', '.join('?' * 100)};",
    "a trigger that is dropped": "DROP TRIGGER guard;",
    "nothing": "",
}


@pytest.mark.parametrize("name", FINE)
def test_what_no_report_saw_refused_is_not_named(name: str) -> None:
    assert tuple(refusals(FINE[name])) == ()
    assert "".join(received(FINE[name])).strip("; \n") == FINE[name].strip("; \r\n")


def test_a_wrangler_that_sends_no_crlf_has_no_fault_with_it() -> None:
    text = trigger(TOUCH).replace(" BEGIN", "\r\nBEGIN")
    assert [one.why for one in refusals(text, (4, 156, 0))] == ["begins a trigger that has several lines"]


def test_a_crlf_in_a_text_is_no_line_end() -> None:
    found = refusals(trigger("UPDATE item SET seen = 'a\r\nb';"), (4, 107, 0))
    assert [one.is_certain for one in found] == [False]


def test_the_rest_of_a_trigger_that_is_cut_is_a_statement_of_its_own() -> None:
    assert received(TABLE + trigger(CASE)) == (
        TABLE.strip(),
        f"CREATE TRIGGER guard BEFORE UPDATE ON item BEGIN {CASE}",
        "END;",
    )
