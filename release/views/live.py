"""A terminal that a person watches: finished steps stay as lines, the running one moves below them."""

from __future__ import annotations

import atexit
import re
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, cast

from rich.cells import cell_len, set_cell_size
from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from release.formats.printable import printable
from release.views.ending import outcome_lines
from release.views.line import Line, paragraph
from release.views.progress import Progress
from release.views.sink import steady
from release.views.text import plan_lines, result_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from release.model.outcome import Outcome, StepResult
    from release.plan.preview import Preview
    from release.views.sink import Sink

SHOWN = 5  # lines of the running step below its name
KEPT = 20  # lines of a step that fails
WIDEST = 100  # columns that a finished step's line fills at most, so that its seconds stay near
PER_SECOND = 8
LONGEST = 400  # characters of a line that are kept
MARGIN = 4  # columns left free on the right: terminals wrap at the last one, and echo a Ctrl-C there
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
STYLES = {"plain": "", "strong": "bold", "good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim"}


class Screen(Console):
    """A console that never hides the cursor: however a run dies, it is still there."""

    def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 - rich's own signature
        """Leave it as it is."""
        del show
        return False


def console(sink: Sink, environ: Mapping[str, str], clock: Callable[[], float] = time.monotonic) -> Console:
    """The console on a terminal; colours as TERM, COLORTERM and NO_COLOR in `environ` say. `clock` tells seconds."""
    return Screen(
        file=cast("IO[str]", sink),
        force_terminal=True,
        markup=False,
        emoji=False,
        highlight=False,
        soft_wrap=True,
        get_time=clock,
        _environ=environ,
    )


