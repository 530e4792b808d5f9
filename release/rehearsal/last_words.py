"""Why a process of a stage ended: its exit code or signal, and the lines of its log that tell the reason."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from release.formats.printable import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

FEW, LONGEST = 4, 300


def last_words(code: int | None, log: str) -> str:
    """A few lines: what the log ends with, and how the process ended (None: it still runs, and does not answer)."""
    lines = [plain(line).rstrip()[:LONGEST] for line in log.splitlines() if line.strip()]
    return "\n".join([_how(code), *_telling(lines)])


def _how(code: int | None) -> str:
    if code is None:
        return "It runs, and does not answer."
    if code >= 0:
        return f"It ended with exit code {code}."
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    hint = " Often that is a lack of memory." if -code == signal.SIGKILL else ""
    return f"It was killed ({name}).{hint}"


def _telling(lines: Sequence[str]) -> Sequence[str]:
    """A Python traceback by its last line; of Node's, the error and what stands around it, without the stack."""
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        return lines[-1:]
    told = [
        line for line in lines if not line.lstrip().startswith("at ") and not line.startswith("Node.js v")
    ]
    at = next((number for number, line in enumerate(told) if "rror" in line.partition(":")[0]), None)
    return told[-FEW:] if at is None else told[at : at + FEW]
