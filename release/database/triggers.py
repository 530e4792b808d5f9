"""What the triggers of a schema are to code that knows the old ones (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.grades import Change
from release.formats.sql import enclosed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.database.shape import Schema, Table, Trigger


def trigger_changes(old: Schema, new: Schema) -> Iterator[Change]:
    """New triggers on what the old code writes, and those that it may count on and that are gone."""
    for name, trigger in new.triggers.items():
        before = old.triggers.get(name)
        if before is not None and before.words == trigger.words:
            continue
        thing = f"trigger {name}"
        if not old.has(trigger.on):
            yield Change("additive", thing, f"is new on {trigger.on}, which is new too")
            continue
        word = "is new" if before is None else "is another one"
        fault = _fault(trigger, old, new)
        if fault:
            yield Change("breaking", thing, f"{word} on {trigger.on}, and {fault}")
        else:
            yield Change("additive", thing, f"{word} on {trigger.on}")
    for name, trigger in old.triggers.items():
        if name in new.triggers or not new.has(trigger.on):
            continue
        if trigger.raises and not tuple(_writes(trigger.words)):
            yield Change("additive", f"trigger {name}", f"is gone: it only refused rows of {trigger.on}")
        else:
            yield Change(
                "breaking", f"trigger {name}", f"is gone: the old code may count on it at {trigger.on}"
            )


def fills(trigger: Trigger, old: Table, new: Table) -> bool:
    """Whether a trigger may write a new column of a table: by its name, or with a whole row."""
    if (new.columns.keys() - old.columns.keys()) & {*trigger.words}:
        return True
    return any(verb != "update" and name == new.name for verb, name, _, _ in _writes(trigger.words))


def _fault(trigger: Trigger, old: Schema, new: Schema) -> str:
    """Why a trigger may make a write of the old code fail or do more; nothing where it cannot."""
    if trigger.raises:
        return "may refuse a row (RAISE)"
    for verb, name, is_lenient, assigned in _writes(trigger.words):
        table = new.tables.get(name)
        if table is None:
            return f"writes {name}, which is no table"
        if verb == "delete" and name in old.tables:
            return f"deletes rows of {name}"
        if table.foreign_keys:
            return f"writes {name}, whose foreign keys may refuse the row"
        bound = _bound(table) & (assigned if assigned is not None else frozenset(table.columns))
        if bound and not is_lenient and verb != "delete":
            return f"writes {name}, which may refuse the row ({', '.join(sorted(bound))})"
    return ""


def _bound(table: Table) -> frozenset[str]:
    """The columns of a table whose values may be refused, apart from NULL and from a key that SQLite counts up."""
    if table.virtual:
        return frozenset()
    key = table.key
    counted = {key[0]} if len(key) == 1 and table.columns[key[0]].kind == "INTEGER" else set()
    unique = {name for one in table.uniques for name, _ in one.columns}
    checked = {word for check in table.checks for word in check.split()} & set(table.columns)
    typed = set(table.columns) if table.strict else set()
    return frozenset((unique | checked | typed) - counted)


def _writes(words: tuple[str, ...]) -> Iterator[tuple[str, str, bool, frozenset[str] | None]]:
    """What a trigger's body writes: verb, table, whether a refusal is passed over, and the columns it names."""
    begin = words.index("begin") if "begin" in words else len(words)
    starts = [at + 1 for at in range(begin, len(words)) if words[at] in {"begin", ";"}]
    for at in starts:
        end = words.index(";", at) if ";" in words[at:] else len(words)
        statement = words[at:end]
        verb = statement[0] if statement else ""
        if verb in {"insert", "replace", "update", "delete"}:
            lenient = verb == "replace" or statement[1:3] in {("or", "ignore"), ("or", "replace")}
            rest = list(statement[3:] if statement[1:2] == ("or",) else statement[1:])
            rest = rest[1:] if rest[:1] in (["into"], ["from"]) else rest
            if rest:
                yield verb, rest[0], lenient, _assigned(verb, tuple(rest[1:]))


def _assigned(verb: str, rest: tuple[str, ...]) -> frozenset[str] | None:
    """The columns that are written; None where all are."""
    if verb == "update":
        return frozenset(rest[place - 1] for place in range(1, len(rest)) if rest[place] == "=")
    if rest[:1] == ("(",):
        return frozenset(enclosed(rest, 0)) - {","}
    return None
