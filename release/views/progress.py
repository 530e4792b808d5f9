"""How far a run has come, as a view has been told."""

from __future__ import annotations


class Progress:
    """The steps to come and the one that runs."""

    def __init__(self) -> None:
        self.step: str | None = None
        self.has_started = False
        self.is_planned = False
        self._names: tuple[str, ...] = ()

    def planned(self, names: tuple[str, ...]) -> None:
        """The plan's steps are known."""
        self._names, self.is_planned = names, True

    def started(self, step: str) -> None:
        """A step starts."""
        self.step, self.has_started = step, True

    def finished(self) -> None:
        """The running step has ended."""
        self.step = None

    @property
    def to_come(self) -> tuple[str, ...]:
        """The names of the steps after the running one; all of them before the first."""
        if not self.has_started:
            return self._names
        return self._names[self._names.index(self.step) + 1 :] if self.step in self._names else ()
