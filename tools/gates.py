"""`inv test`: every test and gate of this project, as .ci/run calls it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from invoke.context import Context  # noqa: TC002 - Invoke reads the annotations of a task
from invoke.exceptions import Exit
from invoke.tasks import task

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.lanes import Gate

FLOOR = 92.7
MEMORY, ENOUGH = "/dev/shm", 6 << 30  # a run writes 1 GB
STEALING = ("--dist", "worksteal")

LINTERS: tuple[Gate, ...] = (
    ("ruff check", ("-m", "ruff", "check", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", ".")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as lint; lint()")),
)
MYPY: Gate = ("mypy", ("-m", "mypy"))
# Pytest rewrites and compiles the tests once here, and not in each of its workers at the same time.
COLLECTED: Gate = ("collection", ("-m", "pytest", "--collect-only", "-qq", "-n", "0"))
TESTS: Gate = (
    "tests",
    (
        *("-m", "pytest", "-n", "4", *STEALING),  # they wait for processes a third of their time
        *("tests/e2e", "tests/adopters", "tests/workflows", "tests/faults", "tests/contract", "tests/unit"),
        *("--cov", "--cov-report=term", f"--cov-fail-under={FLOOR}"),
    ),
)
QUICK: Gate = (
    "tests",
    (
        *("-m", "pytest", "-n", "2", *STEALING, "tests/unit", "tests/contract"),
        *("-m", "not rehearsal and not world", "--hypothesis-profile", "quick"),
    ),
)


@contextmanager
def _fast_folder() -> Iterator[str | None]:
    """A folder in memory for what the tests write, gone in the end; None where this machine has no room for that.

    Git and the journal wait for the disk at each write; nothing that is tested depends on it.
    """
    import os
    import tempfile

    try:
        room = os.statvfs(MEMORY)
    except OSError:
        yield None
        return
    if room.f_flag & os.ST_NOEXEC or room.f_bavail * room.f_frsize < ENOUGH:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tests-", dir=MEMORY, ignore_cleanup_errors=True) as folder:
        yield folder


@task(
    name="test",
    help={
        "quick": "without mypy, coverage, wrangler, and tests that need a whole world to release in",
        "all": "with every case where the tests otherwise take turns: each fault at each write, six times the interleavings",
        "only": "words for pytest instead of all gates",
    },
)
def run_gates(context: Context, quick: bool = False, all: bool = False, only: str = "") -> None:  # noqa: A002
    """Run every test and gate: lint, types, layers, all tests with branch coverage, the faults, and the workflows executed.

    Example: inv test --quick
    """
    import os
    import shlex
    import sys

    from tools.lanes import run_lanes

    del context
    if quick and all:
        raise Exit("--quick and --all exclude each other", code=2)
    if only:
        lanes: tuple[tuple[Gate, ...], ...] = ((("pytest", ("-m", "pytest", *shlex.split(only))),),)
    elif quick:
        lanes = (LINTERS, (QUICK,))
    else:
        name, words = TESTS
        lanes = ((*LINTERS, MYPY), (COLLECTED, (name, (*words, "--whole") if all else words)))
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if sys.stdout.isatty():
        environ["PY_COLORS"] = "1"
    with _fast_folder() as folder:
        ended = run_lanes(lanes, {**environ, "TMPDIR": folder} if folder else environ)
    sys.stderr.writelines(f"{line}\n" for line in ("", *ended))
    failed = [one.name for one in ended if one.code]
    if failed:
        raise Exit(f"failed: {', '.join(failed)}", code=1)
