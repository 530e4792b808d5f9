"""The source `schema`: what the pending migrations demand, and whether the live version works after them (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.files import changed, pending
from release.formats.wrangler_migrations import LEDGER
from release.model.evidence import Evidence, Fault, Loss
from release.model.record import Window
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.database.grades import FileGrade, Grade, Grades, Reason
    from release.model.evidence import Baseline
    from release.model.repository import Migration
    from release.model.request import Level

SOURCE = "schema"
_MOST = 12  # reasons that are told
_DEMANDS: dict[Grade, Level] = {"none": "patch", "data": "patch", "additive": "minor", "breaking": "major"}


def weigh(
    past: Baseline, now: Sequence[Migration], folder: str, unapplied: Sequence[str] = (), ledger: str = LEDGER
) -> tuple[Evidence, Window | None]:
    """The evidence of the migrations that the last release had not, and the rollback window over them.

    `unapplied` are files that the database's ledger does not list: they will be applied, whatever the last release held.
    """
    if isinstance(past.migrations, Unread):
        fault = Fault(f"the migrations of {past.tag} cannot be read: {past.migrations.because}")
        return Evidence(SOURCE, cannot_tell=(fault,)), Window(open=None)
    released = tuple(one for one in past.migrations if one.name not in unapplied)
    added = pending(released, now)
    errors = tuple(_tampered(past.tag, name, now, folder) for name in changed(past.migrations, now))
    if not added:
        return Evidence(SOURCE, errors=errors, note="no migration since"), None
    from release.database.grading import grade

    grades = grade(released, added, ledger)
    faults = tuple(Fault(one.because, f"{folder}/{one.file}", one.line) for one in grades.cannot_tell)
    least = _DEMANDS[grades.worst] if grades.files else None
    evidence = Evidence(SOURCE, least, _because(grades), faults, errors, losses=_losses(grades))
    return evidence, window_of(grades, added)


def window_of(grades: Grades, added: Sequence[Migration]) -> Window:
    """The rollback window as a record keeps it."""
    window = grades.window
    return Window(
        open=window.open,
        closed_by=tuple(str(one) for one in window.closed_by),
        narrowed=window.narrowed,
        migrations=tuple(one.name for one in added),
    )


def _because(grades: Grades) -> tuple[str, ...]:
    files = sorted(grades.files, key=lambda file: -list(_DEMANDS).index(file.grade))
    told = [line for file in files for line in _of_file(file)]
    if len(told) > _MOST:  # what is lost is never among those that are left out
        lost = {one.said for one in _losses(grades)}
        told.sort(key=lambda line: line not in lost)
    most = max(_MOST, len(_losses(grades)))
    more = [f"and {len(told) - most} more"] if len(told) > most else []
    return (*told[:most], *more)


def _of_file(file: FileGrade) -> list[str]:
    if not file.reasons:
        return [f"{file.name} changes nothing (none)"]
    return [_line(file, one) for one in file.reasons]


def _line(file: FileGrade, one: Reason) -> str:
    return f"{file.name}:{one.line} {one.change} ({one.change.grade}): {one.statement}"


def _losses(grades: Grades) -> tuple[Loss, ...]:
    return tuple(
        Loss(_line(file, one), lost.table, lost.columns, lost.every)
        for file in grades.files
        for one in file.reasons
        if (lost := one.change.lost)
    )


def _tampered(tag: str, name: str, now: Sequence[Migration], folder: str) -> Fault:
    word = "is another file now" if any(one.name == name for one in now) else "is gone"
    return Fault(
        f"{name} was released with {tag} and {word}: databases that have run it will never see the difference",
        f"{folder}/{name}",
    )
