"""A line for a person, with the tone in which a terminal shows it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Tone = Literal["plain", "strong", "good", "bad", "warn", "dim"]
LABEL = 14  # columns of a label
NARROW = 60  # below this many columns a label stands on a line of its own


class Line(Frozen, frozen=True):
    """Text without a line end. `tone` is for its first `lead` characters, or for all of it when `lead` is 0."""

    text: str = ""
    tone: Tone = "plain"
    lead: int = 0

    def __str__(self) -> str:
        return self.text


def fact(label: str, text: str, width: int | None = None, tone: Tone = "dim") -> Iterator[Line]:
    """A label and what it says. `width` is in columns; None leaves long text whole, as a log wants it."""
    lines = [part for line in text.splitlines() for part in _wrapped(line, width)] or [""]
    if width is not None and width < NARROW:
        yield Line(f"  {label}", tone)
        yield from (Line(f"    {line}") for line in lines)
        return
    yield Line(f"  {label:<{LABEL}}{lines[0]}".rstrip(), tone, lead=2 + LABEL)
    yield from (Line(f"  {'':<{LABEL}}{line}") for line in lines[1:])


def fact_lines(facts: Iterable[tuple[str, str]], width: int | None = None) -> Iterator[Line]:
    """Several facts, one below the other."""
    for label, text in facts:
        yield from fact(label, text, width)


def paragraph(text: str, width: int | None = None, indent: str = "", tone: Tone = "plain") -> Iterator[Line]:
    """Text in lines of at most `width` columns where it has blanks to break at."""
    for line in text.splitlines():
        if width is None:
            yield Line(f"{indent}{line}", tone)
            continue
        yield from (Line(f"{indent}{part}", tone) for part in _broken(line, width - len(indent)))


def _wrapped(line: str, width: int | None) -> list[str]:
    if width is None or line.startswith("inv "):  # a command is to be copied whole
        return [line]
    return _broken(line, width - (4 if width < NARROW else 2 + LABEL))


def _broken(line: str, width: int) -> list[str]:
    # A word that is too long stays whole: it is a path, an address or a command, and wants to be copied.
    return textwrap.wrap(line, max(width, 16), break_long_words=False, break_on_hyphens=False) or [""]
