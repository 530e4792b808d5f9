"""What a plugin needs, in one place: `from release import hookimpl, Problem`.

Each name is loaded when it is first asked for: whatever imports a part of this package passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from release.config import Command, Config, Value
    from release.demand import Evidence
    from release.errors import BlockedError, EffectError, UsageError
    from release.hookspecs import hookimpl
    from release.model.effects import Call
    from release.model.outcome import Outcome
    from release.model.problem import Problem
    from release.model.record import Approval
    from release.model.release import Release, Write
    from release.model.step import Check, Done, Step, Stuck, Todo
    from release.model.world import World
    from release.target import NpmTarget

__all__ = [
    "Approval",
    "BlockedError",
    "Call",
    "Check",
    "Command",
    "Config",
    "Done",
    "EffectError",
    "Evidence",
    "NpmTarget",
    "Outcome",
    "Problem",
    "Release",
    "Step",
    "Stuck",
    "Todo",
    "UsageError",
    "Value",
    "World",
    "Write",
    "hookimpl",
]

_HOMES = {
    "release.config": ("Command", "Config", "Value"),
    "release.demand": ("Evidence",),
    "release.model.effects": ("Call",),
    "release.errors": ("BlockedError", "EffectError", "UsageError"),
    "release.hookspecs": ("hookimpl",),
    "release.model.problem": ("Problem",),
    "release.model.release": ("Release", "Write"),
    "release.model.world": ("World",),
    "release.model.outcome": ("Outcome",),
    "release.model.record": ("Approval",),
    "release.model.step": ("Check", "Done", "Step", "Stuck", "Todo"),
    "release.target": ("NpmTarget",),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'release' has no attribute '{name}'")
