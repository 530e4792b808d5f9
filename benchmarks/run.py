"""Measures this tool against its floors and prints a table: `python benchmarks/run.py [--turns N] [--quick | --smallest]`.

What is compared is run in turns, in one go, on the same machine; the figures that count are ratios. benchmarks/README.md
says what each line is. The exit code is 1 where a limit is exceeded.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.turns import Contender, compile_into, take_turns  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.turns import Times

PYTHON = sys.executable
INV = (PYTHON, "-P", "-m", "release.program")
BARE = (PYTHON, "-P", "-m", "invoke")
SIZES = {"1k": (1_000, 20), "10k": (10_000, 200), "100k": (100_000, 2_000)}
SMALLEST = {"30": (30, 2)}


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
    parser.add_argument(
        "--smallest", action="store_true", help="each once, to see that it runs; no figure is judged"
    )
    asked = parser.parse_args()
    lines: list[Line] = []
    print(f"{'':<52} {'measured':<34} {'figure':>7}  {'limit':>6}")
    with tempfile.TemporaryDirectory() as bytecode:
        environ = compile_into(bytecode)
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ.update(environ)
        sizes = SMALLEST if asked.smallest else {"1k": SIZES["1k"]} if asked.quick else SIZES
        for line in _lines(0 if asked.smallest else asked.turns, sizes):
            print(line, flush=True)
            lines.append(line)
    return int(not asked.smallest and any(line.figure > line.limit for line in lines))


def _lines(turns: int, sizes: Mapping[str, tuple[int, int]]) -> Iterator[Line]:
    yield from listing(turns)
    with contextlib.ExitStack() as stack:
        yield from plans({name: stack.enter_context(scene(*size)) for name, size in sizes.items()}, turns)
    if sizes == SIZES:
        yield from rehearsals(3)


def listing(turns: int) -> Iterator[Line]:
    """`inv --list` against a file with one task."""
    environ = dict(os.environ)
    bare = Contender("bare", (*BARE, "--search-root", "benchmarks/bare", "--list"), ROOT, environ)
    ours = Contender("inv", (*INV, "--search-root", ".", "--list"), ROOT, environ)
    wrapped = Contender("./inv", ("./inv", "--list"), ROOT, environ)
    times = take_turns([bare, ours, wrapped], 2 * turns)
    yield Line("inv --list / bare Invoke", _ms(times, "inv", "bare"), times.ratio("inv", "bare"), 1.1)
    added = (times.median("./inv") - times.median("inv")) * 1000
    yield Line("./inv adds to inv, ms", _ms(times, "./inv", "inv"), added, 30)


def plans(scenes: dict[str, dict[str, Any]], turns: int) -> Iterator[Line]:
    """`inv plan` against its floor, on every history, and the largest against the smallest."""
    contenders, smallest = [], next(iter(scenes))
    for size, scene in scenes.items():
        root, environ = Path(scene["root"]), _in_scene(scene, "root")
        reads = (*BARE, "--collection", "floor", "--search-root", str(ROOT / "benchmarks"), "reads")
        ours = (*INV, "--search-root", str(ROOT), "plan")
        contenders += [
            Contender(f"floor {size}", reads, root, environ),
            Contender(f"plan {size}", ours, root, environ),
            Contender(f"shallow {size}", ours, root, _in_scene(scene, "shallow")),
        ]
    with tempfile.TemporaryDirectory() as folder:
        contenders.append(_uncompiled(Path(folder), scenes[smallest]))
        times = take_turns(contenders, turns)
    for size in scenes:
        plan, floor = f"plan {size}", f"floor {size}"
        yield Line(
            f"inv plan / floor, {size} commits", _ms(times, plan, floor), times.ratio(plan, floor), 1.2
        )
    floor = f"floor {smallest}"
    uncompiled = times.ratio("uncompiled", floor)
    yield Line("... without our bytecode / floor", _ms(times, "uncompiled", floor), uncompiled, 1.5)
    large = list(scenes)[-1]
    for kind, what, limit in (("plan", "inv plan", 1.2), ("shallow", "... in a depth-1 checkout", 1.15)):
        one, other = f"{kind} {large}", f"{kind} {smallest}"
        yield Line(f"{what}, {large} / {smallest}", _ms(times, one, other), times.ratio(one, other), limit)
    yield Line("memory of inv plan, MB", f"{large} commits", _peak(contenders, f"plan {large}"), 45)


def _uncompiled(folder: Path, scene: Mapping[str, Any]) -> Contender:
    """A plan with a copy of `release/` that has no bytecode and gets none, as in a read-only checkout."""
    shutil.copytree(ROOT / "release", folder / "release", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    environ = {**_in_scene(scene, "root"), "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return Contender("uncompiled", (*INV, "--search-root", str(ROOT), "plan"), Path(scene["root"]), environ)


def _peak(contenders: list[Contender], name: str) -> float:
    """The most memory that a contender's own process has resident, in MB."""
    one = next(each for each in contenders if each.name == name)
    with tempfile.TemporaryDirectory() as folder:
        environ = _noted(folder, one.environ)
        subprocess.run(one.command, cwd=one.root, env=environ, capture_output=True, check=True)
        return max(float(note["peak_mb"]) for note in _notes(folder) if "plan" in note["argv"])


def _noted(folder: str, environ: Mapping[str, str]) -> dict[str, str]:
    paths = f"{ROOT / 'benchmarks' / 'noted'}{os.pathsep}{environ.get('PYTHONPATH', '')}"
    return {**environ, "NOTED": folder, "PYTHONPATH": paths}


def _notes(folder: str) -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in Path(folder).iterdir()]


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
    yield Line("memory of the process that releases, MB", "largest", max(run.peak_mb for run in runs), 80)


@dataclass(frozen=True)
class Rehearsal:
    """What one rehearsal took: seconds in all, those in which nothing but this project was at work, and memory."""

    seconds: float
    own: float
    peak_mb: float


def _rehearsal() -> Rehearsal:
    with tempfile.TemporaryDirectory() as folder:
        environ = _noted(folder, os.environ)
        started = time.perf_counter()
        done = subprocess.run(
            ["./inv", "rehearse", "--json"], cwd=ROOT, env=environ, capture_output=True, check=False
        )
        seconds = time.perf_counter() - started
        if done.returncode:
            raise RuntimeError(f"inv rehearse ended with {done.returncode}: {done.stderr.decode()[-1500:]}")
        notes = _notes(folder)
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
