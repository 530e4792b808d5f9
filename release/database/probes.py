"""Queries of the old code, tried on the old database and on the migrated one: what worked and now fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.database.grades import Change
from release.database.seed import insert, row
from release.database.shape import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import apsw

    from release.database.seed import Value
    from release.database.shape import Schema, Table

Query = tuple[str, tuple["Value", ...]]
_FAR = 900_001  # keys that no row of a migration is likely to have


@dataclass(frozen=True)
class Probe:
    """Queries of one kind that the old code may run one after the other; `verb` names them."""

    verb: str
    queries: tuple[Query, ...]

    @property
    def word(self) -> str:
        """What stands between the verb and the table's name."""
        return {"SELECT": "from", "DELETE": "from", "UPDATE": "of"}.get(self.verb, "into")


class OldCode:
    """The old code's queries on the database of the last release; each table's are made once."""

    def __init__(self, old: apsw.Connection, schema: Schema) -> None:
        self.database = old
        self._schema = schema
        self._working: dict[str, tuple[Probe, ...]] = {}

    def failures_on(self, new: apsw.Connection, name: str, only: str = "") -> Iterator[Change]:
        """What worked on this table and fails on the migrated database; `only` one verb where it is given."""
        told = set()
        for probe in self._probes(self._schema.tables[name]):
            if only not in {"", probe.verb}:
                continue
            error = _failure(new, probe)
            if error and error not in told and not self._is_of_data(name, probe, error):
                told.add(error)
                yield Change("breaking", f"an old {probe.verb} {probe.word} {name}", f"fails: {error}")

    def failures_of_views(self, new: apsw.Connection) -> Iterator[Change]:
        """The views that could be read and no longer can."""
        for view in self._schema.views.values():
            probe = Probe("SELECT", (_select(view.name, view.columns),))
            if view.columns and not _failure(self.database, probe):
                error = _failure(new, probe)
                if error:
                    yield Change("breaking", f"an old SELECT from {view.name}", f"fails: {error}")

    def _probes(self, table: Table) -> tuple[Probe, ...]:
        if table.name not in self._working:
            made = _made(self.database, table)
            self._working[table.name] = tuple(one for one in made if not _failure(self.database, one))
        return self._working[table.name]

    def _is_of_data(self, name: str, probe: Probe, error: str) -> bool:
        """Whether it fails for rows that a migration wrote or took, and not for the schema."""
        if error.startswith("UNIQUE constraint failed: "):
            prefix = f"{name}."
            columns = {
                word.strip().lower().removeprefix(prefix)
                for word in error.removeprefix("UNIQUE constraint failed: ").split(",")
            }
            known = self._schema.tables[name].uniques
            return any({label for label, _ in unique.columns} == columns for unique in known)
        return error.startswith("FOREIGN KEY") and probe.verb != "DELETE"


def _failure(connection: apsw.Connection, probe: Probe) -> str:
    """Why a probe fails; nothing where it works. The database is as before."""
    import apsw

    connection.execute("SAVEPOINT probe")
    try:
        for query in probe.queries:
            connection.execute(*query).fetchall()
    except apsw.Error as error:
        return str(error)
    finally:
        connection.execute("ROLLBACK TO probe; RELEASE probe")
    return ""


def _made(old: apsw.Connection, table: Table) -> Iterator[Probe]:
    yield Probe("SELECT", (_select(table.name, tuple(table.columns)),))
    one, other = row(old, table, _FAR), row(old, table, _FAR + 1, odd=True)
    yield Probe("INSERT", (insert(table, one), insert(table, other)))
    yield Probe("INSERT", (insert(table, one),))
    yield Probe("INSERT", (insert(table, other),))
    needed = {name: value for name, value in one.items() if _is_needed(table, name)}
    yield Probe("INSERT", (insert(table, needed),))
    sparse = {name: None if _may_be_null(table, name) else value for name, value in other.items()}
    yield Probe("INSERT", (insert(table, sparse),))
    for unique in table.uniques:
        if not unique.where and all(name in table.columns for name, _ in unique.columns):
            names = ", ".join(quoted(name) for name, _ in unique.columns)
            yield Probe("upsert", (insert(table, other, f" ON CONFLICT ({names}) DO NOTHING"),))
    yield from _updates(table, other)
    yield Probe("DELETE", ((f"DELETE FROM {quoted(table.name)}", ()),))  # noqa: S608 - names are quoted
    yield Probe("DELETE", (insert(table, one), _delete(table, one)))


def _updates(table: Table, values: Mapping[str, Value]) -> Iterator[Probe]:
    for name, value in values.items():
        if name in table.key:
            continue
        query = f"UPDATE {quoted(table.name)} SET {quoted(name)} = ?"  # noqa: S608 - names are quoted
        yield Probe("UPDATE", ((query, (value,)),))
        if _may_be_null(table, name):
            yield Probe("UPDATE", ((query, (None,)),))


def _delete(table: Table, values: Mapping[str, Value]) -> Query:
    name = (table.key or tuple(values))[0]
    return f"DELETE FROM {quoted(table.name)} WHERE {quoted(name)} = ?", (values.get(name),)  # noqa: S608


def _select(name: str, columns: tuple[str, ...]) -> Query:
    # with its table before it: SQLite takes a quoted name that no column has for a text
    spelled = ", ".join(f"{quoted(name)}.{quoted(column)}" for column in columns)
    return f"SELECT {spelled} FROM {quoted(name)} LIMIT 1", ()  # noqa: S608 - names are quoted


def _is_needed(table: Table, name: str) -> bool:
    column = table.columns[name]
    return column.notnull and column.default in {"", "null"}


def _may_be_null(table: Table, name: str) -> bool:
    return not table.columns[name].notnull and name not in table.key
