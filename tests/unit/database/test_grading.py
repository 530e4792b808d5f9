"""The grades of migrations: a fixed table, the order of files, and what nobody can tell."""

from __future__ import annotations

import pytest

from release.database.grades import Grades
from release.database.grading import grade
from tests.unit.database.cases import BEFORE, GRADES, migration
from tests.unit.database.rebuilds_cases import REBUILDS, REFUSED

ALL = {**GRADES, **REBUILDS}


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
        (["0001_b.sql"], "number 1 is taken twice"),
        (["0002_a.sql", "0002_b.sql"], "number 2 is taken twice"),
        (["0003_a.sql"], "there is a gap before it: 2 is missing"),
        (["0002_a.sql", "0004_b.sql"], "there is a gap before it: 3 is missing"),
        (["0000_a.sql"], "it comes before 1, which is released"),
    ],
)
def test_numbers_that_do_not_follow_are_named(names: list[str], because: str) -> None:
    found = grade(BEFORE, tuple(migration(name, "SELECT 1;") for name in names))

    assert because in found.cannot_tell[0].because
    assert found.window.open is None


def test_dates_need_not_follow_one_another() -> None:
    old = (migration("20260101120000_a.sql", "CREATE TABLE a (b);"),)
    found = grade(old, (migration("20260301120000_b.sql", "CREATE TABLE c (d);"),))

    assert not found.cannot_tell


def test_bytes_that_are_no_text_are_placed() -> None:
    found = grade(BEFORE, (migration("0002_x.sql", b"SELECT 1;\nSELECT '\xff';"),))

    assert (found.cannot_tell[0].line, "not UTF-8" in found.cannot_tell[0].because) == (2, True)


def test_a_released_file_that_fails_here_is_named() -> None:
    found = grade((migration("0001_a.sql", "nonsense;"),), (migration("0002_b.sql", "SELECT 1;"),))

    assert found.cannot_tell[0].file == "0001_a.sql"
    assert "it is released, and fails here" in found.cannot_tell[0].because
