"""The process that a stage runs in: `python -m release.rehearsal.host ROOT FOLDER [OPTION...]`.

It says JSON lines on stdout: {"say": text} while it sets up, then {"environment": {...}} or {"error": ..., "advice": ...},
with "usage" where a person has to change something first.
Without --keep it lives as long as its standard input is open, so that it ends with whoever started it, however that
one ends. With --keep it lives until SIGTERM. With --packages it has an npm registry, where a
plugin publishes something; with --no-cloud it serves nothing; with --actions its GitHub plays the repository's workflows;
--like=FILE names what its production is to be like.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import msgspec

from release.errors import ReleaseError, UsageError
from release.rehearsal.cloud.runtime import RuntimeGoneError
from release.rehearsal.control import ADVICE
from release.rehearsal.likeness import Likeness
from release.rehearsal.stage import Stage

LOCK = "host.lock"
LIKE = "--like="


def main(root: Path, folder: Path, options: frozenset[str]) -> int:
    """Run a stage until told to stop; 0 when it stopped in good order, 1 when it could not start."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "--keep" not in options:
        threading.Thread(target=_until_closed, args=(stop,), daemon=True).start()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.{LOCK}").open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _say(error="This stage runs already.", advice="inv rehearsal.status", code=1)
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        try:
            return _serve(root, folder, stop, options)
        finally:
            if "--keep" not in options:
                _remove(folder)


def _serve(root: Path, folder: Path, stop: threading.Event, options: frozenset[str]) -> int:
    publishes, serves = "--packages" in options, "--no-cloud" not in options
    like = next((one.removeprefix(LIKE) for one in options if one.startswith(LIKE)), None)
    likeness = msgspec.json.decode(Path(like).read_bytes(), type=Likeness) if like else None
    plays = "--actions" in options
    stage = Stage(root, folder, os.environ, publishes=publishes, serves=serves, plays=plays, like=likeness)
    try:
        stage.start(_tell)
    except ReleaseError as error:
        return _say(error=error.what, advice=error.advice, usage=isinstance(error, UsageError), code=1)
    except RuntimeGoneError as error:
        return _say(error=f"The local cloud does not start: {error}", advice=ADVICE, code=1)
    except OSError as error:  # a full disk, a port that is refused, a folder that cannot be written
        where = f" ({error.filename})" if error.filename else ""
        return _say(
            error=f"The stage cannot be set up: {error.strerror or error}{where}.", advice=ADVICE, code=1
        )
    try:
        (folder / "environment.json").touch(mode=0o600)
        (folder / "environment.json").write_text(json.dumps(stage.environment))
        _say(environment=stage.environment)
        while not stop.wait(0.5):
            pass
    finally:
        stage.stop()
        (folder / "environment.json").unlink(missing_ok=True)
    return 0


def _remove(folder: Path) -> None:
    """Remove all of a stage that is not started again; the process that began it may be gone."""
    for path in folder.parent.glob(f"{folder.name}*"):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _until_closed(stop: threading.Event) -> None:
    while os.read(0, 4096):  # not sys.stdin, whose lock a thread may hold when Python ends, which aborts then
        pass
    stop.set()


def _tell(text: str) -> None:
    _say(say=text)


def _say(code: int = 0, **what: object) -> int:
    try:
        sys.stdout.write(json.dumps(what) + "\n")
        sys.stdout.flush()
    except OSError:
        pass  # the asker is gone; the lifeline says the rest
    return code


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), Path(sys.argv[2]), frozenset(sys.argv[3:])))
