"""What the constraints of a table are to code that knows the old ones (pure): UNIQUE, foreign keys, CHECKs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.grades import Change
from release.database.truth import may_hold, may_refuse
from release.formats.sql import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.database.shape import ForeignKey, Table, Unique

_KEEPS_UP = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})


def unique_changes(old: Table, new: Table, *, triggered: bool) -> Iterator[Change]:
    """New uniqueness refuses rows, unless a NULL of a new column keeps them apart; a lost one breaks ON CONFLICT.

    `triggered`: a trigger may fill a new column.
    """
    for unique in sorted(new.uniques - old.uniques, key=str):
        if not _is_key(unique, old, new) and not _is_harmless(unique, old, new, triggered=triggered):
            why = "must be unique now: rows that are there, or that the old code writes, may be refused"
            yield Change("breaking", f"{_columns(unique)} of {old.name}", why)
    for unique in sorted(old.uniques - new.uniques, key=str):
        lasting = all(name in new.columns or " " in name for name, _ in unique.columns)
        if lasting and not _is_key(unique, old, new):
            why = "need not be unique any more: ON CONFLICT on it fails"
            yield Change("breaking", f"{_columns(unique)} of {old.name}", why)


def key_changes(old: Table, new: Table) -> Iterator[Change]:
    """A new foreign key refuses rows, unless its column is new and may be NULL; a lost one no longer cleans up."""
    for key in sorted(new.foreign_keys - old.foreign_keys, key=str):
        thing = f"foreign key {old.name}.{', '.join(key.columns)}"
        fresh = [new.columns[name] for name in key.columns if name not in old.columns]
        if any(column.is_optional for column in fresh):
            yield Change(
                "additive", thing, f"is new, on a column that the old code leaves empty ({key.parent})"
            )
        elif any(_is_same_way(key, other) for other in old.foreign_keys):
            why = f"does otherwise when its row of {key.parent} goes: {key.on_delete}"
            yield Change("breaking", thing, why)
        else:
            yield Change("breaking", thing, f"is new: rows without their row of {key.parent} are refused")
    for key in sorted(old.foreign_keys - new.foreign_keys, key=str):
        if any(_is_same_way(key, other) for other in new.foreign_keys):
            continue
        thing = f"foreign key {old.name}.{', '.join(key.columns)}"
        if key.on_delete in _KEEPS_UP:
            yield Change("breaking", thing, f"is gone, and with it ON DELETE {key.on_delete}")
        else:
            yield Change("additive", thing, "is gone: nothing is refused for it any more")


def check_changes(old: Table, new: Table, *, triggered: bool) -> Iterator[Change]:
    """A new CHECK on old columns refuses rows, unless what leaves the new columns out always passes.

    One that only lists more values than before, or is gone, refuses none. `triggered`: a trigger may fill a new column.
    """
    added = [check for check in new.checks if check not in old.checks]
    gone = [check for check in old.checks if check not in new.checks]
    for check in added:
        looser = next((other for other in gone if _allows_more(other, check)), None)
        if looser is not None:
            gone.remove(looser)
            yield Change("additive", f"CHECK of {old.name}", f"allows more values: {check}")
        elif not set(tokens(check)) & set(old.columns):
            yield Change("additive", f"CHECK of {old.name}", f"is new, on new columns: {check}")
        elif not triggered and lets_old_rows_pass(check, old, new):
            why = f"is new, and a row that leaves the new columns out passes: {check}"
            yield Change("additive", f"CHECK of {old.name}", why)
        else:
            yield Change("breaking", f"CHECK of {old.name}", f"may refuse what the old code writes: {check}")
    for check in gone:
        yield Change("additive", f"CHECK of {old.name}", f"is gone: {check}")


def lets_old_rows_pass(check: str, old: Table, new: Table) -> bool:
    """Whether a CHECK over old and new columns is never false where the new ones hold their defaults."""
    words = tokens(check)
    fresh = {name: one for name, one in new.columns.items() if name not in old.columns and name in words}
    return bool(fresh) and not may_refuse(words, fresh, frozenset(new.columns))


def _columns(unique: Unique) -> str:
    words = "column" if len(unique.columns) == 1 else "columns"
    return f"{words} {unique.names}{f' where {unique.where}' if unique.where else ''}"


def _is_key(unique: Unique, old: Table, new: Table) -> bool:
    """Whether it is one of two primary keys that differ, which is told by itself."""
    names = tuple(name for name, _ in unique.columns)
    return old.key != new.key and names in {old.key, new.key}


def _is_harmless(unique: Unique, old: Table, new: Table, *, triggered: bool) -> bool:
    if any(other.where in {"", unique.where} and _covers(unique, other) for other in old.uniques):
        return True  # no two rows were alike in fewer columns
    fresh = [
        new.columns[name] for name, _ in unique.columns if name in new.columns and name not in old.columns
    ]
    return not triggered and (any(column.is_optional for column in fresh) or _leaves_out(unique, old, new))


def _leaves_out(unique: Unique, old: Table, new: Table) -> bool:
    """Whether a partial index holds no row that leaves the new columns out."""
    words = tokens(unique.where)
    fresh = {name: one for name, one in new.columns.items() if name not in old.columns and name in words}
    return bool(fresh) and not may_hold(words, fresh, frozenset(new.columns))


def _covers(unique: Unique, other: Unique) -> bool:
    """Whether rows that are alike in all columns of the first are so in those of the other, by its own collations."""
    held = dict(unique.columns)
    return all(held.get(name) in {collation, "BINARY"} for name, collation in other.columns)


def _is_same_way(one: ForeignKey, other: ForeignKey) -> bool:
    return (one.columns, one.parent, one.to) == (other.columns, other.parent, other.to)


def _allows_more(old: str, new: str) -> bool:
    """Whether both list the values of one thing, and the new list holds the old one."""
    before, after = _listed(old), _listed(new)
    return before is not None and after is not None and before[0] == after[0] and before[1] <= after[1]


def _listed(check: str) -> tuple[str, frozenset[str]] | None:
    words = tokens(check)
    if len(words) < 5 or words[1:3] != ("in", "(") or words[-1] != ")":  # noqa: PLR2004 - col in ( x )
        return None
    values = words[3:-1]
    plain = all(word[:1] in "'0123456789" for word in values[0::2]) and set(values[1::2]) <= {","}
    return (words[0], frozenset(values[0::2])) if plain else None
