"""Answers that took long, kept under `.release/`: named by the hash of all that they depend on, few, and safe to delete."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from release.frozen import Frozen
from release.systems.machine.local_folder import NAME, local_folder

if TYPE_CHECKING:
    from pathlib import Path

MOST = 64  # answers of one kind; those that were asked for longest ago go


class Kept(Frozen, frozen=True):
    """The answers of one kind in the checkout `root`. What cannot be read is not there; what cannot be written is not kept."""

    root: Path
    kind: str

    def get(self, name: str) -> bytes | None:
        """An answer, if it is there."""
        file = self.root / NAME / self.kind / f"{name}.json"
        try:
            found = file.read_bytes()
        except OSError:
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return found

    def put(self, name: str, answer: bytes) -> None:
        """Keep an answer, whole or not at all."""
        with contextlib.suppress(OSError):
            folder = local_folder(self.root) / self.kind
            folder.mkdir(exist_ok=True)
            begun = folder / f"{name}.{os.getpid()}"
            begun.write_bytes(answer)
            begun.replace(folder / f"{name}.json")
            files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime_ns)
            for file in files[:-MOST]:
                file.unlink(missing_ok=True)
