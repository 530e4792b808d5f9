"""What the names and bytes of migrations tell before any runs (pure): changed since, numbers, encoding, emptiness."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from release.database.grades import CannotTell
from release.formats.sql import statements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from release.model.repository import Migration

_LONGEST_COUNT = 6  # digits: longer numbers are dates, which need not follow one another


def pending(released: Sequence[Migration], now: Sequence[Migration]) -> tuple[Migration, ...]:
    """The files that the last release had not, in the order in which D1 applies them."""
    names = {migration.name for migration in released}
    return tuple(migration for migration in now if migration.name not in names)


def changed(released: Sequence[Migration], now: Sequence[Migration]) -> tuple[str, ...]:
    """The released files that are other ones now, or gone: no database will ever see the difference."""
    today = {migration.name: migration.sha256 for migration in now}
    return tuple(one.name for one in released if today.get(one.name) != one.sha256)


def number_faults(released: Sequence[Migration], added: Sequence[Migration]) -> Iterator[CannotTell]:
    """Pending files whose number is taken, leaves a gap, or is lower than a released one's."""
    taken = Counter(number for one in (*released, *added) if (number := number_of(one.name)) is not None)
    last = max((number_of(one.name) or 0 for one in released), default=0)
    counted = all(_is_count(one.name) for one in (*released, *added))
    expected = last
    for one in added:
        number = number_of(one.name)
        if number is None:
            continue
        if taken[number] > 1:
            yield CannotTell(one.name, f"the number {number} is taken twice")
        elif number < last:
            yield CannotTell(
                one.name,
                f"it comes before {last}, which is released: a new database runs it in another order",
            )
        elif counted and taken and number > expected + 1 and (released or expected):
            yield CannotTell(one.name, f"there is a gap before it: {expected + 1} is missing")
        expected = max(expected, number)


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


def number_of(name: str) -> int | None:
    """The number that a file's name begins with."""
    digits = name[: len(name) - len(name.lstrip("0123456789"))]
    return int(digits) if digits else None


def _is_count(name: str) -> bool:
    digits = len(name) - len(name.lstrip("0123456789"))
    return 0 < digits <= _LONGEST_COUNT
