"""Gates that run side by side: what is shown in which order, what each came to, and that nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tools.lanes import run_lanes

if TYPE_CHECKING:
    import pytest

    from tools.lanes import Gate

ROOT = Path(__file__).parents[3]
INTERRUPTED = """
import os, sys
from tools.lanes import run_lanes
one = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
two = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
os.mkfifo(sys.argv[1])
run_lanes([[("one", ("-c", one)), ("never", ("-c", "print('never')"))], [("two", ("-c", two, sys.argv[1]))]], os.environ)
"""


def saying(name: str, words: str, code: int = 0) -> Gate:
    return name, ("-c", f"print({words!r}); raise SystemExit({code})")


def waiting(name: str, path: Path) -> Gate:
    """A gate that goes on when somebody opens the pipe."""
    return name, ("-c", f"open({str(path)!r}).read(); print('first in order')")


def opening(name: str, path: Path) -> Gate:
    return name, ("-c", f"open({str(path)!r}, 'w').close(); print('first in time')")


def test_gates_are_shown_in_order_whichever_ends_first(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    run_lanes([[waiting("one", pipe)], [opening("two", pipe)]], os.environ)
    said = capfdbinary.readouterr().out.decode().splitlines()
    assert [said[0], said[2]] == ["first in order", "first in time"]
    assert [said[1].split()[:2], said[3].split()[:2]] == [["ok", "one"], ["ok", "two"]]


def test_a_gate_that_fails_is_named_and_the_next_one_runs() -> None:
    ended = run_lanes([[saying("one", "no", 3), saying("two", "yes")], [saying("three", "yes")]], os.environ)
    assert [(one.name, one.code) for one in ended] == [("one", 3), ("two", 0), ("three", 0)]
    assert str(ended[0]).startswith("FAIL one")


def test_one_lane_alone_speaks_to_the_terminal_itself(capfd: pytest.CaptureFixture[str]) -> None:
    (ended,) = run_lanes([[saying("one", "here")]], os.environ)
    assert (ended.code, capfd.readouterr().out) == (0, "here\n")


def test_ctrl_c_ends_the_gates_of_every_lane_and_starts_no_other(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    command = [sys.executable, "-c", INTERRUPTED, str(pipe)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT) as running:
        assert running.stdout is not None
        pids = [int(running.stdout.readline()), int(pipe.read_text("utf-8"))]
        running.send_signal(signal.SIGINT)
        said = running.stdout.read()
    assert (running.returncode != 0, b"never" in said) == (True, False)
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
