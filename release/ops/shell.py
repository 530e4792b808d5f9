"""Runs programs: argument lists only, own process group, deadline, live output."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.errors import EffectError
from release.printable import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from release.ops.secrets import Mask

TAIL = 40  # lines kept of what a program said last
LONGEST_LINE = 4096  # characters of a line that are shown
LONGEST_READ = 256 * 1024  # bytes of a line that are looked at: a secret at a cut would not be recognized
GRACE = 5.0  # seconds between asking a process group to stop and killing it


@dataclass(frozen=True)
class Captured:
    """How a program ended and what it wrote."""

    code: int
    out: bytes
    err: str


@dataclass(frozen=True)
class Streamed:
    """How a program ended (None: it was stopped at its deadline) and its last lines."""

    code: int | None
    tail: tuple[str, ...]


def capture(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], data: bytes = b"", deadline: float = 120.0
) -> Captured:
    """Run a short program and take all of its output. Raises EffectError when it cannot start or end in time."""
    try:
        with subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        ) as process:
            try:
                out, err = process.communicate(data, timeout=deadline)
            except subprocess.TimeoutExpired:
                kill_group(process)
                raise EffectError(f"{argv[0]} {argv[1]} did not end within {deadline:.0f} s.") from None
            except BaseException:
                kill_group(process)
                raise
    except FileNotFoundError:
        raise EffectError(f"{argv[0]} is not installed, or not on PATH.", f"Install {argv[0]}.") from None
    except OSError as error:
        raise EffectError(f"{argv[0]} cannot be started: {error.strerror}.") from None
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
    try:
        process = subprocess.Popen(
            list(argv),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            close_fds=not heir,
        )
    except FileNotFoundError:
        raise EffectError(f"{argv[0]} is not installed, or not on PATH.", f"Install {argv[0]}.") from None
    except OSError as error:
        raise EffectError(f"{argv[0]} cannot be started: {error.strerror}.") from None
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


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End a process group: ask, wait, kill. Nothing of it is left."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
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
