"""A plugin that was found, and how it is named to people."""

from __future__ import annotations

from dataclasses import dataclass

BUILT_IN = "built in"


@dataclass(frozen=True)
class Plugin:
    """One plugin: `holder` is the module or object that has its hooks.

    `origin` is its file, "built in", or the distribution that brought it; `version` is None where it tells none.
    """

    name: str
    origin: str
    holder: object
    version: str | None = None

    @property
    def is_built_in(self) -> bool:
        """Whether it belongs to this tool: it is trusted to answer."""
        return self.origin == BUILT_IN

    def __str__(self) -> str:
        return self.name if self.name == self.origin else f"{self.name} ({self.origin})"
