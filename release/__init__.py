"""What a plugin needs, in one place: `from release import hookimpl, Problem`.

Each name is loaded when it is first asked for: whatever imports a part of this package passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from release.config import Config, Value
    from release.errors import BlockedError, EffectError, UsageError
    from release.hookspecs import hookimpl
    from release.model.effects import Call
    from release.model.outcome import Outcome
    from release.model.problem import Problem
    from release.model.record import Approval
    from release.model.release import Release, Write
    from release.model.step import Check, Done, Step, Stuck, Todo
    from release.model.world import World

__all__ = [
    "Approval",
    "BlockedError",
    "Call",
    "Check",
    "Config",
    "Done",
    "EffectError",
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
    "release.config": ("Config", "Value"),
    "release.model.effects": ("Call",),
    "release.errors": ("BlockedError", "EffectError", "UsageError"),
    "release.hookspecs": ("hookimpl",),
    "release.model.problem": ("Problem",),
    "release.model.release": ("Release", "Write"),
    "release.model.world": ("World",),
    "release.model.outcome": ("Outcome",),
    "release.model.record": ("Approval",),
    "release.model.step": ("Check", "Done", "Step", "Stuck", "Todo"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'release' has no attribute '{name}'")
