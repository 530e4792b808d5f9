"""Checklist: a deploy takes nothing from production by accident: no variable, secret, binding, route, cron, address or class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.checks.checklist import Finding, Item
from release.config.checklist import LOSSES
from release.decide.configuration import changes_of
from release.model.problem import Problem
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config.checklist import Checklist, Demand, Losing
    from release.model.configuration import SettingChange
    from release.model.problem import Severity
    from release.model.release import Release
    from release.model.world import World

DEPLOYS = frozenset({"deploy"})


@dataclass(frozen=True)
class Kept:
    """Nothing of these kinds would be lost, by the settings that were read."""

    kinds: frozenset[Losing]

    def __call__(self, world: World) -> Finding:
        """One finding for all workers."""
        if not world.settings:
            return Finding("none", "no worker has a wrangler configuration")
        for name, part in world.settings.items():
            if isinstance(part, Unread):
                what = f"Cannot tell what a deploy of {name} changes besides its code: {part.because}"
                return Finding("unknown", what, part.advice)
        lost = list(self.losses(world))
        if not lost:
            return Finding("ok", "a deploy takes nothing from production besides its code")
        what = "; ".join(f"{one.worker} {one.text}" for one in lost)
        return Finding("bad", f"A deploy would lose: {what}", lost[0].remedy)

    def losses(self, world: World) -> Iterator[SettingChange]:
        """What would be lost, worker by worker."""
        for name, part in world.settings.items():
            if not isinstance(part, Unread):
                yield from (one for one in changes_of(name, part).changes if one.loss in self.kinds)


@dataclass(frozen=True)
class NothingLost(Item):
    """The item `configuration`, for the kinds of loss that do the same: one problem for each thing."""

    look: Kept
    guards: frozenset[str] = DEPLOYS

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """Each loss with the line that keeps it, and the word that accepts it."""
        lost = tuple(self.look.losses(world))
        if not lost:
            return super().find(world, release)
        return tuple(self._problem(one) for one in lost) if self.demand != "off" else ()

    def _problem(self, one: SettingChange) -> Problem:
        keep = f"{one.remedy}; or accept" if one.remedy else "Accept"
        advice = f'{keep} the loss: --accept {one.word} --reason "why"'
        what = f"This deploy of {one.worker} takes away {one.trait}: {one.why}."
        level: Severity = "warn" if self.demand == "warn" else "block"
        return Problem(self.name, what, advice, level=level, accept=one.word)


def configuration(checklist: Checklist) -> tuple[NothingLost, ...]:
    """The item, once for each demand that some kind of loss is set to."""
    demands: tuple[Demand, ...] = ("block", "warn")
    by_demand = {
        one: frozenset(kind for kind in LOSSES if checklist.demand_of(kind) == one) for one in demands
    }
    items = [NothingLost("configuration", one, Kept(kinds)) for one, kinds in by_demand.items() if kinds]
    return tuple(items) or (NothingLost("configuration", "off", Kept(frozenset())),)
