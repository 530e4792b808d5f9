"""A listener that keeps what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.model.outcome import Outcome, StepResult
    from release.plan.preview import Preview


class Recorder:
    """Keeps the preview, the steps that started, every line, the results and the outcome, in order."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.preview: Preview | None = None
        self.steps: list[str] = []
        self.lines: list[str] = []
        self.results: list[StepResult] = []
        self.outcome: Outcome | None = None

    def planned(self, preview: Preview) -> None:
        """Keep the preview."""
        self.preview = preview

    def started(self, step: str) -> None:
        """Keep the step's name."""
        self.steps.append(step)

    def line(self, text: str) -> None:
        """Keep the line."""
        self.lines.append(text)

    def finished(self, result: StepResult) -> None:
        """Keep the result."""
        self.results.append(result)

    def ended(self, outcome: Outcome) -> None:
        """Keep the outcome."""
        self.outcome = outcome
