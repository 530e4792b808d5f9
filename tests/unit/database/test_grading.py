"""The grades of migrations: a fixed table, the order of files, and what nobody can tell."""

from __future__ import annotations

import pytest

from release.database.grades import Grades
from release.database.grading import grade
from tests.unit.database.cases import BEFORE, GRADES, migration
from tests.unit.database.rebuilds_cases import REBUILDS, REFUSED
from tests.unit.database.uses_cases import HINTS, LENIENT, UNENDED

ALL = {**GRADES, **REBUILDS, **LENIENT}


def graded(*files: str) -> Grades:
    return grade(BEFORE, tuple(migration(f"{at:04}_x.sql", sql) for at, sql in enumerate(files, 2)))


@pytest.mark.parametrize("name", ALL)
def test_a_migration_has_the_grade_of_the_table(name: str) -> None:
    sql, expected, says = ALL[name]
    found = graded(sql)

    assert not found.cannot_tell, found.cannot_tell
    (file,) = found.files
    assert file.grade == expected, file.reasons
    assert says in (str(file.reasons[0].change) if file.reasons else "")
    is_of_data = "rows" in says or "is empty now" in says  # the old code works, on less than it had
    assert found.window.open is (expected != "breaking") or is_of_data


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_run_has_no_grade_and_says_why(name: str) -> None:
    sql, because = REFUSED[name]
    found = graded("CREATE TABLE fine (a);", sql, "CREATE TABLE later (a);")

    assert [file.grade for file in found.files] == ["additive"]
    assert [(one.file, because in one.because) for one in found.cannot_tell] == [("0003_x.sql", True)]
    assert found.window.open is None


def test_the_table_has_sixty_cases() -> None:
    assert len(ALL) + len(REFUSED) >= 60


def test_a_reason_names_the_statement_and_its_line() -> None:
    found = graded("-- why\nCREATE TABLE tags (a);\n\nALTER TABLE pages\n  DROP COLUMN slug;\n")
    reason = found.files[0].reasons[0]

    assert (reason.line, reason.statement) == (4, "ALTER TABLE pages DROP COLUMN slug")


def test_a_table_that_no_release_has_had_may_go_again() -> None:
    found = graded("CREATE TABLE tags (a);", "ALTER TABLE tags ADD COLUMN b;", "DROP TABLE tags;")

    assert [file.grade for file in found.files] == ["additive", "none", "none"]
    assert "goes back to what it was" in found.files[2].reasons[0].change.why
    assert found.window.open


def test_a_column_that_comes_back_opens_the_window_and_stays_breaking() -> None:
    found = graded("ALTER TABLE pages DROP COLUMN slug;", "ALTER TABLE pages ADD COLUMN slug TEXT;")

    assert [file.grade for file in found.files] == ["breaking", "additive"]
    assert found.window.open


def test_a_later_file_is_graded_on_what_the_earlier_ones_made() -> None:
    found = graded("ALTER TABLE pages ADD COLUMN lead TEXT;", "CREATE UNIQUE INDEX i ON pages (title, lead);")

    assert [file.grade for file in found.files] == ["additive", "additive"]


def test_what_closes_the_window_is_named() -> None:
    window = graded("ALTER TABLE pages DROP COLUMN slug; DROP TABLE numbers;").window

    assert window.open is False
    assert [one.thing for one in window.closed_by] == ["column pages.slug", "table numbers"]


def test_a_reference_that_may_refuse_a_delete_later_is_told() -> None:
    window = graded("CREATE TABLE tags (page REFERENCES pages (id));").window

    assert window.open
    assert "a DELETE of a row of pages fails where tags.page names it" in window.narrowed[0]


def test_no_pending_file_leaves_the_window_open() -> None:
    assert graded() == Grades()


