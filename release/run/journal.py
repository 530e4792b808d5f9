"""The journal: what happened on this machine, one JSON object a line, flushed to the disk. For people and the report."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec

from release.errors import BlockedError
from release.systems.machine.local_folder import local_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from release.model.outcome import Outcome, StepResult
    from release.plan.preview import Preview

FILE = ".release/journal.ndjson"


class Journal:
    """Appends to `.release/journal.ndjson`; nothing ever reads it to decide. Raises BlockedError when it cannot write."""

    def __init__(self, root: Path, run: str, mask: Callable[[str], str] = str) -> None:
        """Note the events of one run; `mask` hides secrets in every line."""
        self._path = root / FILE
        self._mask = mask
        self._run = run
        self._is_written = False

    def planned(self, preview: Preview) -> None:
        """Note the decision and the plan."""
        plan = preview.plan
        self._note(
            "planned",
            decision=preview.kind,
            plan=msgspec.to_builtins(plan),
            hash=plan.hash if plan else None,
        )

    def started(self, step: str) -> None:
        """Note that a step starts."""
        self._note("started", step=step)

    def line(self, text: str) -> None:
        """Note what a step says."""
        self._note("line", text=text)

    def finished(self, result: StepResult) -> None:
        """Note how a step ended."""
        self._note("finished", **asdict(result))

    def ended(self, outcome: Outcome) -> None:
        """Note the end."""
        self._note("ended", **outcome.as_json())

    def _note(self, event: str, **what: Any) -> None:  # noqa: ANN401
        entry = {"at": round(time.time(), 3), "run": self._run, "event": event, **what}
        line = self._mask(msgspec.json.encode(entry).decode()).encode() + b"\n"
        if not self._is_written and _is_torn(self._path):
            line = b"\n" + line
        try:
            local_folder(self._path.parent.parent)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line)
                if event != "line":
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            self._is_written = True
        except OSError as error:
            if self._is_written:
                return  # a disk that fills up must not stop a release half-way; the remote's record is the memory
            raise BlockedError(
                f".release/ cannot be written: {error.strerror}.",
                "A release keeps its journal there: make the folder writable.",
            ) from None


def _is_torn(path: Path) -> bool:
    """Whether the last line has no end: its writer was killed, and the next line must not be lost with it."""
    try:
        with path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() != b"\n"
    except OSError:
        return False


def entries(root: Path) -> list[dict[str, Any]]:
    """All entries that are whole; a line torn by a crash is left out."""
    path = root / FILE
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else []:
        try:
            entry = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(entry, dict):
            found.append(entry)
    return found
