"""Each benchmark runs to its end in its smallest case; what it measures there is not judged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BENCHMARKS = sorted(
    file.stem for file in (ROOT / "benchmarks").glob("*.py") if "--smallest" in file.read_text("utf-8")
)
ON_A_STAGE = {"release"}  # tests/e2e/test_benchmarks.py has them


def test_every_program_in_the_folder_is_a_benchmark_or_serves_one() -> None:
    files = (ROOT / "benchmarks").glob("*.py")
    programs = {file.stem for file in files if '__name__ == "__main__"' in file.read_text("utf-8")}

    assert programs - {"scene"} == set(BENCHMARKS)


@pytest.mark.parametrize("name", [name for name in BENCHMARKS if name not in ON_A_STAGE])
def test_its_smallest_case_runs_to_its_end(name: str) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / f"{name}.py"), "--smallest"]

    done = subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-2000:]
    assert "limit" in done.stdout
