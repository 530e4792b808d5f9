"""The machine that one job runs on: a workspace, the files that steps write to, and one process at a time."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.rehearsal.workflows.guard import end_marked

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.rehearsal.workflows.commands import Log

SHELLS = {  # docs.github.com, "Workflow syntax", jobs.<job_id>.steps[*].shell
    "": "bash -e {0}",
    "bash": "bash --noprofile --norc -eo pipefail {0}",
}  # any other is a command line that holds {0} itself
FILES = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")
# seconds after a cancelled step got SIGINT: GitHub's runner waits 7.5 and 10, a busy test machine gets eight times that
TO_TERMINATE, TO_KILL = 60.0, 80.0
TRACKED = "RUNNER_TRACKING_ID"


@dataclass(frozen=True)
class Ended:
    """How a script ended, and what it appended to each of the runner's files."""

    code: int
    written: Mapping[str, str]


@dataclass
class Machine:
    """A fresh machine in a folder of its own. `image` is what its environment has from the start."""

    folder: Path
    image: Mapping[str, str]
    cancelled: bool = False
    watch: Callable[[str], None] = lambda _: None  # is told +GROUP and -GROUP of each process that is started
    _process: subprocess.Popen[str] | None = None
    _mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        """Make the folders."""
        for part in (self.workspace, self.temp):
            part.mkdir(parents=True)

    @property
    def name(self) -> str:
        """The runner's name, of which there is one a machine."""
        return f"machine {self.folder.name}"

    @property
    def workspace(self) -> Path:
        """Where the checkout goes."""
        return self.folder / "work"

    @property
    def temp(self) -> Path:
        """A folder that ends with the job."""
        return self.folder / "temp"

    def run(self, script: str, shell: str, folder: str, env: Mapping[str, str], log: Log) -> Ended:
        """Run a step's script to its end, its output taken line by line."""
        mine = self.folder / "step" / uuid.uuid4().hex
        mine.mkdir(parents=True)
        for name in FILES:
            (mine / name).touch()
        (mine / "script.sh").write_text(script, "utf-8")
        files = {name: str(mine / name) for name in FILES}
        command = [word.replace("{0}", str(mine / "script.sh")) for word in SHELLS.get(shell, shell).split()]
        code = self._run(command, folder, {**env, **files}, log)
        return Ended(code, {name: (mine / name).read_text("utf-8") for name in FILES})

    def cancel(self) -> None:
        """What GitHub does to a running step: SIGINT for its process alone, later SIGTERM, then an end to all."""
        self.cancelled = True
        process = self._process
        if process is None:
            return
        _send(process.pid, signal.SIGINT)
        for seconds, sign in ((TO_TERMINATE, signal.SIGTERM), (TO_KILL, signal.SIGKILL)):
            timer = threading.Timer(seconds, _send_if_running, (process, sign))
            timer.daemon = True
            timer.start()

    def close(self) -> None:
        """End whatever a step has left behind, as GitHub's runner does when a job is over."""
        end_marked(TRACKED, self._mark)

    def _run(self, command: list[str], folder: str, env: Mapping[str, str], log: Log) -> int:
        with subprocess.Popen(
            command,
            cwd=self.workspace / folder,
            env={**env, TRACKED: self._mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            self._process = process
            self.watch(f"+{process.pid}")
            for line in process.stdout or ():
                log.take(line.rstrip("\n"))
        self._process = None
        self.watch(f"-{process.pid}")
        return process.returncode


def _send(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _send_if_running(process: subprocess.Popen[str], sign: signal.Signals) -> None:
    if process.poll() is None:
        _send(process.pid, sign)
