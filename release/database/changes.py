"""What a new schema is to code that knows only the old one (pure): the rules of the policy, table by table.

The old code is taken to name its columns: SELECT columns, INSERT with a column list, UPDATE, DELETE, upserts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.columns import NOTHING, column_changes
from release.database.constraints import check_changes, key_changes, lets_old_rows_pass, unique_changes
from release.database.grades import Change
from release.database.triggers import fills, trigger_changes
from release.formats.sql import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from release.database.shape import ForeignKey, Schema, Table


Standing = dict[str, frozenset[Change]]  # what differs, by table or view; "" holds what is of several


def changes(old: Schema, new: Schema, moved: Iterable[str]) -> Standing:
    """The differences of some tables, from the old code's side: what it does not know is additive.

    Those of views and triggers, which may change with any table, are always among them.
    """
    found: Standing = {}
    for name in moved:
        here, there = old.tables.get(name), new.tables.get(name)
        some = [*_gone(name, old, new), *_added(name, old, new)]
        if here is not None and there is not None and here is not there:
            triggered = any(fills(trigger, here, there) for trigger in new.triggers.values())
            some += _table_changes(here, there, triggered=triggered)
        found[name] = frozenset(some)
    found[""] = frozenset((*_view_changes(old, new), *trigger_changes(old, new)))
    return found


def only_grows(before: Table | None, after: Table) -> bool:
    """Whether a table has only got columns that may be left out, and indexes over columns: no query has to be tried."""
    if before is None or before.virtual or (before.checks, before.strict) != (after.checks, after.strict):
        return False
    kept = {name: after.columns.get(name) for name in before.columns} == before.columns
    fresh = [column for name, column in after.columns.items() if name not in before.columns]
    is_plain = all(not one.is_generated and (not one.notnull or one.default not in NOTHING) for one in fresh)
    words = {word for _, sql in after.indexes - before.indexes for word in sql.partition(" ( ")[2].split()}
    is_known = words <= {*after.columns, ",", ")", "asc", "desc"}
    same = (before.uniques, before.foreign_keys) == (after.uniques, after.foreign_keys)
    return kept and is_plain and is_known and same


def narrowed(old: Schema, new: Schema) -> tuple[str, ...]:
    """Writes of the old code that rows of the new code may make fail: by new references, and by new CHECKs."""
    said = [
        f"a DELETE of a row of {key.parent} fails where {table.name}.{', '.join(key.columns)} names it"
        " (ON DELETE CASCADE or SET NULL keeps it working)"
        for table in new.tables.values()
        for key in sorted(table.foreign_keys - _known_keys(old, table.name), key=str)
        if key.parent in old.tables and key.on_delete in {"NO ACTION", "RESTRICT"}
    ]
    said += [
        f"an UPDATE of {name} may fail where the new code has filled the row: CHECK ({check})"
        for name, table in new.tables.items()
        if name in old.tables
        for check in table.checks
        if check not in old.tables[name].checks
        and set(tokens(check)) & set(old.tables[name].columns)
        and lets_old_rows_pass(check, old.tables[name], table)
    ]
    return tuple(dict.fromkeys(said))


def _known_keys(old: Schema, table: str) -> frozenset[ForeignKey]:
    return old.tables[table].foreign_keys if table in old.tables else frozenset()


def _gone(name: str, old: Schema, new: Schema) -> Iterator[Change]:
    if name in old.tables and name in new.views:
        yield Change("breaking", f"table {name}", "is a view now, which takes no INSERT by itself")
    elif old.has(name) and not new.has(name):
        yield Change("breaking", f"{'table' if name in old.tables else 'view'} {name}", "is gone")


def _added(name: str, old: Schema, new: Schema) -> Iterator[Change]:
    if old.has(name) or not new.has(name):
        return
    virtual = new.tables[name].virtual if name in new.tables else ""
    kind = f"virtual table ({virtual.split()[0]})" if virtual else "table" if name in new.tables else "view"
    yield Change("additive", f"{kind} {name}", "is new")


def _table_changes(old: Table, new: Table, *, triggered: bool) -> Iterator[Change]:
    name = f"table {old.name}"
    yield from column_changes(old, new)
    yield from unique_changes(old, new, triggered=triggered)
    yield from key_changes(old, new)
    yield from check_changes(old, new, triggered=triggered)
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
        if _parses_json(after[name].split(), new):
            why = f"parses JSON when {new.name} is written: other texts are refused (json_valid() guards it)"
            yield Change("breaking", f"index {name}", why)
        else:
            yield Change("additive", f"index {name}", f"is new on {new.name}")
    for name in sorted(before.keys() - after.keys()):
        yield Change("additive", f"index {name}", f"of {old.name} is gone: queries may be slower")
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield Change("additive", f"index {name}", f"of {new.name} is another one")


def _parses_json(words: list[str], table: Table) -> bool:
    """Whether an index computes something of JSON without asking first whether it is JSON."""
    made = [word for name in words if name in table.columns for word in table.columns[name].made.split()]
    used = {*words, *made}
    asks = "json_valid" in used or any("json_valid" in check.split() for check in table.checks)
    return not asks and any(word.startswith(("json", "->")) for word in used - set(table.columns))


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
