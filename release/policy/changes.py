"""What a new schema is to code that knows only the old one (pure): the rules of the policy, table by table.

The old code is taken to name its columns: SELECT columns, INSERT with a column list, UPDATE, DELETE, upserts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.policy.columns import column_changes
from release.policy.constraints import check_changes, key_changes, unique_changes
from release.policy.grades import Change
from release.policy.triggers import trigger_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.policy.shape import ForeignKey, Schema, Table


class Comparison:
    """Compares new schemas with one old schema; a table that is as it was the last time is not compared again."""

    def __init__(self, old: Schema) -> None:
        self._old = old
        self._known: dict[str, tuple[Table, bool, tuple[Change, ...]]] = {}

    def changes(self, new: Schema) -> frozenset[Change]:
        """Every difference from the old code's side: what it does not know is additive, whatever happens to it."""
        old = self._old
        found = {*_gone(old, new), *_added(old, new)}
        for name, table in old.tables.items():
            other = new.tables.get(name)
            if other is not None and other is not table:
                found.update(self._of_table(table, other, new))
        found.update(_view_changes(old, new))
        found.update(trigger_changes(old, new))
        return frozenset(found)

    def _of_table(self, table: Table, other: Table, new: Schema) -> tuple[Change, ...]:
        triggered = any(trigger.on == table.name for trigger in new.triggers.values())
        last = self._known.get(table.name)
        if last is None or last[0] is not other or last[1] != triggered:
            last = (other, triggered, tuple(_table_changes(table, other, triggered=triggered)))
            self._known[table.name] = last
        return last[2]


def narrowed(old: Schema, new: Schema) -> tuple[str, ...]:
    """Deletes of the old code that new rows of new references may refuse."""
    said = [
        f"a DELETE of a row of {key.parent} fails where {table.name}.{', '.join(key.columns)} names it"
        " (ON DELETE CASCADE or SET NULL keeps it working)"
        for table in new.tables.values()
        for key in sorted(table.foreign_keys - _known_keys(old, table.name), key=str)
        if key.parent in old.tables and key.on_delete in {"NO ACTION", "RESTRICT"}
    ]
    return tuple(dict.fromkeys(said))


def _known_keys(old: Schema, table: str) -> frozenset[ForeignKey]:
    return old.tables[table].foreign_keys if table in old.tables else frozenset()


def _gone(old: Schema, new: Schema) -> Iterator[Change]:
    for name in old.tables:
        if name in new.views:
            yield Change("breaking", f"table {name}", "is a view now, which takes no INSERT by itself")
        elif name not in new.tables:
            yield Change("breaking", f"table {name}", "is gone")
    for name in old.views:
        if not new.has(name):
            yield Change("breaking", f"view {name}", "is gone")


def _added(old: Schema, new: Schema) -> Iterator[Change]:
    for name, table in new.tables.items():
        if not old.has(name):
            kind = f"virtual table ({table.virtual.split()[0]})" if table.virtual else "table"
            yield Change("additive", f"{kind} {name}", "is new")
    for name in new.views:
        if not old.has(name):
            yield Change("additive", f"view {name}", "is new")


def _table_changes(old: Table, new: Table, *, triggered: bool) -> Iterator[Change]:
    name = f"table {old.name}"
    yield from column_changes(old, new)
    yield from unique_changes(old, new, triggered=triggered)
    yield from key_changes(old, new)
    yield from check_changes(old, new)
    yield from _index_changes(old, new)
    if new.strict and not old.strict:
        yield Change("breaking", name, "is STRICT now: it refuses values of another type")
    if old.strict and not new.strict:
        yield Change("additive", name, "is STRICT no more")
    if new.without_rowid and not old.without_rowid:
        yield Change("breaking", name, "is WITHOUT ROWID now: rowid and last_insert_rowid() are gone")
    if old.without_rowid and not new.without_rowid:
        yield Change("additive", name, "has a rowid now")
    if bool(old.virtual) != bool(new.virtual):
        yield Change("breaking", name, "is of another kind now" if old.virtual else "is a virtual table now")
    elif old.virtual != new.virtual:
        yield Change("additive", name, f"is made with other options: {new.virtual}")
    if [one for one in old.columns if one in new.columns] != [
        one for one in new.columns if one in old.columns
    ]:
        yield Change(
            "additive", name, "has its columns in another order (INSERT without a column list breaks)"
        )


def _index_changes(old: Table, new: Table) -> Iterator[Change]:
    before, after = dict(old.indexes), dict(new.indexes)
    for name in sorted(after.keys() - before.keys()):
        yield Change("additive", f"index {name}", f"is new on {new.name}")
    for name in sorted(before.keys() - after.keys()):
        yield Change("additive", f"index {name}", f"of {old.name} is gone: queries may be slower")
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield Change("additive", f"index {name}", f"of {new.name} is another one")


def _view_changes(old: Schema, new: Schema) -> Iterator[Change]:
    for name, view in old.views.items():
        columns = tuple(new.tables[name].columns) if name in new.tables else None
        if columns is None and name in new.views:
            other = new.views[name]
            columns = other.columns
            if not columns and view.columns:
                yield Change("breaking", f"view {name}", "cannot be read any more")
                continue
            if other.sql != view.sql:
                yield Change("additive", f"view {name}", "is made in another way")
        for column in view.columns:
            if columns is not None and column not in columns:
                yield Change("breaking", f"column {name}.{column}", "is gone from the view")
