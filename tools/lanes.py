"""Commands that run side by side in lanes, and are read one after the other."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Gate = tuple[str, tuple[str, ...]]  # a name, and the words behind `python`
_LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Ended:
    """A gate that was run: `code` is its exit code, `seconds` how long it took."""

    name: str
    code: int
    seconds: float

    def __str__(self) -> str:
        """A line of the summary."""
        return f"{'FAIL' if self.code else 'ok  '} {self.name:<18} {self.seconds:6.1f} s"


@dataclass
class _Run:
    """One gate: `said` is the file that takes its output, `ended` is set with `done`."""

    gate: Gate
    said: Path
    done: Ended | None = None
    ended: threading.Event = field(default_factory=threading.Event)


def run_lanes(lanes: Sequence[Sequence[Gate]], environ: Mapping[str, str]) -> list[Ended]:
    """Run each lane's gates in turn, all lanes at once; how each gate ended, in the order of the lanes.

    A single lane writes to this terminal itself. Of several, the output is shown gate by gate as if they ran in
    turn: the first that has not ended is followed live, the others wait in files. Whoever interrupts ends them all.
    """
    if len(lanes) == 1:
        return [_timed(gate, environ, None, {}) for gate in lanes[0]]
    with tempfile.TemporaryDirectory(prefix="gates-") as folder:
        count = iter(range(sum(map(len, lanes))))
        runs = [[_Run(gate, Path(folder) / str(next(count))) for gate in lane] for lane in lanes]
        return _side_by_side(runs, environ)


def _side_by_side(lanes: Sequence[Sequence[_Run]], environ: Mapping[str, str]) -> list[Ended]:
    running: dict[str, subprocess.Popen[bytes]] = {}
    stopped = threading.Event()
    with ThreadPoolExecutor(len(lanes)) as pool:
        waiting = [pool.submit(_in_turn, lane, environ, running, stopped) for lane in lanes]
        try:
            for run in (run for lane in lanes for run in lane):
                _follow(run)
        except BaseException:
            stopped.set()
            for process in list(running.values()):
                process.terminate()
            raise
    for lane in waiting:
        lane.result()
    return [run.done for lane in lanes for run in lane if run.done]


def _in_turn(
    lane: Sequence[_Run],
    environ: Mapping[str, str],
    running: dict[str, subprocess.Popen[bytes]],
    stopped: threading.Event,
) -> None:
    for run in lane:
        try:
            if not stopped.is_set():
                with run.said.open("wb") as said:
                    run.done = _timed(run.gate, environ, said, running)
        finally:
            run.ended.set()  # whatever happened: somebody follows it


def _timed(
    gate: Gate,
    environ: Mapping[str, str],
    said: BinaryIO | None,
    running: dict[str, subprocess.Popen[bytes]],
) -> Ended:
    name, command = gate
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], env=environ, stdout=said, stderr=said)
    running[name] = process
    try:
        code = process.wait()
    finally:
        del running[name]
    ended = Ended(name, code, time.monotonic() - started)
    line = f"{ended}\n".encode()
    if said is not None:
        said.write(line)
    else:
        sys.stderr.write(line.decode())
    return ended


def _follow(run: _Run) -> None:
    """Show what a gate says, until it has ended."""
    is_over = False
    while not run.said.exists() and not run.ended.wait(_LOOK_SECONDS):
        pass
    if not run.said.exists():
        return
    with run.said.open("rb") as said:
        while not is_over:
            is_over = run.ended.wait(_LOOK_SECONDS)
            shutil.copyfileobj(said, sys.stdout.buffer)
            sys.stdout.flush()
