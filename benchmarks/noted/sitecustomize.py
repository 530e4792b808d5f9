"""Notes what a Python process waits for: Python imports this by itself where its folder is on PYTHONPATH.

With NOTED set to a folder, each process writes `<pid>.json` there when it ends: its command line (`argv`), its `waits`
as [start, end] in seconds since 1970, and `peak_mb`, the largest memory it had resident. A wait is for a program that it
ran (git, npm, node, wrangler), for an answer of workerd's host, or a sleep, which only the smoke check has. The stage's
process is no program in this sense: it is this project.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

OURS = "release.rehearsal"
WORKERD = "release.rehearsal.cloud.miniflare_runtime"


def note(folder: Path) -> None:
    """Wrap what waits, and report at the end."""
    waits: list[tuple[float, float]] = []

    def noted(wait: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(wait)
        def waiting(*args: Any, **options: Any) -> Any:  # noqa: ANN401  # whatever it takes
            started = time.time()
            try:
                return wait(*args, **options)
            finally:
                if OURS not in str(getattr(args[0], "args", "")):
                    waits.append((started, time.time()))

        return waiting

    def report() -> None:
        status = Path("/proc/self/status").read_text("utf-8").splitlines()
        peak = next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
        said = {"argv": sys.argv, "waits": waits, "peak_mb": peak}
        (folder / f"{os.getpid()}.json").write_text(json.dumps(said), "utf-8")

    def started(event: str, _: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and WORKERD in sys.modules:  # from its first start on
            runtime = sys.modules[WORKERD].MiniflareRuntime
            if not hasattr(runtime._ask, "__wrapped__"):  # noqa: SLF001
                runtime._ask = noted(runtime._ask)  # noqa: SLF001

    for name in ("wait", "communicate"):
        setattr(subprocess.Popen, name, noted(getattr(subprocess.Popen, name)))
    time.sleep = noted(time.sleep)
    sys.addaudithook(started)
    atexit.register(report)


if os.environ.get("NOTED"):
    note(Path(os.environ["NOTED"]))
