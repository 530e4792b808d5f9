"""A difference between what was offered and what is offered, and two plain lists compared (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Listing = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Difference:
    """A thing that others use, what happened to it, and whether that breaks them."""

    thing: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{self.thing} {self.what}"


def listing(document: object) -> Listing:
    """A command's answer, {section: [name, ...] or {name: anything}}. Raises ValueError where it is none."""
    if not isinstance(document, dict) or not document:
        raise ValueError("it is no JSON object with a section or more")
    found: Listing = {}
    for section, names in document.items():
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            found[section] = dict.fromkeys(names)
        elif isinstance(names, dict):
            found[section] = names
        else:
            raise ValueError(f"its section {section!r} is neither a list of names nor an object")
    return found


def differences(before: Listing, after: Listing) -> tuple[Difference, ...]:
    """Names that are gone or told otherwise (breaking), and new ones, section by section."""
    return tuple(
        one
        for section in sorted({*before, *after})
        for one in _of_section(section, before.get(section, {}), after.get(section, {}))
    )


def _of_section(section: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Difference]:
    gone = [
        Difference(f"{section} {name}", "is gone", breaking=True) for name in sorted(old.keys() - new.keys())
    ]
    changed = [
        Difference(f"{section} {name}", "is another one", breaking=True)
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    ]
    added = [
        Difference(f"{section} {name}", "is new", breaking=False) for name in sorted(new.keys() - old.keys())
    ]
    return [*gone, *changed, *added]