@pytest.mark.parametrize(
    ("names", "because"),
    [
        (["0001_b.sql"], "has the same number as 0001_all.sql"),
        (
            ["0002_a.sql", "0002_b.sql"],
            "has the same number as 0002_b.sql: the name decides their order (so it is with 1",
        ),
        (["0003_a.sql"], "leaves a gap: there is no 2"),
        (["0002_a.sql", "0004_b.sql"], "leaves a gap: there is no 3"),
        (
            ["0000_a.sql"],
            "comes before 0001_all.sql, which is released: a new database runs it in another order, to the same",
        ),
    ],
)
def test_numbers_that_do_not_follow_are_told_once_and_block_nothing(names: list[str], because: str) -> None:
    found = grade(BEFORE, tuple(migration(name, "SELECT 1;") for name in names))

    assert not found.cannot_tell
    (hint,) = found.hints
    assert because in hint.because
    assert found.window.open


@pytest.mark.parametrize(
    ("late", "because"),
    [
        ("CREATE TABLE IF NOT EXISTS users (x);", "fails: 0001_all.sql: table users already exists"),
        ("CREATE TABLE IF NOT EXISTS numbers (x); DROP TABLE numbers;", "to another schema"),
    ],
)
def test_a_late_file_blocks_where_a_new_database_would_have_another_schema(late: str, because: str) -> None:
    found = grade(BEFORE, (migration("0000_a.sql", late),))

    assert because in found.cannot_tell[0].because
    assert found.window.open is None


@pytest.mark.parametrize(
    "names",
    [
        ("20260101120000_a.sql", "20260301120000_b.sql"),
        ("2026-01-02_a.sql", "2026-03-02_b.sql"),
        ("2026_01_02_a.sql", "2026_01_09_b.sql"),
        ("20260102_a.sql", "20260102_b.sql"),
        ("202601_a.sql", "202603_b.sql"),
        ("1.2.0_a.sql", "1.4.0_b.sql"),
        ("users/0001_a.sql", "users/0002_b.sql"),
        ("a/0001_a.sql", "b/0001_a.sql"),
        ("first.sql", "second.sql"),
    ],
)
def test_dates_versions_and_folders_need_not_follow_one_another(names: tuple[str, str]) -> None:
    old, new = names
    found = grade((migration(old, "CREATE TABLE a (b);"),), (migration(new, "CREATE TABLE c (d);"),))

    assert not found.cannot_tell
    assert not found.hints


def test_bytes_that_are_no_text_are_placed() -> None:
    found = grade(BEFORE, (migration("0002_x.sql", b"SELECT 1;\nSELECT '\xff';"),))

    assert (found.cannot_tell[0].line, "not UTF-8" in found.cannot_tell[0].because) == (2, True)


def test_a_released_file_that_fails_here_is_named() -> None:
    found = grade((migration("0001_a.sql", "nonsense;"),), (migration("0002_b.sql", "SELECT 1;"),))

    assert found.cannot_tell[0].file == "0001_a.sql"
    assert "it is released, and fails here" in found.cannot_tell[0].because


@pytest.mark.parametrize("name", HINTS)
def test_what_fails_only_on_some_rows_or_when_it_is_used_is_told(name: str) -> None:
    released, sql, grade_of, said = HINTS[name]
    found = grade((migration("0001_a.sql", released),), (migration("0002_b.sql", sql),))

    assert not found.cannot_tell
    assert (found.files[0].grade, [one.because for one in found.hints]) == (grade_of, said)


@pytest.mark.parametrize("name", UNENDED)
def test_a_file_that_wrangler_cannot_note_has_no_grade(name: str) -> None:
    sql, line, because = UNENDED[name]
    found = graded(sql)

    assert [(one.line, because in one.because) for one in found.cannot_tell] == [(line, True)]


def test_a_released_file_without_its_semicolon_is_run_all_the_same() -> None:
    released = (migration("0001_a.sql", "CREATE TABLE a (b)"),)

    assert grade(released, (migration("0002_b.sql", "DROP TABLE a;"),)).worst == "breaking"


def test_a_file_that_may_lose_rows_is_not_graded_where_none_could_be_followed() -> None:
    released = "CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL);"
    sql = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, a TEXT NOT NULL); INSERT INTO n SELECT id, NULL FROM p WHERE a <> 'no';"
        "DROP TABLE p; ALTER TABLE n RENAME TO p;"
    )
    found = grade((migration("0001_a.sql", released),), (migration("0002_b.sql", sql),))

    assert "NOT NULL constraint failed" in found.cannot_tell[0].because
