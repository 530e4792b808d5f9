"""Starts, finds and stops the process that a stage runs in."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from release.rehearsal.checkout import StageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KEPT = Path(".release") / "rehearsal" / "stage"
PATIENCE = 15.0


@contextlib.contextmanager
def staged(
    root: Path, folder: Path, *, publishes: bool = False
) -> Iterator[Callable[[Callable[[str], None]], dict[str, str]]]:
    """A stage for the time of the block, in a process that starts at once; nothing of it survives the block.

    With `publishes` it has an npm registry in the place of a cloud. What is given waits until the stage is ready, tells
    meanwhile what it does, and returns its environment. Raises StageError when it does not get ready.
    """
    process = _spawn(root, folder, *(["--packages", "--no-cloud"] if publishes else []))
    try:
        yield lambda say: _ready(process, folder, say)
    finally:
        if process.stdin:
            process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def start(root: Path, say: Callable[[str], None]) -> dict[str, str]:
    """Start the stage that is kept for playing, or find it running; its environment. Raises StageError."""
    found = environment(root)
    if found is not None:
        return found
    process = _spawn(root, root / KEPT, "--keep", "--packages")
    try:
        return _ready(process, root / KEPT, say)
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        if process.stdout:
            process.stdout.close()


def environment(root: Path) -> dict[str, str] | None:
    """The environment of the kept stage, None when it does not run."""
    if _holder(root / KEPT) is None:
        return None
    try:
        return dict(json.loads((root / KEPT / "environment.json").read_text()))
    except (OSError, ValueError):
        return None


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


def exports(variables: dict[str, str]) -> Iterator[str]:
    """Lines for `eval` in a POSIX shell."""
    return (f"export {name}={shlex.quote(value)}" for name, value in variables.items())


def _spawn(root: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = (folder.parent / f"{folder.name}.log").open("ab")
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
        return subprocess.Popen(
            words,
            cwd=root,
            stdin=subprocess.DEVNULL if "--keep" in options else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    finally:
        log.close()


def _ready(process: subprocess.Popen[str], folder: Path, say: Callable[[str], None]) -> dict[str, str]:
    for line in process.stdout or ():
        said = json.loads(line)
        if "say" in said:
            say(str(said["say"]))
        elif "environment" in said:
            return dict(said["environment"])
        else:
            raise StageError(str(said.get("error")), str(said.get("advice", "")))
    log = folder.parent / f"{folder.name}.log"
    said = log.read_text(errors="replace")[-1500:].strip() if log.is_file() else ""
    raise StageError("The stage ended before it was ready.", said)


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
