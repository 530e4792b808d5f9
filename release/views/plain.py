"""Plain lines, for log viewers and pipes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.printable import printable
from release.views.ending import outcome_lines
from release.views.text import plan_lines, result_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.model.outcome import Outcome, StepResult
    from release.plan.preview import Preview
    from release.views.line import Line
    from release.views.sink import Sink


class Plain:
    """One line for a step's start, one for each line that its programs say, one for its end.

    The start is told too: where a CI job is killed, the last line says what was being done.
    """

    def __init__(self, out: Sink) -> None:
        self._out = out

    def planned(self, preview: Preview) -> None:
        """The plan."""
        self._say([*plan_lines(preview)])
        if preview.plan is not None:
            self._write("")

    def started(self, step: str) -> None:
        """The step's name."""
        self._write(f"...  {step}")

    def line(self, text: str) -> None:
        """What a program says, behind a bar: no line of it can pass for one of ours, or for a CI command."""
        self._write(f"     | {text}")

    def finished(self, result: StepResult) -> None:
        """How the step ended."""
        self._say(result_lines(result))

    def ended(self, outcome: Outcome) -> None:
        """What is true now."""
        if outcome.steps and outcome.outcome != "planned":
            self._write("")
        self._say(outcome_lines(outcome))

    def _say(self, lines: Iterable[Line]) -> None:
        for line in lines:
            self._write(line.text)

    def _write(self, text: str) -> None:
        self._out.write(f"{printable(text)}\n")
        self._out.flush()
