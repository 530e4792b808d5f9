"""Ends what jobs have started once their stage is gone: `python -m release.rehearsal.workflows.guard MARK`.

It lives as long as its standard input is open, so it outlives a stage that was killed by a moment. Every process of a job
carries the mark in its environment; on a system without /proc, where that cannot be read, the process groups of which
it was told (a line each: +GROUP, -GROUP) are ended.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

MARK = "RELEASE_RUNNER_MARK"
ROUNDS = 20


def end_marked(variable: str, mark: str) -> None:
    """SIGKILL for every process with this variable in its environment, and what it started, until none is found."""
    wanted = f"{variable}={mark}".encode()
    for _ in range(ROUNDS):
        found = [pid for pid in _processes(wanted) if pid != os.getpid()]
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _processes(wanted: bytes) -> list[int]:
    found, children = [], dict[int, list[int]]()
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            children.setdefault(int(parent), []).append(int(entry.name))
            if state != "Z" and wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    for pid in found:  # grows meanwhile: a child may have been given an environment of its own
        found += [child for child in children.get(pid, ()) if child not in found]
    return found


def main(mark: str) -> int:
    """Wait for the stage's end, then end all of its jobs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        number = int(line[1:])
        (groups.add if line.startswith("+") else groups.discard)(number)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    end_marked(MARK, mark)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
