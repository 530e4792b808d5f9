"""The words of the policy on a schema: grades, and what gives a file its grade."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Grade = Literal["none", "data", "additive", "breaking"]
ORDER: tuple[Grade, ...] = ("none", "data", "additive", "breaking")


@dataclass(frozen=True)
class Lost:
    """What a loss may reach: the rows of a table that have a value in these columns; `every` where it takes all of them."""

    table: str
    columns: tuple[str, ...] = ()
    every: bool = False


@dataclass(frozen=True)
class Change:
    """One difference that a migration makes, from the old code's side: its grade, the thing, and why.

    `lost` where rows or values go that no statement names.
    """

    grade: Grade
    thing: str
    why: str
    lost: Lost | None = None

    def __str__(self) -> str:
        return f"{self.thing} {self.why}"

    def is_told_by(self, others: Iterable[Change]) -> bool:
        """Whether one of the others is about the same table or view, and says more exactly what is the matter."""
        name = self.thing.rpartition(" ")[2]
        return any(name in re.findall(r"[^\s.,:()]+", str(one)) for one in others)


@dataclass(frozen=True)
class Reason:
    """A change with the statement that makes it; `line` is where the statement starts in its file."""

    change: Change
    statement: str
    line: int


@dataclass(frozen=True)
class CannotTell:
    """Why a file has no grade; `line` where it is known. What blocks unless a person overrules it."""

    file: str
    because: str
    line: int | None = None


@dataclass(frozen=True)
class Hint:
    """What a person should look at in a file, and what gives it no other grade: told as a warning."""

    file: str
    because: str
    line: int | None = None


@dataclass(frozen=True)
class FileGrade:
    """What one pending migration is to the code of the last release, the worst reason first."""

    name: str
    grade: Grade
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Window:
    """Whether the released code still works on the new schema: what closes it, and what narrows it.

    `open` is None where that is unknown. `narrowed` are queries that fail only on rows that the new code has written.
    """

    open: bool | None
    closed_by: tuple[Change, ...] = ()
    narrowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grades:
    """The pending migrations, each with its grade, and the rollback window over all of them; `hints` are warnings."""

    files: tuple[FileGrade, ...] = ()
    cannot_tell: tuple[CannotTell, ...] = ()
    window: Window = Window(open=True)
    hints: tuple[Hint, ...] = ()

    @property
    def worst(self) -> Grade:
        """The highest grade of any file."""
        return worst(tuple(file.grade for file in self.files))


def worst(grades: tuple[Grade, ...]) -> Grade:
    """The highest of some grades; none where there are none."""
    return max(grades, key=ORDER.index, default="none")
