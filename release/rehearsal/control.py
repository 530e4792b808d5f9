"""Starts, finds and stops the process that a stage runs in."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from release.errors import UsageError
from release.rehearsal.checkout import StageError
from release.rehearsal.last_words import last_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT = Path(".release") / "rehearsal" / "stage"
PATIENCE = 15.0
ADVICE = "Repair what it names, then run again; if nothing of yours is named, this is a bug in cms-release."


@dataclass(frozen=True)
class Hosted:
    """A stage's process; its log is read through a file that was opened before anybody could remove it."""

    process: subprocess.Popen[str]
    log: IO[bytes]

    def ready(self, say: Callable[[str], None]) -> dict[str, str]:
        """The stage's environment; `say` is told meanwhile what it does. Raises StageError or UsageError where there is none."""
        for line in self.process.stdout or ():
            said = _object(line)
            if "say" in said:
                say(str(said["say"]))
            elif "environment" in said:
                return dict(said["environment"])
            elif "error" in said:
                kind = UsageError if said.get("usage") else StageError
                raise kind(str(said["error"]), str(said.get("advice", "")))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(PATIENCE)
        raise StageError(f"The stage ended before it was ready.\n{self._last_words()}", ADVICE)

    def cause(self) -> str:
        """Why the process has ended; nothing while it runs."""
        return "" if self.process.poll() is None else self._last_words()

    def close(self) -> None:
        """Let go of what is read from it."""
        if self.process.stdout:
            self.process.stdout.close()
        self.log.close()

    def _last_words(self) -> str:
        self.log.seek(0)
        return last_words(self.process.poll(), self.log.read().decode(errors="replace"))


@contextlib.contextmanager
def staged(root: Path, folder: Path, *, publishes: bool = False) -> Iterator[Hosted]:
    """A stage for the time of the block, in a process that starts at once; nothing of it survives the block.

    With `publishes` it has an npm registry in the place of a cloud.
    """
    hosted = _spawn(root, folder, *(["--packages", "--no-cloud"] if publishes else []))
    process = hosted.process
    try:
        yield hosted
    finally:
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.poll() is None:
            process.kill()
            process.wait()
        hosted.close()


def start(root: Path, say: Callable[[str], None]) -> dict[str, str]:
    """Start the stage that is kept for playing, or find it running; its environment. Raises StageError, UsageError."""
    found = environment(root)
    if found is not None:
        return found
    hosted = _spawn(root, root / KEPT, "--keep", "--packages")
    try:
        return hosted.ready(say)
    except BaseException:
        hosted.process.terminate()
        hosted.process.wait()
        raise
    finally:
        hosted.close()


def environment(root: Path) -> dict[str, str] | None:
    """The environment of the kept stage, None when it does not run."""
    if _holder(root / KEPT) is None:
        return None
    return last_environment(root) or None


def last_environment(root: Path) -> dict[str, str]:
    """The environment that the kept stage had last, running or not; empty where there was none."""
    try:
        return dict(json.loads((root / KEPT / "environment.json").read_text()))
    except (OSError, ValueError):
        return {}


def stop(root: Path) -> bool:
    """Stop the kept stage, and wait until it is gone; False when none runs."""
    pid = _holder(root / KEPT)
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while _holder(root / KEPT) is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    if _holder(root / KEPT) is not None:
        os.kill(pid, signal.SIGKILL)
    return True


def _spawn(root: Path, folder: Path, *options: str) -> Hosted:
    folder.parent.mkdir(parents=True, exist_ok=True)
    path = folder.parent / f"{folder.name}.log"
    log, read = path.open("wb"), path.open("rb")  # each start has its own log
    words = [
        sys.executable,
        "-P",
        "-m",
        "release.rehearsal.host",
        str(root),
        str(folder),
        *options,
    ]
    try:
        process = subprocess.Popen(
            words,
            cwd=root,
            stdin=subprocess.DEVNULL if "--keep" in options else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    except BaseException:
        read.close()
        raise
    finally:
        log.close()
    return Hosted(process, read)


def _object(line: str) -> dict[str, Any]:
    """What the host says; nothing where a library printed a line of its own."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _holder(folder: Path) -> int | None:
    """The process that holds a stage's lock; a pid alone could be another program's by now."""
    path = folder.parent / f"{folder.name}.host.lock"
    try:
        with path.open("r+") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(held.read().strip() or 0) or None
    except (OSError, ValueError):
        return None
    return None
