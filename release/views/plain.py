"""Plain lines, for log viewers and pipes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from release.outcome import Outcome, StepResult
from release.views.text import outcome_lines, plan_lines, result_line

if TYPE_CHECKING:
    from release.preflight import Prospect


class Plain:
    """Writes to stderr when stdout belongs to `--json`, else to stdout."""

    def __init__(self, *, to_stderr: bool = False, verbose: bool = False) -> None:
        self._out = sys.stderr if to_stderr else sys.stdout
        self._verbose = verbose

    def planned(self, prospect: Prospect) -> None:
        """The plan."""
        for line in plan_lines(prospect):
            self._say(line)
        self._say("")

    def started(self, step: str) -> None:
        """Nothing: the line comes when the step ends."""

    def line(self, text: str) -> None:
        """What a program says."""
        self._say(f"     | {text}")

    def finished(self, result: StepResult) -> None:
        """One line a step."""
        self._say(result_line(result))

    def ended(self, outcome: Outcome) -> None:
        """What is true now."""
        self._say("")
        for line in outcome_lines(outcome):
            self._say(line)

    def _say(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()
