"""The grades of pending migrations, kept by the hashes of all files that they depend on: this tool's own among them."""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import release.database
from release.database.grades import Grades
from release.formats import sql
from release.systems.machine.kept import Kept

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.model.repository import Migration
    from release.policy.migrations import Grading


def kept_grades(root: Path) -> Grading:
    """Grades migrations as `database.grading` does; the same files of a checkout are run once."""

    def grade(
        released: Sequence[Migration], pending: Sequence[Migration], ledger: str, order: Sequence[str]
    ) -> Grades:
        kept, name = Kept(root, "grades"), _name(released, pending, ledger, order)
        found = kept.get(name)
        if found is not None:
            try:
                return msgspec.json.decode(found, type=Grades)
            except msgspec.MsgspecError:
                pass  # torn, or somebody else's: it is made again
        from release.database import grading

        grades = grading.grade(released, pending, ledger, order)
        kept.put(name, msgspec.json.encode(grades))
        return grades

    return grade


def _name(
    released: Sequence[Migration], pending: Sequence[Migration], ledger: str, order: Sequence[str]
) -> str:
    """The hash of everything that the grades depend on."""
    files = [[(one.name, one.sha256) for one in some] for some in (released, pending)]
    return hashlib.sha256(msgspec.json.encode((_grader(), files, ledger, tuple(order)))).hexdigest()


def _grader() -> list[str]:
    """What grades: this tool's modules, and SQLite's."""
    modules = sorted(Path(release.database.__path__[0]).glob("*.py"))
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (*modules, Path(sql.__file__))]
    try:
        return [*hashes, version("apsw")]
    except PackageNotFoundError:
        return hashes
