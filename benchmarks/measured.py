"""Runs `inv` with its waits noted: `python benchmarks/measured.py REPORT WORDS...` writes REPORT when it ends.

The report is JSON: `seconds` in all, `waits` by kind (git, programs, smoke, http; overlaps count once, in this order),
`own` seconds outside git, programs and smoke, and `peak_mb`, this process's largest resident memory.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

BEGAN = time.perf_counter()
sys.path.insert(0, str(Path(__file__).parents[1]))

if TYPE_CHECKING:
    from collections.abc import Callable

Spans = list[tuple[float, float]]
KINDS = ("git", "programs", "smoke", "http")


def main(report: Path, words: list[str]) -> None:
    """Note, run, report."""
    from release.ops import http, shell, smoke  # noqa: PLC0415  # their loading counts as our own time
    from release.program import program  # noqa: PLC0415

    spans: dict[str, Spans] = {kind: [] for kind in KINDS}
    for kind, where, name in (
        ("git", shell, "capture"),
        ("programs", shell, "stream"),
        ("smoke", smoke, "watch"),
        ("http", http.Http, "send"),
    ):
        setattr(where, name, _noted(getattr(where, name), spans[kind]))
    try:
        program.run(["inv", *words])
    finally:
        report.write_text(json.dumps(_report(spans, time.perf_counter())))


def _noted(function: Callable[..., Any], spans: Spans) -> Callable[..., Any]:
    def noted(*args: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever the function takes
        started = time.perf_counter()
        try:
            return function(*args, **options)
        finally:
            spans.append((started, time.perf_counter()))

    return noted


def _report(spans: dict[str, Spans], ended: float) -> dict[str, Any]:
    seen: Spans = []
    waits = {}
    for kind in KINDS:
        before = covered(seen)
        seen += spans[kind]
        waits[kind] = covered(seen) - before
    status = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
    own = ended - BEGAN - sum(waits[kind] for kind in ("git", "programs", "smoke"))
    return {"seconds": ended - BEGAN, "waits": waits, "own": own, "peak_mb": peak / 1024}


def covered(spans: Spans) -> float:
    """How many seconds lie in at least one of the spans."""
    total, until = 0.0, float("-inf")
    for start, end in sorted(spans):
        total += max(0.0, end - max(start, until))
        until = max(until, end)
    return total


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
