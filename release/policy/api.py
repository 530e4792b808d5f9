"""The source `api`: routes of the workers and exports of the packages, old against new (pure)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.database import differences
from release.model.evidence import LEVELS, Evidence, Fault
from release.model.unread import Unread
from release.policy import openapi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.database.differences import Difference
    from release.model.evidence import Surface
    from release.model.request import Level

SOURCE = "api"
_MOST = 8  # differences that are told


def weigh(surfaces: Sequence[Surface], tag: str) -> Evidence:
    """The evidence of all surfaces. What is missing is said: nothing is guessed from it."""
    if not surfaces:
        return Evidence(SOURCE, note="no API surfaces are configured ([tool.release.policy] surfaces)")
    parts = [_of_surface(one, tag) for one in surfaces]
    levels = [part.least for part in parts if part.least is not None]
    told = sorted((line for part in parts for line in part.because), key=lambda line: "(added)" in line)
    more = (f"and {len(told) - _MOST} more",) if len(told) > _MOST else ()
    return Evidence(
        SOURCE,
        max(levels, key=LEVELS.index, default=None),
        (*told[:_MOST], *more),
        tuple(fault for part in parts for fault in part.cannot_tell),
        note="; ".join(part.note for part in parts if part.note),
    )


def _of_surface(surface: Surface, tag: str) -> Evidence:
    name = surface.name
    if isinstance(surface.after, Unread):
        return Evidence(SOURCE, cannot_tell=(Fault(f"{name} cannot be read now: {surface.after.because}"),))
    if isinstance(surface.before, Unread):
        return Evidence(SOURCE, note=f"{name} could not be read at {tag}: {surface.before.because}")
    if surface.after is None:
        gone = (Fault(f"{name} is not in this commit, and was in {tag}"),) if surface.before else ()
        return Evidence(SOURCE, cannot_tell=gone, note="" if gone else f"{name} is not there")
    if surface.before is None:
        return Evidence(SOURCE, note=f"{name} is not in {tag}: there is nothing to compare it with")
    if surface.before == surface.after:
        return Evidence(SOURCE, note=f"{name}: as before")
    try:
        found = _compared(surface.before, surface.after, is_openapi=surface.is_openapi)
    except (ValueError, RecursionError) as error:
        return Evidence(SOURCE, cannot_tell=(Fault(f"{name} cannot be understood: {error}"),))
    except (AttributeError, TypeError):
        fault = Fault(f"{name} cannot be understood: its parts are not where OpenAPI has them")
        return Evidence(SOURCE, cannot_tell=(fault,))
    return _evidence(name, found)


def _compared(before: bytes, after: bytes, *, is_openapi: bool) -> tuple[Difference, ...]:
    old, new = _parsed(before), _parsed(after)
    if not is_openapi:
        return differences.differences(differences.listing(old), differences.listing(new))
    for one in (old, new):
        if not isinstance(one, dict) or not str(one.get("openapi", "")).startswith("3."):
            raise ValueError("it is no OpenAPI 3 document")
    return openapi.differences(old, new)


def _parsed(document: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(document)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON: {error.msg} in line {error.lineno}") from None


def _evidence(name: str, found: Sequence[Difference]) -> Evidence:
    if not found:
        return Evidence(SOURCE, "patch", note=f"{name}: as before")
    least: Level = "major" if any(one.breaking for one in found) else "minor"
    ordered = sorted(found, key=lambda one: not one.breaking)
    return Evidence(
        SOURCE, least, tuple(f"{name}: {one} ({'breaking' if one.breaking else 'added'})" for one in ordered)
    )
