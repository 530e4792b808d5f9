"""Measures this tool against its floors and prints a table: `python benchmarks/run.py [--turns N] [--quick]`.

What is compared is run in turns, in one go, on the same machine; the figures that count are ratios. benchmarks/README.md
says what each line is. The exit code is 1 where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.turns import Contender, take_turns  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.turns import Times

PYTHON = sys.executable
INV = (PYTHON, "-P", "-m", "release.program")
BARE = (PYTHON, "-P", "-m", "invoke")
SIZES = {"1k": (1_000, 20), "10k": (10_000, 200), "100k": (100_000, 2_000)}


@dataclass(frozen=True)
class Line:
    """One line of the table; `limit` is what `figure` may be at most."""

    what: str
    measured: str
    figure: float
    limit: float

    def __str__(self) -> str:
        verdict = "ok" if self.figure <= self.limit else "OVER"
        return f"{self.what:<52} {self.measured:<34} {self.figure:>7.2f}  {self.limit:>6g}  {verdict}"


def main() -> int:
    """Measure, print, and say whether all limits hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--quick", action="store_true", help="only the smallest history, and no rehearsal")
    asked = parser.parse_args()
    lines: list[Line] = []
    print(f"{'':<52} {'measured':<34} {'figure':>7}  {'limit':>6}")
    with tempfile.TemporaryDirectory() as bytecode:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = bytecode
        for line in _lines(asked.turns, quick=asked.quick):
            print(line, flush=True)
            lines.append(line)
    return int(any(line.figure > line.limit for line in lines))


def _lines(turns: int, *, quick: bool) -> Iterator[Line]:
    yield from listing(turns)
    with contextlib.ExitStack() as stack:
        sizes = {"1k": SIZES["1k"]} if quick else SIZES
        yield from plans({name: stack.enter_context(scene(*size)) for name, size in sizes.items()}, turns)
    if not quick:
        yield from rehearsals(3)


def listing(turns: int) -> Iterator[Line]:
    """`inv --list` against a file with one task."""
    environ = dict(os.environ)
    bare = Contender("bare", (*BARE, "--search-root", "benchmarks/bare", "--list"), ROOT, environ)
    ours = Contender("inv", (*INV, "--search-root", ".", "--list"), ROOT, environ)
    wrapped = Contender("./inv", ("./inv", "--list"), ROOT, environ)
    times = take_turns([bare, ours, wrapped], 2 * turns)
    yield Line("inv --list / bare Invoke", _ms(times, "inv", "bare"), times.ratio("inv", "bare"), 1.2)
    added = (times.median("./inv") - times.median("inv")) * 1000
    yield Line("./inv adds to inv, ms", _ms(times, "./inv", "inv"), added, 30)


def plans(scenes: dict[str, dict[str, Any]], turns: int) -> Iterator[Line]:
    """`inv plan` against its floor, on every history, and the largest against the smallest."""
    contenders = []
    for size, scene in scenes.items():
        root, environ = Path(scene["root"]), _in_scene(scene, "root")
        reads = (*BARE, "--collection", "floor", "--search-root", str(ROOT / "benchmarks"), "reads")
        ours = (*INV, "--search-root", str(ROOT), "plan")
        contenders += [
            Contender(f"floor {size}", reads, root, environ),
            Contender(f"plan {size}", ours, root, environ),
            Contender(f"shallow {size}", ours, root, _in_scene(scene, "shallow")),
        ]
    times = take_turns(contenders, turns)
    for size in scenes:
        plan, floor = f"plan {size}", f"floor {size}"
        yield Line(
            f"inv plan / floor, {size} commits", _ms(times, plan, floor), times.ratio(plan, floor), 1.3
        )
    small, large = next(iter(scenes)), list(scenes)[-1]
    for kind, what in (("plan", "inv plan"), ("shallow", "inv plan in a depth-1 checkout")):
        one, other = f"{kind} {large}", f"{kind} {small}"
        yield Line(f"{what}, {large} / {small}", _ms(times, one, other), times.ratio(one, other), 1.2)


def _in_scene(scene: Mapping[str, Any], checkout: str) -> dict[str, str]:
    compiled = os.environ["PYTHONPYCACHEPREFIX"]
    return {
        **scene["environ"],
        "RELEASE_STAGE": scene[checkout],
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": compiled,
    }


def rehearsals(turns: int) -> Iterator[Line]:
    """`./inv rehearse`, warm: all of it, the stage too; the part that is ours; the memory of the releasing process."""
    runs = sorted((_rehearsal() for _ in range(turns)), key=lambda run: run.seconds)
    middle = runs[turns // 2]
    yield Line("inv rehearse in all, s", f"middle of {turns}", middle.seconds, 30)
    share = 100 * middle.own / middle.seconds
    yield Line("our own share of it, %", f"{middle.own:.2f} s of {middle.seconds:.1f} s", share, 5)
    yield Line("memory of the process that releases, MB", "largest", max(run.peak_mb for run in runs), 100)


@dataclass(frozen=True)
class Rehearsal:
    """What one rehearsal took: seconds in all, those in which nothing but this project was at work, and memory."""

    seconds: float
    own: float
    peak_mb: float


def _rehearsal() -> Rehearsal:
    with tempfile.TemporaryDirectory() as folder:
        paths = f"{ROOT / 'benchmarks' / 'noted'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
        environ = {**os.environ, "NOTED": folder, "PYTHONPATH": paths}
        started = time.perf_counter()
        done = subprocess.run(
            ["./inv", "rehearse", "--json"], cwd=ROOT, env=environ, capture_output=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"inv rehearse ended with {done.returncode}: {done.stderr.decode()[-1500:]}")
        notes = [json.loads(file.read_text("utf-8")) for file in Path(folder).iterdir()]
    waited = _covered([(start, end) for one in notes for start, end in one["waits"]])
    peak = max(one["peak_mb"] for one in notes if "rehearse" in one["argv"])
    return Rehearsal(seconds, seconds - waited, peak)


def _covered(spans: list[tuple[float, float]]) -> float:
    """How many seconds lie in at least one of the spans."""
    total, until = 0.0, 0.0
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


@contextlib.contextmanager
def scene(commits: int, tags: int) -> Iterator[dict[str, Any]]:
    """A double with a long history, served by another process (benchmarks/scene.py)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [PYTHON, str(ROOT / "benchmarks/scene.py"), folder, str(commits), str(tags)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as serving:
            yield json.loads(_first_line(serving))
            serving.communicate()


def _first_line(serving: subprocess.Popen[str]) -> str:
    if serving.stdout is None or not (line := serving.stdout.readline()):
        raise RuntimeError("the servers ended before they said where they are")
    return line


def _ms(times: Times, one: str, other: str) -> str:
    return f"{times.median(one) * 1000:.0f} ms / {times.median(other) * 1000:.0f} ms"


if __name__ == "__main__":
    raise SystemExit(main())
