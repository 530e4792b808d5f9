"""Where the steps of plugins go: each beside a step that it names; the order of the core never changes (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from release.errors import UsageError
from release.extensions.signatures import signature
from release.formats.suggestion import did_you_mean
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from release.extensions.discovery import Plugin
    from release.model.step import Step

HOOK = signature("release_steps")
Side = Literal["before", "after"]


class Addition(Frozen, frozen=True):
    """A plugin's step, and the step beside which it wants to run: one of the core, or another plugin's."""

    plugin: Plugin
    side: Side
    anchor: str
    step: Step

    def __str__(self) -> str:
        return f"{self.plugin.name} puts {self.step.name} {self.side} {self.anchor}"


def placed(
    steps: tuple[Step, ...],
    additions: tuple[Addition, ...],
    known: Iterable[str] = (),
    whole: tuple[Step, ...] = (),
) -> tuple[Step, ...]:
    """The sequence `steps` with the additions. Several at one place keep their order. Raises UsageError.

    `known` are names of core steps that other sequences have: a step that is anchored on one of them is left out here.
    `whole` is given where `steps` are what remains of it: every addition behind the last core step that is left out
    stays, for a run that died may not have come to it.
    """
    core = whole or steps
    names = tuple(dict.fromkeys([*(step.name for step in core), *known]))
    _refuse_names(additions, names)
    order = [one for step in core for one in _around(step, additions)]
    reached = {step.name for step in order}
    _refuse_lost([one for one in additions if one.step.name not in reached], additions, names)
    remaining = {step.name for step in steps}
    left_out = [at for at, step in enumerate(order) if step.name in names and step.name not in remaining]
    return tuple(order[left_out[-1] + 1 :] if left_out else order)


def anchored(addition: Addition, additions: tuple[Addition, ...]) -> str:
    """The core step, or unknown name, that an addition's anchor leads to. Nothing where it leads back to itself."""
    by_name = {one.step.name: one for one in additions}
    seen = {addition.step.name}
    anchor = addition.anchor
    while anchor in by_name:
        if anchor in seen:
            return ""
        seen.add(anchor)
        anchor = by_name[anchor].anchor
    return anchor


def _around(step: Step, additions: tuple[Addition, ...]) -> Iterator[Step]:
    """A step between the additions that name it, and theirs."""
    for side in ("before", "after"):
        if side == "after":
            yield step
        for one in additions:
            if one.anchor == step.name and one.side == side:
                yield from _around(one.step, additions)


def _refuse_names(additions: tuple[Addition, ...], core: tuple[str, ...]) -> None:
    owner: dict[str, Plugin] = {}
    for one in additions:
        name = one.step.name
        if name in core:
            raise UsageError(
                f"The plugin {one.plugin} adds a step {name}, which is a core step: plugins add, they never replace.",
                f'Give the step another name, and let {HOOK} place it before or after "{name}".',
            )
        if name in owner:
            raise UsageError(
                f"The plugin {one.plugin} adds a step {name}, which exists already: {owner[name]} adds it.",
                f"Give it another name in {HOOK}.",
            )
        owner[name] = one.plugin


def _refuse_lost(lost: list[Addition], additions: tuple[Addition, ...], core: tuple[str, ...]) -> None:
    own = [one.step.name for one in additions]
    for one in lost:
        end = anchored(one, additions)
        if end in core:
            continue  # a step of another sequence
        if end == "" or one.anchor in own:
            circle = [other for other in lost if anchored(other, additions) == ""]
            if circle:
                raise UsageError(
                    f"Steps of plugins wait for each other: {'; '.join(map(str, circle))}.",
                    f"What {HOOK} answers must lead to a core step: {', '.join(core)}.",
                )
            continue  # its anchor is lost too, and is refused by its own name
        hint = did_you_mean(one.anchor, [*core, *own])
        hint = f"; {hint}" if hint else "."
        raise UsageError(
            f"The plugin {one.plugin} puts its step {one.step.name} {one.side} {one.anchor}, which is no step{hint}",
            f"{HOOK} may name: {', '.join((*core, *own))}.",
        )
