"""A clock that a test moves: nothing waits."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MONDAY = 1_800_000_000.0  # seconds since 1970: some moment in 2027


class FakeClock:
    """Time as `release.systems.machine.clock.Clock` tells it, which passes only in `sleep` and `advance`.

    `slept` lists every wait in seconds. `on_sleep(seconds)` is called in each wait, before the time has
    passed: the place for what happens meanwhile, such as a lock that is given back.
    """

    def __init__(self, now: float = MONDAY) -> None:
        """Start at `now`, in seconds since 1970."""
        self.slept: list[float] = []
        self.on_sleep: Callable[[float], None] | None = None
        self._now = self._started = now
        self._guard = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970."""
        return self._now

    def elapsed(self) -> float:
        """Seconds since this clock was made."""
        return self._now - self._started

    def sleep(self, seconds: float) -> None:
        """Let the time pass, at once."""
        self.slept.append(seconds)
        if self.on_sleep is not None:
            self.on_sleep(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let the time pass without anybody waiting."""
        with self._guard:
            self._now += seconds
