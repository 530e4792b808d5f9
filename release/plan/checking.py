"""The checks of a plan: each guards some steps, and one that breaks blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.model.problem import Problem
from release.model.step import Todo

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.model.release import Release
    from release.model.step import Check
    from release.model.world import World
    from release.plan.plan import Forecast


def check(
    checks: Sequence[Check], forecasts: Sequence[Forecast], world: World, release: Release
) -> tuple[Problem, ...]:
    """The problems of all checks that guard a step which still has something to do."""
    todo = {one.step.name.split()[0] for one in forecasts if isinstance(one.look, Todo)}
    todo = todo or {one.step.name for one in forecasts}
    found: list[Problem] = []
    for one in checks:
        if one.guards and not one.guards & todo:
            continue
        try:
            found += one.find(world, release)
        except ReleaseError as error:
            found.append(Problem(one.name, error.what, error.advice))
        except Exception as error:  # noqa: BLE001 - a plugin's check that breaks blocks, and says so
            found.append(
                Problem(one.name, f"The check broke: {type(error).__name__}: {error}", "Repair the plugin.")
            )
    return tuple(found)
