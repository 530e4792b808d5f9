"""How far a run has come, as a view has been told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.views.ending import stopped_lines
from release.views.text import changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.preflight import Prospect
    from release.views.line import Line


class Progress:
    """The steps to come, the one that runs, and whether the environment may have changed."""

    def __init__(self) -> None:
        self.environment = "production"
        self.step: str | None = None
        self.changing = False
        self.has_started = False
        self._names: tuple[str, ...] = ()
        self._changing: frozenset[str] = frozenset()

    def planned(self, prospect: Prospect) -> None:
        """The plan is known."""
        self.environment = prospect.world.environment
        self._names = tuple(one.step.name for one in prospect.outlooks)
        self._changing = frozenset(one.step.name for one in prospect.outlooks if changes(one))

    def started(self, step: str) -> None:
        """A step starts."""
        self.step = step
        self.has_started = True
        self.changing = self.changing or step in self._changing

    def finished(self) -> None:
        """The running step has ended."""
        self.step = None

    @property
    def to_come(self) -> tuple[str, ...]:
        """The names of the steps after the running one."""
        at = self._names.index(self.step) + 1 if self.step in self._names else len(self._names)
        return self._names[at:]

    def stopped(self, width: int | None = None) -> Iterator[Line]:
        """The words for a run that was stopped here."""
        return stopped_lines(self.step, changing=self.changing, environment=self.environment, width=width)
