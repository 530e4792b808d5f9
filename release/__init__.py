"""What a plugin needs, in one place: `from release import hookimpl, Problem`.

Each name is loaded when it is first asked for: whatever imports a part of this package passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from release.config import Config, Value
    from release.effects import Call
    from release.errors import BlockedError, EffectError, UsageError
    from release.hookspecs import hookimpl
    from release.model import Problem, Release, World, Write
    from release.outcome import Outcome
    from release.record import Approval
    from release.step import Check, Done, Step, Stuck, Todo

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
    "release.effects": ("Call",),
    "release.errors": ("BlockedError", "EffectError", "UsageError"),
    "release.hookspecs": ("hookimpl",),
    "release.model": ("Problem", "Release", "World", "Write"),
    "release.outcome": ("Outcome",),
    "release.record": ("Approval",),
    "release.step": ("Check", "Done", "Step", "Stuck", "Todo"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'release' has no attribute '{name}'")