class LiveView:
    """The plan, then a line for each finished step; below them the running step with its last lines, redrawn.

    `moving` false draws only when something happens, without a thread.
    """

    def __init__(self, terminal: Console, *, verbose: bool = False, moving: bool = True) -> None:
        self._terminal = terminal
        self._verbose = verbose
        self._progress = Progress()
        self._tail: deque[str] = deque(maxlen=KEPT)
        self._since = 0.0
        self._lock = threading.RLock()
        self._waits, self._held = False, list[Line]()
        wide = terminal.encoding.startswith("utf")
        self._spinner = Spinner("dots" if wide else "line", style="green")
        self._then, self._cut = (" · ", "…") if wide else (" - ", "~")
        self._moving = moving
        self._live = self._region()

    def planned(self, preview: Preview) -> None:
        """The plan."""
        self._progress.planned(tuple(one.step.name for one in preview.forecasts))
        self._say(plan_lines(preview, self._terminal.width))
        if preview.plan is not None:
            self._say([Line()])

    def started(self, step: str) -> None:
        """From here on the picture moves."""
        if not self._progress.is_planned and not self._progress.has_started:
            self._say(
                Line(f"     | {text}", "dim") for text in _last_of_each(self._tail)
            )  # all the plan there is
        self._tail.clear()
        self._since = self._terminal.get_time()
        self._progress.started(step)
        self._draw()

    def line(self, text: str) -> None:
        """What a program says: below the running step, and kept above it where that was asked for."""
        if self._verbose or (self._progress.step is None and self._progress.has_started):
            self._say([Line(f"     | {text}", "dim")])
            return
        with self._lock:
            self._tail.append(steady(text[:LONGEST]))
            self._draw()

    def finished(self, result: StepResult) -> None:
        """The step's line stays; where it failed, so do its last lines."""
        tail = [text for text in self._tail if text not in result.detail]
        self._progress.finished()
        self._tail.clear()
        if self._live.is_started:
            self._live.refresh()  # else its rows are drawn once more below its line
        self._say(result_lines(result, min(self._terminal.width, WIDEST), self._terminal.width))
        if result.outcome == "failed" and not self._verbose:
            self._say(Line(f"     | {text}", "dim") for text in tail)

    def ended(self, outcome: Outcome) -> None:
        """What is true now; before it, the step that was stopped, if one was."""
        stopped, seconds, tail = self._progress.step, self._elapsed(), tuple(self._tail)
        self.close()
        if stopped is not None:
            self._say([Line(f"stop {stopped}  {seconds:.1f} s", "bad", lead=4)])
            self._say(Line(f"     | {text}", "dim") for text in tail)
        if outcome.steps and outcome.outcome != "planned":
            self._say([Line()])
        self._say(outcome_lines(outcome, self._terminal.width))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """A question stands on the screen: what was said last is kept above it, what is said meanwhile follows it."""
        with self._lock:
            self._live.stop()
            self._live = self._region()
            self._say(Line(f"     | {text}", "dim") for text in _last_of_each(self._tail))
            self._tail.clear()
            self._waits = True
        try:
            yield
        finally:
            with self._lock:
                self._waits = False
                held, self._held = self._held, []
                self._say(held)
                if self._progress.step is not None or self._tail:
                    self._draw()

    def close(self) -> None:
        """Take the moving part away; the lines above it stay."""
        self._live.stop()
        atexit.unregister(self.close)

    def _region(self) -> Live:
        """A moving part that knows of no rows yet: one that was stopped would erase as many above itself as it had."""
        return Live(
            console=self._terminal,
            get_renderable=self._picture,
            auto_refresh=self._moving,
            refresh_per_second=PER_SECOND,
            transient=True,
            # What goes to a file stays there; what goes to the terminal is put above the moving part.
            redirect_stdout=sys.stdout.isatty(),
            redirect_stderr=sys.stderr.isatty(),
        )

    def _draw(self) -> None:
        if self._waits:
            return
        if not self._live.is_started:
            atexit.register(self.close)  # where an unexpected error ends the run
            self._live.start()
        self._live.refresh()

    def _say(self, lines: Iterable[Line]) -> None:
        with self._lock:
            if self._waits:
                self._held += lines
                return
            for line in lines:
                self._terminal.print(_styled(line))

    def _picture(self) -> Group:
        width = self._terminal.width - MARGIN
        took = f"{self._elapsed():.0f} s"
        frame = cast("Text", self._spinner.render(self._terminal.get_time())).plain[:1]
        if self._progress.step is None:
            rows = [Text(line.text) for line in self._waiting(frame, width)]
        else:
            name = self._fitted(f" {frame}   {steady(self._progress.step)}", width - len(took) - 2)
            rows = [Text(f"{name}  {took}", style="bold")]
            tail = tuple(self._tail)[-self._shown() :]
            rows += [Text(self._fitted(f"     | {text}", width), style="dim") for text in tail]
        if rows and self._progress.to_come:
            coming = f"     then {self._then.join(self._progress.to_come)}"
            rows.append(Text(self._fitted(coming, width), style="dim"))
        return Group(*rows)

    def _waiting(self, frame: str, width: int) -> Iterator[Line]:
        """Before the first step: the last thing said, whole, for it holds how long."""
        if self._tail and not self._progress.has_started:
            yield from paragraph(f" {frame}   {self._tail[-1]}", width)

    def _elapsed(self) -> float:
        return self._terminal.get_time() - self._since

    def _shown(self) -> int:
        """The number of lines that fit below the running step, on a low terminal fewer than `SHOWN`."""
        return max(1, min(SHOWN, self._terminal.height - 4))

    def _fitted(self, text: str, width: int) -> str:
        return text if cell_len(text) <= width else f"{set_cell_size(text, max(width - 1, 0))}{self._cut}"


def _last_of_each(said: Iterable[str]) -> list[str]:
    """The lines without the earlier ones of a countdown: those that differ from the next in their numbers alone."""
    lines = list(said)
    shapes = [_NUMBER.sub("", line) for line in lines]
    return [line for at, line in enumerate(lines) if shapes[at : at + 1] != shapes[at + 1 : at + 2]]


def _styled(line: Line) -> Text:
    text = Text(printable(line.text))
    text.stylize(STYLES[line.tone], 0, line.lead or len(line.text))
    return text
