"""Runs programs: argument lists only, own process group, deadline, live output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import EffectError
from release.formats.printable import plain
from release.frozen import Frozen
from release.systems.machine.deadline import left, unbroken
from release.systems.web.waiting import AFTER, tell_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from release.systems.machine.secrets import Mask

TAIL = 40  # lines kept of what a program said last
LONGEST_LINE = 4096  # characters of a line that are shown
LONGEST_READ = 256 * 1024  # bytes of a line that are looked at: a secret at a cut would not be recognized
RUNNING: set[subprocess.Popen[bytes]] = set()  # by `capture`
GRACE = 5.0  # seconds between asking a process group to stop and killing it


class Captured(Frozen, frozen=True):
    """How a program ended and what it wrote."""

    code: int
    out: bytes
    err: str


class Streamed(Frozen, frozen=True):
    """How a program ended (None: it was stopped at its deadline) and its last lines."""

    code: int | None
    tail: tuple[str, ...]


def capture(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], data: bytes = b"", deadline: float = 120.0
) -> Captured:
    """Run a short program and take all of its output. Raises EffectError when it cannot start or end in time."""
    process = _started(argv, cwd, env, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    RUNNING.add(process)
    try:
        out, err = _communicated(process, data, argv, left(deadline))
    except subprocess.TimeoutExpired:
        kill_group(process)
        raise EffectError(f"{argv[0]} {argv[1]} did not end within {deadline:.0f} s.") from None
    except BaseException:
        kill_group(process)
        raise
    finally:
        RUNNING.discard(process)
        for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
            with contextlib.suppress(OSError):
                pipe.close()
    return Captured(process.returncode, out, plain(err.decode(errors="replace")).strip())


def stream(
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    deadline: float,
    tell: Callable[[str], None],
    mask: Mask,
    heir: bool = False,
) -> Streamed:
    """Run a program and hand each line on as it comes, masked and without escape sequences.

    The program leads its own process group; the whole group is ended at the deadline and on Ctrl-C.
    An `heir` inherits the checkout's lock: what it still writes after this run was killed, the next one waits for.
    Raises EffectError when it cannot start.
    """
    process = _started(argv, cwd, env, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, close_fds=not heir)
    tail: deque[str] = deque(maxlen=TAIL)
    reader = threading.Thread(target=_read, args=(process, tail, tell, mask), daemon=True)
    try:
        reader.start()  # waits for its thread: Ctrl-C may come here too
        code: int | None = process.wait(deadline)
    except subprocess.TimeoutExpired:
        kill_group(process)
        code = None
    except BaseException:
        kill_group(process)
        raise
    reader.join(2.0)  # a grandchild may keep the pipe open for ever
    return Streamed(code, tuple(tail))


def _started(
    argv: Sequence[str], cwd: Path, env: Mapping[str, str], *, stdin: int, stderr: int, close_fds: bool = True
) -> subprocess.Popen[bytes]:
    """A program, leader of a process group of its own; none where this command is to end. Raises EffectError."""
    begun: list[subprocess.Popen[bytes]] = []
    try:
        with unbroken():
            begun.append(
                subprocess.Popen(
                    list(argv),
                    cwd=cwd,
                    env=dict(env),
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=stderr,
                    start_new_session=True,
                    close_fds=close_fds,
                )
            )
    except FileNotFoundError:
        raise EffectError(f"{argv[0]} is not installed, or not on PATH.", f"Install {argv[0]}.") from None
    except OSError as error:
        raise EffectError(f"{argv[0]} cannot be started: {error.strerror}.") from None
    except KeyboardInterrupt:
        for process in begun:
            kill_group(process)
        raise
    return begun[0]


def end_all() -> None:
    """Kill what `capture` runs in threads that are no longer waited for: such programs only answer questions."""
    for process in tuple(RUNNING):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _communicated(
    process: subprocess.Popen[bytes], data: bytes, argv: Sequence[str], deadline: float
) -> tuple[bytes, bytes]:
    """All output; who waits for it is told after a while."""
    if deadline > AFTER:
        try:
            return process.communicate(data, timeout=AFTER)
        except subprocess.TimeoutExpired:
            tell_wait(f"{Path(argv[0]).name} {argv[1]}", deadline - AFTER)
            return process.communicate(timeout=deadline - AFTER)
    return process.communicate(data, timeout=deadline)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process group: ask, wait, kill. Nothing of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(min(GRACE, max(left(GRACE), 0.5)))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(
    process: subprocess.Popen[bytes], tail: deque[str], tell: Callable[[str], None], mask: Mask
) -> None:
    if process.stdout is None:
        return
    with process.stdout as lines:
        is_start = True
        while raw := lines.readline(LONGEST_READ):
            line = mask(plain(raw.decode(errors="replace")))[:LONGEST_LINE].rstrip() if is_start else ""
            is_start = raw.endswith(b"\n")
            if line:
                tail.append(line)
                tell(line)
