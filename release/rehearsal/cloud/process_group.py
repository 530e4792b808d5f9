"""A process group that is ended, and how one knows that nothing of it is left."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_LOOK_SECONDS = 0.01


def end_group(group: int, seconds: float = 5.0) -> bool:
    """SIGKILL for all of a process group; whether nothing of it is left, which is waited for.

    A killed process holds its ports and files until its last thread has ended.
    """
    until = time.monotonic() + seconds
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    while living(group):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def living(group: int) -> tuple[int, ...]:
    """The processes of a group of which a thread still runs, as /proc tells (proc(5), `stat` and `task`).

    None on a system without /proc, where they cannot be waited for.
    """
    found = Path("/proc").glob("[0-9]*")
    return tuple(int(entry.name) for entry in found if _lives_in(entry, group))


def _lives_in(process: Path, group: int) -> bool:
    try:
        state, _, its_group = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[:3]
        # the first thread may be a zombie while others run on
        return int(its_group) == group and (state not in "ZX" or len(list((process / "task").iterdir())) > 1)
    except OSError:  # gone meanwhile
        return False
