"""One file on its way over sample rows: what each statement does by its words, and what it does besides."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from release.database.contents import Contents, Named, identified, numbered
from release.database.grades import Change, Reason
from release.database.hypotheses import hypotheses, plant
from release.database.losses import Cause, told
from release.database.reader import Reader
from release.database.samples import counters, fill
from release.database.seed import silent
from release.database.sqlite import SqlError, memory_database, run
from release.formats.printable import cut
from release.formats.sql import enclosed, statements, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import apsw

    from release.database.contents import Fault, Faults
    from release.database.seed import Value
    from release.database.shape import Schema, Table

_DATA = frozenset({"insert", "replace", "update", "delete", "with"})
_SHOWN = 72  # characters of a statement in a report
_MANY = re.compile(r"\blimit\s+\d+", re.IGNORECASE)


class Scene:
    """The scratch, and its schema as it was last read."""

    def __init__(self, released: apsw.Connection, sorts: list[str]) -> None:
        self.connection = memory_database()
        with self.connection.backup("main", released, "main") as copy:
            copy.step()
        self._reader = Reader(self.connection)
        fill(self.connection, self.look(), sorts)

    def look(self) -> Schema:
        """The schema as it is now."""
        return self._reader.read()[0]

    def replay(self, text: str) -> None:
        """Run a file, whole or not at all."""
        with self.file():
            run(self.connection, text)

    @contextlib.contextmanager
    def file(self) -> Iterator[None]:
        """Around a file: one transaction."""
        self.connection.execute("BEGIN")
        try:
            yield
            run(self.connection, "COMMIT")
        finally:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")


class RowCourse:
    """One file on its way over the sample rows."""

    def __init__(self, scene: Scene, released: Schema, group: frozenset[str]) -> None:
        self._scene, self._connection = scene, scene.connection
        self._released, self._group = released, group
        self._schema = self._first = scene.look()
        self._noted: dict[Change, Reason] = {}
        self._causes: dict[tuple[str, str], Cause] = {}
        self._filled: dict[str, Cause] = {}  # the statement that copied rows into a table
        self._last = Cause(1, "", "")

    def take(self, text: str) -> tuple[Reason, ...]:
        """Run the file and tell what is lost at its end."""
        before: Faults = {}
        counted = counters(self._connection)
        with self._scene.file():
            contents = self._contents()
            for line, statement in statements(text):
                cause = self._run(line, statement, contents)
                if cause is not None:
                    faults = contents.faults(self._schema)
                    changed = [one for one, fault in faults.items() if before.get(one) != fault]
                    self._causes |= dict.fromkeys(changed, cause)
                    before = faults
        for (table, column), fault in before.items():
            self._tell(table, column, fault, self._causes[table, column])
        self._tell_counters(counted)
        return tuple(self._noted.values())

    def _run(self, line: int, statement: str, contents: Contents) -> Cause | None:
        """Run a statement; what it was where it may have taken something away."""
        words = tokens(statement.rstrip(";"))
        verb = words[0] if words else ""
        self._last = Cause(line, cut(" ".join(statement.rstrip(";").split()), _SHOWN), verb, self._group)
        if not words:
            return None
        statement = _bounded(statement, words)
        if verb in _DATA:
            named = self._effect(statement, contents)
            self._last = self._cause(named, words)
            if named.verb == "insert":
                self._filled[named.table] = self._last
            self._suppose(statement, words, named)
            return self._last
        if verb == "drop":  # a foreign key's action fires the triggers of its table
            triggers = tuple(
                sorted(name for name, one in self._schema.triggers.items() if one.on in self._group)
            )
            self._last = replace(self._last, triggers=triggers)
        run(self._connection, statement)
        self._schema = self._scene.look()
        if verb == "alter" and "rename" in words and words[2] in self._filled:
            self._filled[words[-1]] = self._filled[words[2]]
        if words[:2] == ("create", "table") and "select" in words:
            self._filled[words[words.index("as") - 1]] = self._last
        return self._last if verb in {"drop", "alter", "create"} else None

    def _cause(self, named: Named, words: tuple[str, ...]) -> Cause:
        replaces = _replaces(self._connection, words, named.table)
        line, shown = self._last.line, self._last.statement
        return Cause(line, shown, named.verb, self._group, self._triggers(named.table), replaces)

    def _effect(self, statement: str, contents: Contents, values: tuple[Value, ...] = ()) -> Named:
        """Run a statement on data; contents expect what it does by name, and what its table's triggers do to these rows."""
        named = self._named(statement, values)
        contents.expect(named)
        run(self._connection, statement, values=values)
        table, triggers = self._schema.tables.get(named.table), self._triggers(named.table)
        if table is not None and triggers:
            there = identified(self._connection, table)
            for one in named.touched & there.keys() & named.after.keys():
                row, new = there[one], named.after[one]
                others = {name: row[name] for name in row if row[name] != new[name]}
                contents.change(named.table, new, others)
                for name in others:
                    self._note_own(named, name, triggers)
        return named

    def _named(self, statement: str, values: tuple[Value, ...]) -> Named:
        """What a statement does by itself."""
        import apsw

        seen: list[tuple[int, str, str]] = []
        written = {apsw.SQLITE_INSERT, apsw.SQLITE_UPDATE, apsw.SQLITE_DELETE}

        def note(action: int, first: str | None, second: str | None, _: str | None, __: str | None) -> int:
            if action in written and first:
                seen.append((action, first.lower(), (second or "").lower()))
            return apsw.SQLITE_OK

        hit: set[int] = set()
        with self._aside(), silent(self._connection):
            self._connection.authorizer = note
            self._connection.set_update_hook(lambda _, __, ___, number: hit.add(number))
            with contextlib.suppress(SqlError):
                run(self._connection, statement, values=values)
            self._connection.authorizer = None
            self._connection.set_update_hook(None)
            table = self._schema.tables.get(seen[0][1]) if seen else None
            after = identified(self._connection, table) if table else {}
            touched = numbered(self._connection, table, hit) if table else frozenset()
        actions = {action for action, *_ in seen}
        verb = "delete" if apsw.SQLITE_DELETE in actions else "update"
        if apsw.SQLITE_INSERT in actions:
            verb = "insert"
        if table is None:  # a view: SQLite refuses it while its triggers are silent
            words = tokens(statement)
            name = next((word for word in words if word in self._schema.views), "")
            return Named(name, "delete" if "delete" in words[:1] else "update")
        columns = frozenset(second for action, _, second in seen if action == apsw.SQLITE_UPDATE)
        columns |= _listed(tokens(statement), table) if verb == "insert" else frozenset()
        return Named(table.name, verb, columns, identified(self._connection, table), after, touched)  # type: ignore[arg-type]

    def _suppose(self, statement: str, words: tuple[str, ...], named: Named) -> None:
        """Note what it would do to others if it met rows that the sample has not."""
        cause = self._last
        supposed = hypotheses(self._schema, named, words, self._connection, replaces=cause.replaces)
        for query, values in supposed:
            self._try(query, values, cause)
        table = self._schema.tables.get(named.table)
        if cause.replaces and named.verb == "insert" and table is not None:
            for unique in sorted((one for one in table.uniques if not one.where), key=str):
                way = partial(plant, self._connection, self._schema, table, named, unique)
                self._try(statement, (), cause, way)

    def _try(
        self,
        statement: str,
        values: tuple[Value, ...],
        cause: Cause,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        with self._aside():
            if prepare is not None:
                prepare()
            contents = self._contents()
            try:
                self._effect(statement, contents, values)
            except SqlError:
                return  # refused: nothing is lost
            for (table, column), fault in contents.faults(self._schema).items():
                self._tell(table, column, fault, cause)

    def _tell(self, name: str, column: str, fault: Fault, cause: Cause) -> None:
        table = self._first.tables[name]
        change = told(table, column, fault, cause)
        place = cause
        if cause.verb in {"alter", "create"} and fault.kind != "all gone":
            place = self._filled.get(name, cause)
        self._noted.setdefault(change, Reason(change, place.statement, place.line))

    @contextlib.contextmanager
    def _aside(self) -> Iterator[None]:
        """Whatever happens inside is undone."""
        self._connection.execute("SAVEPOINT aside")
        try:
            yield
        finally:
            self._connection.execute("ROLLBACK TO aside; RELEASE aside")

    def _contents(self) -> Contents:
        return Contents(self._connection, self._released, self._schema, self._group)

    def _triggers(self, table: str) -> tuple[str, ...]:
        return tuple(sorted(name for name, one in self._schema.triggers.items() if one.on == table))

    def _note_own(self, named: Named, column: str, triggers: tuple[str, ...]) -> None:
        """A trigger changes more of a row that the statement changes: as it does whenever the application writes it."""
        if column in self._released.tables.get(named.table, self._schema.tables[named.table]).columns:
            why = f"changes too, by {'trigger' if len(triggers) == 1 else 'triggers'} {', '.join(triggers)}"
            change = Change("data", f"column {named.table}.{column}", why)
            self._noted.setdefault(change, Reason(change, self._last.statement, self._last.line))

    def _tell_counters(self, before: dict[str, int]) -> None:
        """AUTOINCREMENT gives no id twice; a table made anew has forgotten those of deleted rows."""
        after = counters(self._connection)
        for name in sorted(
            self._group & before.keys() & self._schema.tables.keys() & self._released.tables.keys()
        ):
            if after.get(name, 0) < before[name]:
                why = (
                    "may give ids of deleted rows again: its AUTOINCREMENT counter is lost with the old table"
                )
                change = Change("data", f"table {name}", why)
                place = self._filled.get(name) or self._last
                self._noted.setdefault(change, Reason(change, place.statement, place.line))


def _bounded(statement: str, words: tuple[str, ...]) -> str:
    """A copy of the first rows alone takes one of the few that the sample has."""
    is_copy = words[0] in {"insert", "replace", "create", "with"} and "select" in words
    return _MANY.sub("LIMIT 1", statement) if is_copy and "limit" in words else statement


def _listed(words: tuple[str, ...], table: Table) -> frozenset[str]:
    """The columns that an INSERT gives values for."""
    at = words.index("into") + 1 if "into" in words else 0
    for place in range(at, min(at + 6, len(words))):
        if words[place] == "(":
            return frozenset(enclosed(words, place)) - {","}
        if words[place] in {"select", "values", "with", "default"}:
            break
    return frozenset(table.columns)


def _replaces(connection: apsw.Connection, words: tuple[str, ...], table: str) -> bool:
    """Whether rows in the way of a statement are deleted: by its own words, or by those of the table's constraints."""
    if words[0] == "replace" or any(words[at : at + 2] == ("or", "replace") for at in range(1, len(words))):
        return True
    asked = "SELECT sql FROM sqlite_schema WHERE lower(name) = ? AND sql LIKE '%conflict%replace%'"
    return connection.execute(asked, (table,)).fetchone() is not None
