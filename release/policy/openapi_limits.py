"""What a schema lets pass beside its type, old against new (pure): lengths, ranges, patterns, formats, further properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from release.database.differences import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TOPS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_BOTTOMS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_OTHERS = ("const", "format", "pattern", "multipleOf", "uniqueItems", "additionalProperties", "not")
_ABSENT: dict[str, object] = {"additionalProperties": True, "uniqueItems": False}  # what leaving it out means


def limits(
    thing: str, old: Mapping[str, Any], new: Mapping[str, Any], side: Literal["request", "response"]
) -> Iterator[Difference]:
    """Limits that differ: a request may take more than before, an answer may be less; anything else breaks."""
    for word in (*_TOPS, *_BOTTOMS, *_OTHERS):
        before, after = _given(old, word), _given(new, word)
        if before != after:
            narrower = _is_narrower(word, before, after)
            fine = narrower is not None and narrower == (side == "response")
            said = f"has {word} {_told(after)} now, was {_told(before)}"
            yield Difference(thing, said, breaking=not fine)


def _given(schema: Mapping[str, Any], word: str) -> object:
    found = schema.get(word)
    return None if found is None or found is _ABSENT.get(word, False) else found


def _is_narrower(word: str, before: object, after: object) -> bool | None:
    """Whether less passes than before; None where that is unknown."""
    if before is None or after is None:
        return before is None
    if not isinstance(before, int | float) or not isinstance(after, int | float):
        return None
    if word in _TOPS:
        return after < before
    return after > before if word in _BOTTOMS else None


def _told(value: object) -> str:
    return "none" if value is None else str(value)
