"""Rows and values that go without being named: each kind is breaking and told, and what is named stays as it was graded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.database.grading import grade
from tests.unit.database.cases import migration
from tests.unit.database.losses_cases import KEPT, LOSSES, RELEASED, WHOLE
from tests.unit.database.shapes_cases import SHAPES

if TYPE_CHECKING:
    from release.database.grades import FileGrade, Grades


def graded(*files: str, released: str = RELEASED) -> Grades:
    pending = tuple(migration(f"{at:04}_x.sql", sql) for at, sql in enumerate(files, 2))
    return grade((migration("0001_all.sql", released),), pending)


def only(found: Grades) -> FileGrade:
    assert not found.cannot_tell, found.cannot_tell
    (file,) = found.files
    return file


@pytest.mark.parametrize("name", LOSSES)
def test_what_goes_without_being_named_is_breaking_and_told(name: str) -> None:
    sql, says = LOSSES[name]
    found = graded(sql)
    lost = [str(one.change) for one in only(found).reasons if one.change.lost]

    assert only(found).grade == "breaking"
    assert any(says in one for one in lost), lost
    assert found.window.open is False


@pytest.mark.parametrize("name", SHAPES)
def test_it_is_told_in_any_shape_of_schema(name: str) -> None:
    schema, sql, says = SHAPES[name]
    lost = [str(one.change) for one in only(graded(sql, released=schema)).reasons if one.change.lost]

    assert any(says in one for one in lost), lost


@pytest.mark.parametrize("name", KEPT)
def test_what_is_named_or_kept_is_no_loss(name: str) -> None:
    sql, expected = KEPT[name]
    file = only(graded(sql))

    assert [one.change for one in file.reasons if one.change.lost] == []
    assert file.grade == expected, file.reasons


ONE_CHILD = RELEASED[: RELEASED.index("CREATE TABLE profile")]
SAVED = "CREATE TABLE saved AS SELECT id, author_id FROM post;\n"
PUT_BACK = "UPDATE post SET author_id = (SELECT author_id FROM saved WHERE saved.id = post.id);\n"


def test_children_that_get_back_what_they_held_have_lost_nothing() -> None:
    file = only(graded(f"{SAVED}{WHOLE}{PUT_BACK}DROP TABLE saved;", released=ONE_CHILD))

    assert [str(one.change) for one in file.reasons] == ["table post has updated rows"]


def test_children_that_get_back_another_value_have_lost_theirs() -> None:
    back = "UPDATE post SET author_id = (SELECT min(author_id) FROM saved);\n"
    file = only(graded(f"{SAVED}{WHOLE}{back}DROP TABLE saved;", released=ONE_CHILD))

    assert file.grade == "data"  # it names the column, as every UPDATE may


def test_the_statement_that_takes_them_is_named_and_its_line() -> None:
    lost = next(one for one in only(graded(WHOLE, released=ONE_CHILD)).reasons if one.change.lost)

    assert (lost.line, lost.statement) == (4, "DROP TABLE author")
    assert lost.change.lost is not None
    assert (lost.change.lost.table, lost.change.lost.columns, lost.change.lost.every) == (
        "post",
        ("author_id",),
        True,
    )


def test_a_copy_that_leaves_out_is_placed_where_it_copies() -> None:
    sql, _ = LOSSES["a copy of some rows"]
    lost = next(one for one in only(graded(sql)).reasons if one.change.lost)

    assert lost.statement.startswith("INSERT INTO fresh SELECT")


def test_what_an_earlier_pending_file_made_is_there_for_a_later_one() -> None:
    kinds = "CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
    kinds += "INSERT INTO kind (name) SELECT DISTINCT said FROM note WHERE said IS NOT NULL;"
    columns = "at TEXT, said TEXT, kind INTEGER"
    copy = "SELECT note.*, kind.id FROM note LEFT JOIN kind ON kind.name = note.said"
    swap = "DROP TABLE note; ALTER TABLE fresh RENAME TO note;"
    found = graded(kinds, f"CREATE TABLE fresh ({columns}); INSERT INTO fresh {copy}; {swap}")

    assert [file.grade for file in found.files] == ["additive", "additive"]


def test_a_table_that_no_release_has_had_may_lose_its_rows() -> None:
    made = "CREATE TABLE fresh (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO fresh VALUES (1, 'x'), (2, 'y');"
    again = "CREATE TABLE f (a INTEGER PRIMARY KEY, b TEXT); DROP TABLE fresh; ALTER TABLE f RENAME TO fresh;"
    found = graded(made, again)

    assert found.worst == "additive"
    assert found.window.open
