"""Programs that misbehave: they are stopped, masked, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from release.errors import EffectError
from release.systems.machine import shell
from release.systems.machine.secrets import Mask
from tests.e2e.processes import gone

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENV = {"PATH": os.environ["PATH"]}


def streamed(
    tmp_path: Path, code: str, *, deadline: float = 60.0, mask: Mask | None = None
) -> tuple[shell.Streamed, list[str]]:
    """How a Python program ends, and the lines that were told."""
    told: list[str] = []
    ended = shell.stream(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=ENV,
        deadline=deadline,
        tell=told.append,
        mask=mask or Mask(),
    )
    return ended, told


def test_lines_of_both_outputs_are_told_in_order(tmp_path: Path) -> None:
    code = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); print(); sys.exit(3)"
    ended, told = streamed(tmp_path, code)
    assert (ended.code, told) == (3, ["one", "two"])
    assert ended.tail == ("one", "two")


def test_nothing_can_be_asked_of_the_person(tmp_path: Path) -> None:
    ended, told = streamed(tmp_path, "import sys; print(repr(sys.stdin.read()))")
    assert (ended.code, told) == (0, ["''"])


def test_secrets_and_escape_sequences_never_get_through(tmp_path: Path) -> None:
    mask = Mask.of({"API_TOKEN": "s3cret-t0ken"})
    ended, told = streamed(tmp_path, r"print('\x1b[31ms3cret-\x1b[0mt0ken\x1b[0m is it')", mask=mask)
    assert told == ["*** is it"]
    assert ended.tail == ("*** is it",)


@pytest.mark.parametrize("before", [4090, 4096, 8190, 65530])
def test_a_secret_deep_in_a_long_line_does_not_get_through_in_pieces(tmp_path: Path, before: int) -> None:
    mask = Mask.of({"API_TOKEN": "s3cret-t0ken"})
    _, told = streamed(tmp_path, f"print('x' * {before} + 's3cret-t0ken')", mask=mask)
    assert not any(part in line for line in told for part in ("s3cret", "cret-t", "t0ken"))


def test_a_huge_line_is_cut_and_the_next_one_is_whole(tmp_path: Path) -> None:
    _, told = streamed(tmp_path, "print('x' * 3_000_000); print('next')")
    assert told == ["x" * shell.LONGEST_LINE, "next"]


def test_bytes_that_are_no_utf_8_are_told_all_the_same(tmp_path: Path) -> None:
    _, told = streamed(tmp_path, r"import sys; sys.stdout.buffer.write(b'caf\xe9\n')")
    assert told == ["caf\ufffd"]


def test_only_the_last_lines_are_kept(tmp_path: Path) -> None:
    ended, told = streamed(tmp_path, "print(*range(100), sep='\\n')")
    assert len(told) == 100
    assert ended.tail == tuple(str(number) for number in range(60, 100))


def test_the_deadline_ends_the_whole_group(tmp_path: Path) -> None:
    grandchild = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    )
    ended, told = streamed(tmp_path, grandchild, deadline=2.0)
    assert ended.code is None
    assert gone([int(told[0])])


def test_who_ignores_the_request_to_stop_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "GRACE", 0.1)
    stubborn = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    stubborn += "print(os.getpid(), flush=True)\ntime.sleep(600)"
    ended, told = streamed(tmp_path, stubborn, deadline=2.0)
    assert ended.code is None
    assert gone([int(told[0])])


def test_ctrl_c_ends_the_program(tmp_path: Path) -> None:
    told: list[str] = []

    def interrupt(line: str) -> None:
        told.append(line)
        signal.raise_signal(signal.SIGINT)

    interrupted(tmp_path, interrupt)
    assert gone([int(told[0])])


def test_ctrl_c_before_the_program_is_waited_for_ends_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    has_spoken = threading.Event()

    class Late(threading.Thread):
        """One whose program speaks before whoever started it comes back, as on a busy machine."""

        def start(self) -> None:
            super().start()
            has_spoken.wait()
            signal.raise_signal(signal.SIGINT)

    def hear(line: str) -> None:
        told.append(line)
        has_spoken.set()

    monkeypatch.setattr(threading, "Thread", Late)
    interrupted(tmp_path, hear)
    assert gone([int(told[0])])


def interrupted(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Run a program that names itself and stays, until Ctrl-C is pressed."""
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            shell.stream(
                [sys.executable, "-c", code], cwd=tmp_path, env=ENV, deadline=60, tell=tell, mask=Mask()
            )
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("name", ["no-such-program", "/nowhere/at/all"])
def test_a_program_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(EffectError, match="is not installed, or not on PATH"):
        shell.stream([name], cwd=tmp_path, env=ENV, deadline=1, tell=print, mask=Mask())
    with pytest.raises(EffectError, match="is not installed, or not on PATH"):
        shell.capture([name, "x"], cwd=tmp_path, env=ENV)


def test_a_file_that_is_no_program_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    with pytest.raises(EffectError, match="cannot be started: Permission denied"):
        shell.stream([str(tmp_path / "data")], cwd=tmp_path, env=ENV, deadline=1, tell=print, mask=Mask())
    with pytest.raises(EffectError, match="cannot be started: Permission denied"):
        shell.capture([str(tmp_path / "data")], cwd=tmp_path, env=ENV)


def test_a_short_program_gets_its_input_and_gives_its_output(tmp_path: Path) -> None:
    code = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read() * 2); print('\\x1b[1mno', file=sys.stderr)"
    done = shell.capture([sys.executable, "-c", code], cwd=tmp_path, env=ENV, data=b"\xffab")
    assert (done.code, done.out, done.err) == (0, b"\xffab\xffab", "no")


def test_a_short_program_that_takes_long_is_stopped(tmp_path: Path) -> None:
    with pytest.raises(EffectError, match="sleep 600 did not end within 0 s"):
        shell.capture(["sleep", "600"], cwd=tmp_path, env=ENV, deadline=0.2)
