"""Grades pending migrations by running them, in order, on a scratch that holds the released schema (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database import d1
from release.database.changes import changes, narrowed, only_grows
from release.database.filerun import FileRun, StoppedError
from release.database.files import number_hints, pending_text, text_of
from release.database.grades import CannotTell, Change, FileGrade, Grades, Hint, Window, worst
from release.database.invented import in_the_way
from release.database.order import order_found
from release.database.probes import OldCode
from release.database.reader import Reader
from release.database.samples import keep_defaults
from release.database.seed import seed, silent
from release.database.shape import quoted
from release.database.sqlite import SqlError, memory_database, run
from release.database.usable import unknown_default, unusable
from release.database.witness import Witness
from release.formats.sql import statements
from release.formats.wrangler_migrations import LEDGER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import apsw

    from release.database.changes import Standing
    from release.database.grades import Reason
    from release.database.shape import Schema
    from release.model.repository import Migration


def grade(
    released: Sequence[Migration],
    pending: Sequence[Migration],
    ledger: str = LEDGER,
    order: Sequence[str] = (),
) -> Grades:
    """What each pending migration is to code that knows the released ones, and whether that code still works.

    Each file runs as D1 runs it: whole or not at all, with foreign keys on, under D1's refusals and limits. `order` are
    the names of all files as wrangler orders them.
    """
    if not pending:
        return Grades()
    unordered, hints = order_found(released, pending, order, ledger)
    faults, hints = list(unordered), (*hints, *(() if hints else number_hints(released, pending)))
    try:
        course = _begin(released, ledger)
    except StoppedError as stopped:
        return Grades((), (*faults, stopped.because), Window(open=None), hints)
    files = []
    for migration in pending:
        text = pending_text(migration)
        if isinstance(
            text, CannotTell
        ):  # it may have been applied without its row: what is behind it is graded too
            faults.append(text)
            text = text_of(migration)
        if isinstance(text, CannotTell):
            break
        try:
            files.append(course.take(migration, text))
        except StoppedError as stopped:
            faults.append(stopped.because)
            break
    window = Window(open=None) if faults else course.window()
    return Grades(tuple(files), tuple(faults), window, (*hints, *course.hints))


def _begin(released: Sequence[Migration], ledger: str) -> _Course:
    connection = memory_database()
    connection.execute(
        f"CREATE TABLE {quoted(ledger)} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, applied_at TEXT)"
    )
    for migration in released:
        text = text_of(migration)
        if isinstance(text, CannotTell):
            continue  # D1 took it, or nothing came of it
        try:
            run(connection, f"{text}\n")  # as wrangler sends it: a last `/*` is a comment then
        except SqlError as error:
            raise StoppedError(
                CannotTell(migration.name, f"it is released, and fails here: {error}")
            ) from None
    reader = Reader(connection, ledger)
    schema, _ = reader.read()
    invented = seed(connection, schema.tables.values())
    with silent(connection):
        keep_defaults(connection, schema.tables.values())
    old = memory_database()
    with old.backup("main", connection, "main") as copy:
        copy.step()
    d1.limit(connection)
    course = _Course(connection, ledger, reader, schema, OldCode(old, schema))
    course.invented |= invented
    return course


class _Course:
    """One scratch on its way through the pending files."""

    def __init__(
        self, connection: apsw.Connection, ledger: str, reader: Reader, old: Schema, old_code: OldCode
    ) -> None:
        self.connection = connection
        self.ledger = ledger
        self.old = self.new = old
        self.standing: Standing = {}  # how the schema differs from the released one
        self._reader = reader
        self._old_code = old_code
        self._failing: dict[str, frozenset[Change]] = {}
        self._witness = Witness(old_code.database, old)
        self._lost: set[Change] = set()
        self.invented: set[str] = set()  # the tables that hold made-up rows alone
        self.hints: list[Hint] = []
        self._unseen = frozenset[str]()  # the tables whose rows the last file may change by no name

    def take(self, migration: Migration, text: str) -> FileGrade:
        """Run one file's SQL and grade it. Raises StoppedError where it cannot be run."""
        try:
            return self._graded(migration, text)
        except StoppedError as stopped:
            bare = self._in_the_way(text, stopped)
            if not bare:
                raise
            self._witness.leave_empty(bare)
            return self._graded_without(migration, text, bare, stopped)

    def _graded_without(
        self, migration: Migration, text: str, bare: frozenset[str], stopped: StoppedError
    ) -> FileGrade:
        """The grade where the made-up rows of these tables were in the way; what becomes of real ones is not seen then."""
        found = self._graded(migration, text, bare)
        if self._unseen & bare:
            raise stopped
        hint = f"{stopped.word} where {' and '.join(sorted(bare))} {'have' if len(bare) > 1 else 'has'} rows"
        self.hints.append(Hint(migration.name, f"{hint}: {stopped.error}", stopped.because.line))
        return found

    def _in_the_way(self, text: str, stopped: StoppedError) -> frozenset[str]:
        """The tables whose made-up rows alone stopped a file; the scratch and its schema are as they were before it."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")
        self.look()
        if not stopped.error:
            return frozenset()
        known = [one for one in self.new.tables.values() if one.name in self.invented]
        parents = sorted(known, key=lambda one: (bool(one.foreign_keys), one.name))
        return in_the_way(self.connection, text, [one.name for one in parents], stopped.named)

    def _graded(self, migration: Migration, text: str, bare: frozenset[str] = frozenset()) -> FileGrade:
        """Run a file, with no rows in some tables."""
        before, standing = self.new, self.standing
        file = FileRun(self, migration.name, bare)
        for line, statement in statements(text):
            file.run(line, statement)
        file.commit()
        self._unseen = file.touched if file.may_lose else frozenset()
        file.note_losses(self._losses(file, migration, text, before))
        moved = {name for name, table in self.new.tables.items() if before.tables.get(name) is not table}
        self._seed((moved | file.touched | bare) & set(self.old.tables))
        if moved or file.written or before != self.new:
            told = {one for one in self.since(standing) if one.grade == "breaking"}
            failing = self._new_failures(before, moved, file.written)
            file.note(*(one for one in failing if not one.is_told_by(told)))
        self.invented -= file.written
        self._seed(
            moved | file.touched | bare
        )  # only now: rows of the new code are none that old queries met
        if said := unknown_default(self.connection, before, self.new):
            raise StoppedError(CannotTell(migration.name, said))
        self.hints += (Hint(migration.name, said) for said in unusable(self.connection, before, self.new))
        reasons = file.reasons(standing)
        if not reasons and self.new != before:
            back = Change("none", "the schema", "goes back to what it was before an earlier pending file")
            reasons = (file.reason(back),)
        return FileGrade(migration.name, worst(tuple(one.change.grade for one in reasons)), reasons)

    def window(self) -> Window:
        """Whether the released code works on the schema as it is now."""
        closing = {one for some in self.standing.values() for one in some if one.grade == "breaking"}
        closing |= self._lost | {
            one for some in self._failing.values() for one in some if not one.is_told_by(closing)
        }
        return Window(not closing, tuple(sorted(closing, key=str)), narrowed(self.old, self.new))

    def look(self) -> frozenset[Change]:
        """Read the schema again; what differs now and did not before."""
        before = self.standing
        self.new, moved = self._reader.read()
        self.standing = {**before, **changes(self.old, self.new, moved)}
        return self.since(before)

    def since(self, before: Standing) -> frozenset[Change]:
        """What differs from the released schema now and did not then."""
        nothing: frozenset[Change] = frozenset()
        fresh = [
            some - before.get(name, nothing)
            for name, some in self.standing.items()
            if some is not before.get(name)
        ]
        return nothing.union(*fresh)

    def _seed(self, names: Iterable[str]) -> None:
        tables = [self.new.tables[name] for name in names if name in self.new.tables]
        self.invented |= seed(self.connection, tables)

    def _losses(self, file: FileRun, migration: Migration, text: str, before: Schema) -> tuple[Reason, ...]:
        """What the file takes away without naming it, in every table that it may reach."""
        group = self._reached(file.touched, before) if file.may_lose else frozenset()
        if not group & self.old.tables.keys():
            self._witness.keep(text)
            return ()
        try:
            found = self._witness.losses(text, group)
        except SqlError as error:
            why = f"what becomes of the rows cannot be followed on sample rows: {error}"
            raise StoppedError(CannotTell(migration.name, why)) from None
        self._lost |= {one.change for one in found if one.change.lost}
        return found

    def _reached(self, names: frozenset[str], before: Schema) -> frozenset[str]:
        """These tables, and those whose rows refer to theirs, through any number of levels."""
        keys = {
            (key.parent, table.name)
            for schema in (before, self.new)
            for table in schema.tables.values()
            for key in table.foreign_keys
        }
        reached, more = frozenset[str](), names
        while more - reached:
            reached |= more
            more = frozenset(child for parent, child in keys if parent in reached)
        return reached

    def _new_failures(self, before: Schema, moved: set[str], written: frozenset[str]) -> set[Change]:
        """What old queries fail now and did not before this file."""
        known = self._failing
        now = {name: self._failures(name) for name in self._touched(before, moved)}
        for name in self._parents(moved | written) - now.keys():
            now[f"{name} DELETE"] = frozenset(
                self._old_code.failures_on(self.connection, name, only="DELETE")
            )
        now[""] = frozenset(self._old_code.failures_of_views(self.connection))
        self._failing = {**known, **now}
        return {one for name, some in now.items() for one in some - known.get(name, frozenset())}

    def _failures(self, name: str) -> frozenset[Change]:
        return frozenset(self._old_code.failures_on(self.connection, name))

    def _touched(self, before: Schema, moved: set[str]) -> set[str]:
        """The released tables on which an old query may behave otherwise after this file."""
        triggered = {one.on for one in self.new.triggers.values() if before.triggers.get(one.name) != one}
        held = (moved | triggered) & self.old.tables.keys() & self.new.tables.keys()
        tables = self.new.tables
        watched = triggered | {name for name, some in self._failing.items() if some}
        return {
            name for name in held if name in watched or not only_grows(before.tables.get(name), tables[name])
        }

    def _parents(self, names: set[str]) -> set[str]:
        """The released tables whose rows those of some tables name."""
        tables = [self.new.tables[name] for name in names if name in self.new.tables]
        keys = (key for table in tables for key in table.foreign_keys)
        parents = {key.parent for key in keys if key.on_delete != "CASCADE"}
        return parents & self.old.tables.keys() & self.new.tables.keys()
