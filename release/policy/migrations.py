"""The source `schema`: what the pending migrations demand, and whether the live version works after them (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from release.database.contract import MARKER, contracts
from release.database.files import changed, pending
from release.database.passes import passes
from release.formats.wrangler_migrations import LEDGER
from release.frozen import Frozen
from release.model.evidence import LEVELS, Evidence, Fault, Loss
from release.model.record import Window
from release.model.stores import qualified
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from release.database.grades import FileGrade, Grade, Grades, Reason
    from release.model.repository import Migration
    from release.model.request import Level

    Grading = Callable[[Sequence[Migration], Sequence[Migration], str, Sequence[str]], Grades]

SOURCE = "schema"
_MOST = 12  # reasons that are told
_DEMANDS: dict[Grade, Level] = {"none": "patch", "data": "patch", "additive": "minor", "breaking": "major"}


class Case(Frozen, frozen=True):
    """What is weighed of one database: its migrations at the last release and now, their folder, and its ledger's table.

    `name` is what people call it, `label` the same where there are several. `unapplied` are files that its ledger does not
    list: they will be applied, whatever the last release held. `contract`: every breaking one waits for the new version.
    """

    released: tuple[Migration, ...] | Unread
    now: tuple[Migration, ...]
    folder: str
    unapplied: tuple[str, ...] = ()
    ledger: str = LEDGER
    name: str = ""
    label: str = ""
    contract: bool = False


def weigh(tag: str, cases: Sequence[Case], grade: Grading | None = None) -> tuple[Evidence, Window | None]:
    """The evidence of the migrations that the last release had not, in every database, and the rollback window over them.

    `grade` grades them; unless it is given, they are run.
    """
    weighed = [_weighed(tag, case, grade) for case in cases]
    window = joined(window for _, window in weighed)
    said = sorted((one for one, _ in weighed), key=lambda one: -_rank(one.least))
    if len(said) == 1:
        return said[0], window
    notes = {one.note for one in said}
    return Evidence(
        SOURCE,
        max((one.least for one in said), key=_rank, default=None),
        tuple(line for one in said for line in one.because),
        tuple(fault for one in said for fault in one.cannot_tell),
        tuple(fault for one in said for fault in one.errors),
        note=notes.pop() if len(notes) == 1 else "",
        losses=tuple(loss for one in said for loss in one.losses),
        warnings=tuple(fault for one in said for fault in one.warnings),
        remedy=next((one.remedy for one in said if one.remedy), ""),
        passes=tuple(one for each in said for one in each.passes),
    ), window


def _rank(level: Level | None) -> int:
    return -1 if level is None else LEVELS.index(level)


def _weighed(tag: str, case: Case, grade: Grading | None) -> tuple[Evidence, Window | None]:
    """The evidence and the window of one database."""
    whose = f"{case.label}: " if case.label else ""
    if isinstance(case.released, Unread):
        fault = Fault(f"{whose}the migrations of {tag} cannot be read: {case.released.because}")
        return Evidence(SOURCE, cannot_tell=(fault,)), Window(open=None)
    released = tuple(one for one in case.released if one.name not in case.unapplied)
    added = pending(released, case.now)
    errors = tuple(_tampered(tag, name, case) for name in changed(case.released, case.now))
    if not added:
        return Evidence(SOURCE, errors=errors, note="no migration since"), None
    if grade is None:
        from release.database import grading

        grade = grading.grade
    grades = grade(released, added, case.ledger, tuple(one.name for one in case.now))
    faults = tuple(
        Fault(f"{whose}{one.because}", f"{case.folder}/{one.file}", one.line) for one in grades.cannot_tell
    )
    hints = tuple(
        Fault(f"{whose}{one.file} {one.because}", f"{case.folder}/{one.file}", one.line)
        for one in grades.hints
    )
    named = contracts(released, added, case.ledger, graded=case.contract)
    first = next((at for at, one in enumerate(added) if one.name in named), len(added))
    least = max((_demanded(one, named) for one in grades.files), key=LEVELS.index, default=None)
    evidence = Evidence(
        SOURCE,
        least,
        _because(grades, case),
        faults,
        errors,
        losses=_losses(grades, case),
        warnings=hints,
        remedy=_remedy(grades, named),
        passes=_passing(added, case),
    )
    if first == len(added):
        return evidence, window_of(grades, added, case.label)
    before = grade(released, added[:first], case.ledger, ())
    window = window_of(before if not grades.cannot_tell else grades, added, case.label)
    later = tuple(qualified(case.label, one.name) for one in added[first:])
    return evidence, msgspec.structs.replace(window, contract=later)


def _passing(added: Sequence[Migration], case: Case) -> tuple[Loss, ...]:
    """The statements that go through a whole table."""
    return tuple(
        Loss(
            f"{qualified(case.label, one.file)}:{one.line} {one.what} {one.table}",
            one.table,
            every=True,
            store=case.name,
        )
        for one in passes(added)
    )


def _demanded(file: FileGrade, contract: frozenset[str]) -> Level:
    """What a file demands: one that waits for the new version breaks nothing that is live when it runs."""
    found = _DEMANDS[file.grade]
    return min(found, "minor", key=LEVELS.index) if file.name in contract else found


def _remedy(grades: Grades, contract: frozenset[str]) -> str:
    """How breaking files are run where they break nothing."""
    found = [one.name for one in grades.files if one.grade == "breaking" and one.name not in contract]
    return (
        f"put `{MARKER}` into {' and '.join(found)}, and they run once the new version serves"
        if found
        else ""
    )


def window_of(grades: Grades, added: Sequence[Migration], label: str = "") -> Window:
    """The rollback window as a record keeps it; `label` is the name of the database where there are several."""
    window, whose = grades.window, f"{label}: " if label else ""
    return Window(
        open=window.open,
        closed_by=tuple(f"{whose}{one}" for one in window.closed_by),
        narrowed=tuple(f"{whose}{one}" for one in window.narrowed),
        migrations=tuple(qualified(label, one.name) for one in added),
    )


def joined(windows: Iterable[Window | None]) -> Window | None:
    """The window over several databases: closed where one is, open where all are; None where nothing migrates."""
    found = [one for one in windows if one is not None]
    if len(found) < 2:  # noqa: PLR2004 - several
        return found[0] if found else None
    answers = {one.open for one in found}
    return Window(
        open=False if False in answers else None if None in answers else True,
        closed_by=tuple(said for one in found for said in one.closed_by),
        narrowed=tuple(said for one in found for said in one.narrowed),
        migrations=tuple(name for one in found for name in one.migrations),
        contract=tuple(name for one in found for name in one.contract),
    )


def _because(grades: Grades, case: Case) -> tuple[str, ...]:
    files = sorted(grades.files, key=lambda file: -list(_DEMANDS).index(file.grade))
    told = [line for file in files for line in _of_file(file, case)]
    losses = _losses(grades, case)
    if len(told) > _MOST:  # what is lost is never among those that are left out
        lost = {one.said for one in losses}
        told.sort(key=lambda line: line not in lost)
    most = max(_MOST, len(losses))
    more = (
        [f"and {len(told) - most} more{f' in {case.label}' if case.label else ''}"]
        if len(told) > most
        else []
    )
    return (*told[:most], *more)


def _of_file(file: FileGrade, case: Case) -> list[str]:
    if not file.reasons:
        return [f"{qualified(case.label, file.name)} changes nothing (none)"]
    return [_line(file, one, case) for one in file.reasons]


def _line(file: FileGrade, one: Reason, case: Case) -> str:
    name = qualified(case.label, file.name)
    return f"{name}:{one.line} {one.change} ({one.change.grade}): {one.statement}"


def _losses(grades: Grades, case: Case) -> tuple[Loss, ...]:
    return tuple(
        Loss(_line(file, one, case), lost.table, lost.columns, lost.every, store=case.name)
        for file in grades.files
        for one in file.reasons
        if (lost := one.change.lost)
    )


def _tampered(tag: str, name: str, case: Case) -> Fault:
    word = "is another file now" if any(one.name == name for one in case.now) else "is gone"
    return Fault(
        f"{qualified(case.label, name)} was released with {tag} and {word}: "
        "databases that have run it will never see the difference",
        f"{case.folder}/{name}",
    )
