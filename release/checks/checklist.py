"""The pre-deploy checklist: its items as checks, each set to block, to warn, or off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from release.model.problem import Problem
from release.model.unread import read

if TYPE_CHECKING:
    from release.config import Demand
    from release.model.release import Release
    from release.model.request import Request
    from release.model.world import World

SOAK = frozenset({"staging", "staging-migrations"})  # what a hotfix does not wait for
GUARDED = frozenset({"migrate", "deploy"})


@dataclass(frozen=True)
class Finding:
    """What an item found: ok, bad, or that it cannot tell; and what to do."""

    kind: Literal["ok", "bad", "unknown", "none"]
    what: str
    advice: str = ""


class Look(Protocol):
    """How one item looks at the world."""

    def __call__(self, world: World) -> Finding:
        """The finding: a pure function."""
        ...


@dataclass(frozen=True)
class Item:
    """One item of the checklist. `look` is pure; `demand` says what a bad finding, or none, does."""

    name: str
    demand: Demand
    look: Look
    guards: frozenset[str] = GUARDED

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem where it is not well, at the level that the item is set to."""
        del release
        finding = self.look(world)
        if self.demand == "off" or finding.kind in {"ok", "none"}:
            return ()
        return (Problem(self.name, finding.what, finding.advice, level=self.demand),)


@dataclass(frozen=True)
class Ask:
    """Something that only a person can tell; asked once a release."""

    text: str
    name: str = "ask"
    guards: frozenset[str] = GUARDED

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """The question, unless somebody has ticked it for this very release."""
        if ticked_by(world, release, self.text):
            return ()
        return (Problem(self.name, self.text, "Only a person can tell.", level="ask"),)


def is_item(check: object) -> bool:
    """Whether a check is an item of the checklist: it asks about a commit that is to ship, and not about one that has."""
    return isinstance(check, Item | Ask)


def ticked_by(world: World, release: Release, text: str) -> str | None:
    """Who ticked an item for this very release, by the environment's record."""
    record = read(world.record)
    if record is None or record.subject != release.subject:
        return None
    return next((one.who for one in record.remarks if one.kind == "tick" and one.what == text), None)


def excused(found: tuple[Problem, ...], request: Request, release: Release) -> tuple[Problem, ...]:
    """The same problems, without what was accepted by its name, and for a hotfix of the last release without its soak."""
    is_hotfix = request.hotfix is not None and request.hotfix == release.previous_tag
    return tuple(
        replace(one, advice=request.reason, level="skip")
        if _is_excused(one, request, is_hotfix=is_hotfix)
        else one
        for one in found
    )


def _is_excused(one: Problem, request: Request, *, is_hotfix: bool) -> bool:
    if one.level not in {"block", "warn"}:
        return False
    return (is_hotfix and one.check in SOAK) or (bool(one.accept) and one.accept in request.accept)
