"""Says what is waited for and until when, once it takes long: silence looks like a hang."""

from __future__ import annotations

import sys
import threading
import time

AFTER = 5.0  # seconds without a word
_TOLD: dict[str, float] = {}  # when each wait that was told of ends (seconds that never run back)
_LOCK = threading.Lock()


def tell_wait(what: str, seconds: float, advice: str = "") -> None:
    """One line on stderr: what is waited for, until when, and how to go on without it.

    Once for what several threads wait for, unless it lasts longer than was said.
    """
    until = time.monotonic() + seconds
    with _LOCK:
        if until <= _TOLD.get(what, 0.0) + 1.0:
            return
        _TOLD[what] = until
    sys.stderr.write(f"waiting for {what} until {clock_time(seconds)} at most; {advice or 'Ctrl-C stops'}\n")
    sys.stderr.flush()


def clock_time(seconds: float) -> str:
    """The time of day in so many seconds, as a clock on the wall shows it."""
    return time.strftime("%H:%M:%S", time.localtime(time.time() + min(seconds, 10**8)))


def length(seconds: float) -> str:
    """A time to wait, in seconds or minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"  # noqa: PLR2004
