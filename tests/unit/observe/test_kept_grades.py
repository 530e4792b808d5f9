"""Grades are kept by the hashes of the files: the same are read, others are made, and what is kept stays small."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from release.database.grading import grade
from release.model.repository import Migration
from release.observe.grades import kept_grades
from release.systems.machine.kept import MOST, Kept

if TYPE_CHECKING:
    from pathlib import Path

LEDGER = "d1_migrations"


def migration(name: str, sql: str) -> Migration:
    return Migration(name, sql.encode(), hashlib.sha256(sql.encode()).hexdigest())


RELEASED = (migration("0001_pages.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY, slug TEXT);"),)
LOSING = (migration("0002_drop.sql", "ALTER TABLE pages DROP COLUMN slug;"),)
ADDING = (migration("0002_drop.sql", "ALTER TABLE pages ADD COLUMN title TEXT;"),)


def files(root: Path) -> list[Path]:
    return sorted((root / ".release" / "grades").iterdir())


def test_kept_grades_are_those_that_running_the_files_gives(tmp_path: Path) -> None:
    for pending in (LOSING, ADDING):
        first = kept_grades(tmp_path)(RELEASED, pending, LEDGER, ())
        again = kept_grades(tmp_path)(RELEASED, pending, LEDGER, ())
        assert first == again == grade(RELEASED, pending, LEDGER, ())
    assert len(files(tmp_path)) == 2


def test_the_same_files_are_not_run_again(tmp_path: Path) -> None:
    kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ())
    files(tmp_path)[0].write_bytes(b'{"files": []}')

    assert kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ()).files == ()


def test_what_is_torn_or_deleted_is_made_again(tmp_path: Path) -> None:
    first = kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ())
    file = files(tmp_path)[0]
    file.write_bytes(file.read_bytes()[:20])
    assert kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ()) == first
    file.unlink()
    assert kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ()) == first


def test_where_nothing_can_be_kept_the_files_are_run(tmp_path: Path) -> None:
    (tmp_path / ".release").write_text("no folder")

    assert kept_grades(tmp_path)(RELEASED, LOSING, LEDGER, ()) == grade(RELEASED, LOSING, LEDGER, ())


def test_the_answers_that_were_asked_for_longest_ago_go(tmp_path: Path) -> None:
    answers = Kept(tmp_path, "surfaces")
    for number in range(MOST):
        answers.put(f"{number}", b"said")
        os.utime(tmp_path / ".release" / "surfaces" / f"{number}.json", (number + 1, number + 1))
    assert answers.get("0") == b"said"  # asked for just now

    answers.put("one more", b"said")

    assert [answers.get(name) for name in ("0", "1", "2", "one more")] == [b"said", None, b"said", b"said"]
    assert len(list((tmp_path / ".release" / "surfaces").iterdir())) == MOST
