"""One pending migration as it runs on the scratch, statement by statement, and what each of them changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from release.database import d1
from release.database.grades import ORDER, CannotTell, Change, Reason
from release.database.hypotheses import acts
from release.database.invented import empty
from release.database.shape import quoted
from release.database.sqlite import SqlError, run
from release.formats.printable import cut
from release.formats.sql import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

    import apsw

    from release.database.changes import Standing
    from release.database.shape import Schema

_READS = frozenset({"select", "values", "explain", "pragma", "analyze", "reindex"})
_WRITES = {
    "insert": "gets rows",
    "replace": "gets rows",
    "update": "has updated rows",
    "delete": "has deleted rows",
    "with": "has updated rows",
}
_SHOWN = 72  # characters of a statement in a report


class StoppedError(Exception):
    """A file cannot be run, and neither can those behind it; `because` says which and why.

    `error` is SQLite's where other rows might let it pass, `named` are the words of the statement that failed.
    """

    def __init__(self, because: CannotTell, error: str = "", named: frozenset[str] = frozenset()) -> None:
        super().__init__(because)
        self.because = because
        self.error = error
        self.named = named

    @property
    def word(self) -> str:
        """How sure it is that rows stop it: those of a child always do."""
        takes_rows = not self.named or bool({"delete", "drop"} & self.named)
        return "fails" if self.error.startswith("FOREIGN KEY") and takes_rows else "may fail"


class Course(Protocol):
    """What a file runs on: a scratch, its released and its present schema, and how they differ."""

    connection: apsw.Connection
    ledger: str
    old: Schema
    new: Schema

    def look(self) -> frozenset[Change]:
        """Read the schema again; what differs now and did not before."""
        ...

    def since(self, before: Standing) -> frozenset[Change]:
        """What differs now and did not then."""
        ...


class FileRun:
    """One file, whole or not at all, under D1's refusals.

    `written` are the tables that its statements write by name; `may_lose` says whether a statement is of a kind that
    takes rows or values away without naming them.
    """

    def __init__(self, course: Course, name: str, bare: frozenset[str] = frozenset()) -> None:
        self.written: frozenset[str] = frozenset()
        self.may_lose = False
        self._renamed: set[str] = set()
        self._course = course
        self._name = name
        self._standing: dict[Change, Reason] = {}
        self._noted: dict[Change, Reason] = {}
        self._watch = d1.Watch(course.ledger)
        self._at = (1, "")
        course.connection.authorizer = None
        course.connection.execute("BEGIN")
        empty(course.connection, bare)

    def run(self, line: int, statement: str) -> None:
        """Run one statement and note what it changes. Raises StoppedError where D1 or SQLite refuses it."""
        words = tokens(statement[:200])
        verb = words[0] if words else ""
        self._at = (line, cut(" ".join(statement.rstrip(";").split()), _SHOWN))
        if verb in d1.TRANSACTIONS:
            raise self._stopped(f"D1 refuses {verb.upper()}: it applies each file whole or not at all")
        if words[:2] == ("drop", "table") or (verb == "alter" and {"drop", "rename"} & {*tokens(statement)}):
            self.may_lose = True
            self._renamed |= {*tokens(statement)} & {*self._course.old.tables}
        self._watch.clear()
        self._execute(statement, is_alter=verb == "alter")
        if self._watch.ledger:
            raise self._stopped(f"it touches wrangler's own ledger, {self._course.ledger}")
        if verb not in _WRITES and verb not in _READS:
            for change in self._course.look():
                self._standing[change] = self.reason(change)
        elif verb in _WRITES:
            self.written |= self._watch.written
            self.may_lose |= "replace" in tokens(statement) or any(map(self._acts, self._watch.written))
            for name in filter(self._course.old.has, sorted(self._watch.written)):
                kind = "table" if name in self._course.old.tables else "view"
                self.note(Change("data", f"{kind} {name}", _WRITES[verb]))

    def commit(self) -> None:
        """End the file. Raises StoppedError where a deferred foreign key refuses it."""
        try:
            run(self._course.connection, "COMMIT")
        except SqlError as error:
            raise StoppedError(CannotTell(self._name, f"it fails at its end: {error}"), str(error)) from None

    @property
    def touched(self) -> frozenset[str]:
        """The tables that it writes, drops, alters or renames, also by triggers and foreign keys."""
        return frozenset(self._watch.touched | self._renamed)

    def note(self, *changes: Change) -> None:
        """Note changes that the last statement completed."""
        for change in sorted(changes, key=str):
            self._noted.setdefault(change, self.reason(change))

    def note_losses(self, reasons: Iterable[Reason]) -> None:
        """Note what is lost, each with the statement that takes it."""
        self._noted |= {one.change: one for one in reasons}

    def reason(self, change: Change) -> Reason:
        """A change with the statement that ran last."""
        line, statement = self._at
        return Reason(change, statement, line)

    def reasons(self, before: Standing) -> tuple[Reason, ...]:
        """Why the file has its grade, the worst first: what holds at its end and did not when it began."""
        lasting = self._course.since(before)
        found = [reason for change, reason in self._standing.items() if change in lasting]
        found += self._noted.values()
        worse = (one.change for one in found if one.change.grade == "breaking" and not one.change.lost)
        known = {change.thing.rpartition(" ")[2].partition(".")[0] for change in worse}
        return tuple(sorted(found, key=lambda one: _weight(one, known)))

    def _execute(self, statement: str, *, is_alter: bool) -> None:
        connection = self._course.connection
        connection.authorizer = self._watch
        try:
            run(connection, statement)
        except SqlError as error:
            if self._watch.refused:
                raise self._stopped(f"D1 refuses {self._watch.refused}") from None
            if not is_alter or not self._runs_on_empty_tables(statement):
                rows = "" if str(error).startswith("it ") else str(error)  # a bound: no row is in the way
                raise self._stopped(f"it fails: {error}", rows) from None
            self.note(
                Change(
                    "breaking",
                    f"table {tokens(statement)[2]}",
                    f"refuses the statement where it has rows: {error}",
                )
            )
        finally:
            connection.authorizer = None

    def _runs_on_empty_tables(self, statement: str) -> bool:
        """Whether the rows alone were in the way; they are gone then, and are seeded again after the file."""
        import apsw

        connection = self._course.connection
        connection.authorizer = None
        connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
        connection.execute("SAVEPOINT empty; PRAGMA defer_foreign_keys = ON")
        try:
            for name in self._course.new.tables:
                connection.execute(f"DELETE FROM {quoted(name)}")  # noqa: S608 - a name
            run(connection, statement)
        except (apsw.Error, SqlError):
            connection.execute("ROLLBACK TO empty")
            return False
        finally:
            connection.execute("RELEASE empty")
            connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 1)
        return True

    def _acts(self, name: str) -> bool:
        """Whether a write of it does more than it says: by a trigger, a foreign key's action, or ON CONFLICT REPLACE."""
        if name not in self._course.new.tables or acts(self._course.new, name):
            return True
        asked = "SELECT 1 FROM sqlite_schema WHERE lower(name) = ? AND sql LIKE '%conflict%replace%'"
        return self._course.connection.execute(asked, (name,)).fetchone() is not None

    def _stopped(self, because: str, error: str = "") -> StoppedError:
        line, statement = self._at
        cannot = CannotTell(self._name, f"{because} ({statement})", line)
        return StoppedError(cannot, error, frozenset(tokens(statement)))


def _weight(one: Reason, known: set[str]) -> tuple[int, int, bool, bool, str]:
    """The worst first, then line by line: what is lost, unless more is the matter with its table."""
    change = one.change
    is_more = change.lost is not None and change.lost.table in known
    return -ORDER.index(change.grade), one.line, is_more, change.lost is None, str(change)
