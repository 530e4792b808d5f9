"""Time."""

from __future__ import annotations

import time
from typing import Protocol

from release.frozen import Frozen
from release.systems.machine.deadline import left


class Clock(Protocol):
    """What tells the time and waits."""

    def now(self) -> float:
        """Seconds since 1970, the same on every machine."""
        ...

    def elapsed(self) -> float:
        """Seconds that never run back, for measuring."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock(Frozen, frozen=True):
    """The machine's own."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def elapsed(self) -> float:
        """Seconds since some moment."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait; no longer than the command has, in which a loop that waits still ends by its own measure."""
        time.sleep(max(left(seconds), min(seconds, 0.05)))
