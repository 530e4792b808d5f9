"""A plugin's checks and steps, held to what they promise: in time, and of the right kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from release.errors import BlockedError, ReleaseError, UsageError
from release.extensions.placement import Addition
from release.extensions.signatures import signature
from release.frozen import Frozen
from release.model import effects
from release.model.problem import Problem
from release.model.step import Done, Stuck, Todo
from release.systems.machine.deadline import LateError, within

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.extensions.discovery import Plugin
    from release.model.release import Release
    from release.model.step import Check, Look, Step
    from release.model.world import Part, World

REPAIR = "Repair the plugin, or turn it off: plugins_off in [tool.release]."


class IsolatedCheck(Frozen, frozen=True):
    """A check of a plugin: `find` ends in time, or blocks and says whose check it is."""

    plugin: Plugin
    check: Check
    deadline: float

    @property
    def name(self) -> str:
        """The check's own."""
        return self.check.name

    @property
    def guards(self) -> frozenset[str]:
        """The check's own."""
        return self.check.guards

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """The check's own problems. Raises BlockedError where it breaks, is late, or answers anything else."""
        said = f"The plugin {self.plugin}'s check {self.name}"
        found: tuple[Problem, ...] = _in_time(
            said, self.deadline, lambda: tuple(self.check.find(world, release))
        )
        for one in found:
            if not isinstance(one, Problem):
                raise BlockedError(f"{said} found {one!r}, which is no Problem.", REPAIR)
        return found


class IsolatedStep(Frozen, frozen=True):
    """A step of a plugin: `look` ends in time, or is stuck and says whose step it is."""

    plugin: Plugin
    step: Step
    deadline: float

    @property
    def name(self) -> str:
        """The step's own."""
        return self.step.name

    @property
    def reads(self) -> tuple[Part, ...]:
        """The step's own."""
        return self.step.reads

    @property
    def changes(self) -> bool:
        """The step's own."""
        return self.step.changes

    @property
    def meaning(self) -> str:
        """The step's own."""
        return self.step.meaning

    @property
    def advice(self) -> str:
        """The step's own."""
        return self.step.advice

    def look(self, world: World, release: Release) -> Look:
        """The step's own answer. Raises BlockedError where it breaks, is late, or answers anything else."""
        said = f"The plugin {self.plugin}'s step {self.name}"
        look = _in_time(said, self.deadline, lambda: self.step.look(world, release))
        if not isinstance(look, Done | Todo | Stuck):
            raise BlockedError(f"{said} answers {look!r}, which is no Done, Todo or Stuck.", REPAIR)
        for effect in look.effects if isinstance(look, Todo) else ():
            if type(effect) not in vars(effects).values():
                raise BlockedError(
                    f"{said} wants a {type(effect).__name__}, which is no effect of this tool.",
                    "Wrap what it does into release.Call.",
                )
        return look


def _in_time(said: str, deadline: float, ask: Callable[[], Any]) -> Any:  # noqa: ANN401
    try:
        return within(deadline, ask)
    except LateError:
        raise BlockedError(f"{said} had not answered after {deadline:g} s.", REPAIR) from None
    except ReleaseError:
        raise
    except Exception as error:
        raise BlockedError(f"{said} broke: {type(error).__name__}: {error}", REPAIR) from error


def checked(plugin: Plugin, answer: object, deadline: float) -> IsolatedCheck:
    """What release_checks answered, as a check. Raises UsageError where it is none."""
    _must_be(plugin, "release_checks", answer, "a check", name=str, guards=frozenset, find=None)
    return IsolatedCheck(plugin, answer, deadline)  # type: ignore[arg-type]


def added(plugin: Plugin, answer: object, deadline: float) -> Addition:
    """What release_steps answered, as an addition. Raises UsageError where it is none."""
    side, anchor, step = answer if isinstance(answer, tuple) and len(answer) == 3 else ("", "", None)  # noqa: PLR2004
    if side not in {"before", "after"} or not isinstance(anchor, str):
        raise UsageError(
            f"The plugin {plugin} answers {signature('release_steps')} with {answer!r}, which says no place.",
            'Answer with a list of ("before" or "after", the name of a step, your step).',
        )
    kinds = {"name": str, "reads": tuple, "changes": bool, "meaning": str, "advice": str, "look": None}
    _must_be(plugin, "release_steps", step, "a step", **kinds)
    return Addition(plugin, side, anchor, IsolatedStep(plugin, step, deadline))  # type: ignore[arg-type]


def _must_be(plugin: Plugin, hook: str, found: object, what: str, **kinds: type | None) -> None:
    """Each name an attribute of its type; None stands for a method."""
    for name, kind in kinds.items():
        value = getattr(found, name, None)
        if not (callable(value) if kind is None else isinstance(value, kind)):
            wanted = "as a method" if kind is None else f"as a {kind.__name__}"
            raise UsageError(
                f"The plugin {plugin} answers {signature(hook)} with {found!r}, which is not {what}: "
                f"it has no `{name}` {wanted}.",
                f"docs/plugins.md shows {what}.",
            )
