"""Invoke's YAML is loaded by whoever uses it: a quarter of what Invoke loads, and used only where there is an invoke.yaml.

Imported before Invoke. Everybody who imports YAML gets a module that loads itself when it is first looked into.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import LazyLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

DEFERRED = "invoke.vendor.yaml"


class _Deferring:
    """Finds the module as Python would, and puts its loading off."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != DEFERRED:
            return None
        found = PathFinder.find_spec(name, path, target)
        if found is not None and found.loader is not None:
            found.loader = LazyLoader(found.loader)
        return found


if DEFERRED not in sys.modules:
    sys.meta_path.insert(0, _Deferring)
