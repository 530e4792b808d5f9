"""Commands measured side by side: in turns, each once a turn, so that a slow moment of the machine hits them all."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def compile_into(folder: str) -> dict[str, str]:
    """Put this project's bytecode into a folder; the variables with which Python finds it there.

    Invoke lets Python write none for what it loads: ./inv compiles when it installs, and this stands for that.
    """
    environ = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    root = Path(__file__).parents[1]
    paths = [str(root / name) for name in ("release", "tools", "benchmarks", "tasks.py")]
    subprocess.run([sys.executable, "-m", "compileall", "-q", *paths], env=environ, check=True)
    return environ


@dataclass(frozen=True)
class Contender:
    """A command, where and with which variables it runs, and the exit codes that are no mistake."""

    name: str
    command: Sequence[str]
    root: Path
    environ: Mapping[str, str]


@dataclass
class Times:
    """Seconds of each contender, one a turn."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        """The middle of a contender's times."""
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, to: str) -> float:
        """The middle of the turns' own ratios."""
        pairs = zip(self.seconds[name], self.seconds[to], strict=True)
        return statistics.median(one / other for one, other in pairs)


def take_turns(contenders: Sequence[Contender], turns: int) -> Times:
    """Run each once to warm up, then in turns, in another order each time. Raises RuntimeError when one fails.

    With no turn at all, the times are those of warming up: enough to see that everything runs.
    """
    warming = {contender.name: [_seconds(contender)] for contender in contenders}
    if not turns:
        return Times(warming)
    times = Times({contender.name: [] for contender in contenders})
    for turn in range(turns):
        first = turn % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            times.seconds[contender.name].append(_seconds(contender))
    return times


def _seconds(contender: Contender) -> float:
    started = time.perf_counter()
    done = subprocess.run(
        contender.command, cwd=contender.root, env=dict(contender.environ), capture_output=True, check=False
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise RuntimeError(f"{contender.name} ended with {done.returncode}: {done.stderr.decode()[-800:]}")
    return seconds
