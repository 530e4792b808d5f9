"""`inv test`: every test and gate of this project, as .ci/run calls it."""

from __future__ import annotations

from invoke.context import Context  # noqa: TC002 - Invoke reads the annotations of a task
from invoke.exceptions import Exit
from invoke.tasks import task

FLOOR = 95
WORKERS = (
    "-n",
    "3",
    "--dist",
    "worksteal",
)  # on two cores: a third of the time goes by in waiting for processes

LINTERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as lint; lint()")),
)
TESTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "tests",
        (
            *("-m", "pytest", *WORKERS, "tests/unit", "tests/contract", "tests/e2e"),
            *("--cov", "--cov-report=term", f"--cov-fail-under={FLOOR}"),
        ),
    ),
    (
        "faults, workflows",
        ("-m", "pytest", *WORKERS, "tests/faults", "tests/workflows"),
    ),  # without coverage, which would take half of their time
)
QUICK: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tests", ("-m", "pytest", *WORKERS, "tests/unit", "tests/contract", "-m", "not rehearsal")),
)


@task(
    name="test",
    help={
        "quick": "only unit and contract tests that need no wrangler, without coverage",
        "only": "words for pytest instead of all gates",
    },
)
def run_gates(context: Context, quick: bool = False, only: str = "") -> None:
    """Run every test and gate: lint, types, layers, all tests with branch coverage, the faults, and the workflows executed.

    Example: inv test --quick
    """
    import os
    import shlex
    import subprocess
    import sys
    import time

    del context
    gates = (
        (("pytest", ("-m", "pytest", *shlex.split(only))),)
        if only
        else (*LINTERS, *(QUICK if quick else TESTS))
    )
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    took, failed = [], []
    for name, command in gates:
        started = time.monotonic()
        done = subprocess.run([sys.executable, *command], env=environ, check=False)
        took.append(
            f"{'ok  ' if done.returncode == 0 else 'FAIL'} {name:<18} {time.monotonic() - started:6.1f} s"
        )
        sys.stderr.write(f"{took[-1]}\n")
        if done.returncode:
            failed.append(name)
    sys.stderr.writelines(f"{line}\n" for line in ("", *took))
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)
