"""`inv test`: every test and gate of this project, as .ci/run calls it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.context import Context  # noqa: TC002 - Invoke reads the annotations of a task
from invoke.exceptions import Exit
from invoke.tasks import task

if TYPE_CHECKING:
    from tools.lanes import Gate

FLOOR = 93
STEALING = ("--dist", "worksteal")

LINTERS: tuple[Gate, ...] = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as lint; lint()")),
)
MYPY: Gate = ("mypy", ("-m", "mypy"))
TESTS: Gate = (
    "tests",
    (
        *("-m", "pytest", "-n", "3", *STEALING, "tests/e2e", "tests/contract", "tests/unit"),
        *("--cov", "--cov-report=term", f"--cov-fail-under={FLOOR}"),
    ),
)
FAULTS: Gate = (
    "faults, workflows",
    ("-m", "pytest", "-n", "2", *STEALING, "tests/faults", "tests/workflows"),
)  # without coverage, which would take half of their time
QUICK: Gate = (
    "tests",
    (
        *("-m", "pytest", "-n", "2", *STEALING, "tests/unit", "tests/contract"),
        *("-m", "not rehearsal and not world"),
    ),
)


@task(
    name="test",
    help={
        "quick": "without mypy, coverage, wrangler, and tests that need a whole world to release in",
        "only": "words for pytest instead of all gates",
    },
)
def run_gates(context: Context, quick: bool = False, only: str = "") -> None:
    """Run every test and gate: lint, types, layers, all tests with branch coverage, the faults, and the workflows executed.

    Example: inv test --quick
    """
    import os
    import shlex
    import sys

    from tools.lanes import run_lanes

    del context
    if only:
        lanes: tuple[tuple[Gate, ...], ...] = ((("pytest", ("-m", "pytest", *shlex.split(only))),),)
    elif quick:
        lanes = ((*LINTERS, QUICK),)
    else:
        lanes = ((*LINTERS, MYPY, FAULTS), (TESTS,))  # the tests wait for processes a third of their time
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if sys.stdout.isatty():
        environ["PY_COLORS"] = "1"
    ended = run_lanes(lanes, environ)
    sys.stderr.writelines(f"{line}\n" for line in ("", *ended))
    failed = [one.name for one in ended if one.code]
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)
