"""`inv test`: every test and gate of this project, as .ci/run calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.exceptions import Exit
from invoke.tasks import task

if TYPE_CHECKING:
    from invoke.context import Context

FLOOR = 95

GATES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("ruff", "check", ".")),
    ("ruff format", ("ruff", "format", "--check", ".")),
    ("mypy", ("mypy",)),
    ("import-linter", ("importlinter", "lint")),
)


@task(
    name="test",
    help={
        "quick": "leave out the tests that run wrangler and workerd",
        "only": "words for pytest instead of all gates",
    },
)
def run_gates(context: Context, quick: bool = False, only: str = "") -> None:
    """Run every test and gate: lint, types, layers, all tests with branch coverage.

    Example: inv test --quick
    """
    import shlex
    import subprocess
    import sys
    import time

    del context
    failed = []
    gates = () if only else GATES
    pytest = ("pytest", "-n", "2", *(("-m", "not rehearsal") if quick else ()))
    coverage = () if quick or only else ("--cov", "--cov-report=term", f"--cov-fail-under={FLOOR}")
    for name, command in (*gates, ("pytest", (*pytest, *coverage, *shlex.split(only)))):
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-m", *command], check=False)
        sys.stderr.write(
            f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name} ({time.monotonic() - started:.1f} s)\n"
        )
        if done.returncode:
            failed.append(name)
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)
