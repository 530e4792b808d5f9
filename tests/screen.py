"""What a person sees: the rows of a terminal after all that was written to it, and a command that runs on one."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

CONTROL = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])")
PATIENCE = 120.0  # seconds for what has to come
QUIET = 0.6  # seconds in which a live line would have been drawn several times


def rows_of(text: str) -> list[str]:
    """The rows after all cursor movements; anything but colours, erasing and going up is refused."""
    rows, at = [""], 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\n|\r)", text):
        control = CONTROL.fullmatch(part)
        if part == "\n":
            at += 1
            rows += [""] * (at - len(rows) + 1)
        elif control and control[2] == "A":
            at -= int(control[1] or 1)
        elif control and control[2] == "K":
            rows[at] = ""
        elif control:
            assert control[2] == "m", part
        elif part != "\r":
            assert not re.search(r"[\x00-\x1f\x7f-\x9f]", part), part
            rows[at] += part
    return rows


class OnTerminal:
    """A process whose input and output are one pseudo-terminal."""

    def __init__(self, process: subprocess.Popen[bytes], terminal: int) -> None:
        self._process, self._terminal = process, terminal
        self._said = b""

    @property
    def rows(self) -> list[str]:
        """What the screen shows now."""
        return rows_of(self._said.decode(errors="replace"))

    def asked(self, question: str) -> list[str]:
        """The screen once a question stands on it, and nothing has been drawn for a while."""
        deadline = time.monotonic() + PATIENCE
        while question not in "\n".join(self.rows):
            assert self._more(deadline - time.monotonic()), "\n".join(self.rows)
        while self._more(QUIET):
            assert time.monotonic() < deadline, "it never stops drawing"
        return self.rows

    def answer(self, text: str) -> None:
        """Type a line."""
        os.write(self._terminal, f"{text}\n".encode())

    def press(self, key: str) -> None:
        """Press one key, without Enter."""
        os.write(self._terminal, key.encode())

    def ended(self) -> int:
        """The exit code, once all was read."""
        deadline = time.monotonic() + PATIENCE
        while self._more(deadline - time.monotonic()):
            pass
        return self._process.wait(PATIENCE)

    def _more(self, seconds: float) -> bool:
        """Read what comes; false where nothing does in time, or the process has closed its end."""
        if not select.select([self._terminal], [], [], max(seconds, 0.0))[0]:
            return False
        try:
            read = os.read(self._terminal, 65_536)
        except OSError:  # Linux says EIO where the other end is closed
            return False
        self._said += read
        return bool(read)


# The terminal is the command's own: a Ctrl-C that is typed there interrupts it.
TAKES_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""


@contextmanager
def on_terminal(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> Iterator[OnTerminal]:
    """Start a command on a pseudo-terminal; it is ended with the block."""
    ours, theirs = pty.openpty()
    environ = {**environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40", "LC_ALL": "C.UTF-8"}
    taking = [sys.executable, "-c", TAKES_TERMINAL, *command]
    process = subprocess.Popen(taking, cwd=cwd, env=environ, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        yield OnTerminal(process, ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
