"""What the names and bytes of migrations tell before any runs (pure): changed since, numbers, encoding, emptiness."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from release.database.grades import CannotTell, Hint
from release.formats.sql import OPEN_STATEMENT, open_end, statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.model.repository import Migration

_LONGEST_COUNT = 6  # digits: longer numbers are dates, which need not follow one another
_DATE = re.compile(r"(19|20)\d\d[-_.]?(0[1-9]|1[0-2])([^0-9]|[0-3]\d)|\d+[-.]\d")


def pending(released: Sequence[Migration], now: Sequence[Migration]) -> tuple[Migration, ...]:
    """The files that the last release had not, in the order in which D1 applies them."""
    names = {migration.name for migration in released}
    return tuple(migration for migration in now if migration.name not in names)


def changed(released: Sequence[Migration], now: Sequence[Migration]) -> tuple[str, ...]:
    """The released files that are other ones now, or gone: no database will ever see the difference."""
    today = {migration.name: migration.sha256 for migration in now}
    return tuple(one.name for one in released if today.get(one.name) != one.sha256)


def number_hints(released: Sequence[Migration], added: Sequence[Migration]) -> Iterator[Hint]:
    """The pending files whose number is taken or leaves a gap: at most one is told, for all of them.

    Dates need not follow one another, and numbers count within their folder.
    """
    taken = Counter(counted for one in (*released, *added) if (counted := _counted(one.name)))
    said = []
    for one in added:
        counted = _counted(one.name)
        if counted is None:
            continue
        folder, number = counted
        before = [at for where, at in taken if where == folder and at < number]
        if taken[counted] > 1:
            others = [other.name for other in (*released, *added) if _counted(other.name) == counted]
            word = " and ".join(name for name in others if name != one.name)
            said.append(Hint(one.name, f"has the same number as {word}: the name decides their order"))
        elif before and max(before) < number - 1:
            said.append(Hint(one.name, f"leaves a gap: there is no {max(before) + 1}"))
    if said:
        more = f" (so it is with {len(said) - 1} more)" if len(said) > 1 else ""
        yield replace(said[0], because=f"{said[0].because}{more}")


def pending_text(migration: Migration) -> str | CannotTell:
    """The SQL of a file that wrangler is to apply, with its own INSERT behind it; or why that cannot be."""
    text = text_of(migration)
    found = None if isinstance(text, CannotTell) else open_end(text)
    if found is None:
        return text
    line, what = found
    if what == OPEN_STATEMENT:
        return CannotTell(
            migration.name, "it ends without a `;`: D1 refuses it with wrangler's INSERT behind it", line
        )
    return CannotTell(migration.name, f"it ends inside {what}, which swallows wrangler's INSERT", line)


def text_of(migration: Migration) -> str | CannotTell:
    """The SQL of a file, or why there is none to run."""
    try:
        text = migration.sql.decode("utf-8-sig")  # SQLite and D1 pass over a byte order mark
    except UnicodeDecodeError as error:
        line = migration.sql.count(b"\n", 0, error.start) + 1
        return CannotTell(migration.name, f"it is not UTF-8 (byte {error.start})", line)
    if "\0" in text:
        return CannotTell(migration.name, "it holds a NUL byte", text.count("\n", 0, text.index("\0")) + 1)
    if all(statement == ";" for _, statement in statements(text)):
        return CannotTell(migration.name, "it holds no statement", 1)
    return text


def _counted(name: str) -> tuple[str, int] | None:
    """The folder and the number of a file whose name counts; none where it begins with a date, or with no number."""
    folder, _, base = name.rpartition("/")
    digits = base[: len(base) - len(base.lstrip("0123456789"))]
    if not 0 < len(digits) <= _LONGEST_COUNT or _DATE.match(base):
        return None
    return folder, int(digits)
