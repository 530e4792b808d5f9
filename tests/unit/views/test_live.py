"""The live view, drawn on a small terminal of our own that holds what a person would see."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from release.model.outcome import StepResult
from release.views.live import LiveView, console
from release.views.sink import Sink
from tests.golden import scenes
from tests.screen import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[3]


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal, and keeps the rows that a person sees."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="")

    def isatty(self) -> bool:
        return True

    @property
    def raw_text(self) -> str:
        self.flush()
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode(self.encoding)

    @property
    def rows(self) -> list[str]:
        """What a person sees."""
        return rows_of(self.raw_text)


class Scene:
    """A live view on such a terminal, with a clock that a test moves."""

    def __init__(
        self, *, encoding: str = "utf-8", verbose: bool = False, environ: Mapping[str, str] | None = None
    ) -> None:
        self.seconds = 0.0
        self.terminal = Terminal(encoding)
        environ = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **(environ or {})}
        shown = console(Sink(self.terminal), environ, lambda: self.seconds)
        self.view = LiveView(shown, verbose=verbose, moving=False)

    @property
    def text(self) -> str:
        return "\n".join(self.terminal.rows)

    def run_to(self, step: str) -> None:
        """The plan, all steps before `step`, and its start."""
        self.view.planned(scenes.preview())
        for result in scenes.results(step):
            self.view.started(result.name)
            if result.outcome != "failed":
                self.view.finished(result)


def test_running_step_shows_its_time_its_last_lines_and_what_comes() -> None:
    scene = Scene()
    scene.run_to("smoke")
    scene.seconds = 12.0
    for number in range(9):
        scene.view.line(f"answer {number}")
    last = scene.terminal.rows[-7:]
    assert re.fullmatch(r" .   smoke  12 s", last[0])
    assert last[1:6] == [f"     | answer {number}" for number in range(4, 9)]
    assert last[6] == "     then record · github-release · verify"


def test_finished_steps_stay_and_their_lines_go() -> None:
    scene = Scene()
    scene.run_to("migrate")
    scene.view.line("applying")
    assert "applying" in scene.text
    scene.view.finished(StepResult("migrate", "ok", 1.9, "0002_page_slug.sql"))
    assert "applying" not in scene.text
    assert re.search(r"^ok   migrate         0002_page_slug.sql +1.9 s$", scene.text, re.MULTILINE)


def test_lines_of_a_failed_step_stay_below_it_once() -> None:
    scene = Scene()
    scene.run_to("test")
    scene.view.line("1 passed")
    scene.view.line("not ok 3 - a slug is kept")
    scene.view.finished(scenes.OUTCOMES["test-fails"].steps[0])
    scene.view.ended(scenes.OUTCOMES["test-fails"])
    assert (
        scene.text.index("FAIL test")
        < scene.text.index("| 1 passed")
        < scene.text.index("Production is unchanged")
    )
    assert scene.text.count("not ok 3") == 1


def test_verbose_keeps_every_line() -> None:
    scene = Scene(verbose=True)
    scene.run_to("migrate")
    scene.view.line("applying")
    scene.view.finished(StepResult("migrate", "ok", 1.9, ""))
    assert "     | applying\n" in scene.text


def test_summary_is_all_that_is_left_below_the_steps() -> None:
    scene = Scene(environ={"COLUMNS": "100"})
    scene.run_to("verify")
    scene.view.finished(scenes.results()[-1])
    scene.view.ended(scenes.OUTCOMES["released"])
    assert scene.text.count("verify") == 3  # in the plan, as a step, in the summary
    assert "cms-v1.2.4 is released to production, in 11.2 s." in scene.text
    assert "then " not in scene.text


def test_run_that_is_stopped_names_the_step_that_was_running() -> None:
    scene = Scene()
    scene.run_to("deploy mcp")
    scene.seconds = 3.0
    scene.view.line("uploading")
    scene.view.ended(scenes.OUTCOMES["mcp-fails"])
    assert "stop deploy mcp  3.0 s\n     | uploading\n" in scene.text


def test_waiting_for_the_lock_redraws_its_countdown() -> None:
    scene = Scene(environ={"COLUMNS": "40"})
    scene.view.planned(scenes.preview())
    for left in (10, 5):
        scene.view.line(f"ann on laptop may still be at work on this release: waiting {left} s at most")
    shown = " ".join(scene.text.split())
    assert "waiting 5 s at most" in shown
    assert "waiting 10 s" not in shown


def test_what_a_plugin_complains_about_at_the_end_stays() -> None:
    scene = Scene()
    scene.run_to("verify")
    scene.view.finished(scenes.results()[-1])
    scene.view.line("plugin slack: no route to host")
    scene.view.ended(scenes.OUTCOMES["released"])
    assert "plugin slack: no route to host" in scene.text


def test_no_color_takes_the_colours_and_leaves_the_words() -> None:
    coloured, plain = Scene(), Scene(environ={"NO_COLOR": "1"})
    for scene in (coloured, plain):
        scene.run_to("verify")
        scene.view.finished(scenes.results()[-1])
        scene.view.ended(scenes.OUTCOMES["released"])
    assert re.search(r"\x1b\[[0-9;]*3[0-9]m", coloured.terminal.raw_text)
    assert not re.search(r"\x1b\[[0-9;]*[34][0-9]m", plain.terminal.raw_text)
    assert coloured.terminal.rows == plain.terminal.rows


def test_terminal_without_unicode_gets_ascii() -> None:
    scene = Scene(encoding="ascii")
    scene.run_to("smoke")
    scene.view.line("x" * 300)
    scene.view.line("naïve 漢字")
    assert "3 commits since cms-v1.2.3 - 1 migration pending" in scene.text
    assert "     then record - github-release - verify" in scene.text
    assert scene.text.isascii()


@pytest.mark.parametrize("columns", [20, 40, 79])
def test_moving_part_fits_a_narrow_terminal(columns: int) -> None:
    scene = Scene(environ={"COLUMNS": str(columns)})
    scene.run_to("deploy mcp")
    scene.view.line("漢字" * 100)
    scene.view.line("x" * 5_000)
    assert all(cell_len(row) < columns for row in scene.terminal.rows[-4:])


def test_low_terminal_shows_fewer_lines() -> None:
    scene = Scene(environ={"LINES": "6"})
    scene.run_to("deploy mcp")
    for number in range(9):
        scene.view.line(f"upload {number}")
    assert [row for row in scene.terminal.rows if "upload" in row] == ["     | upload 7", "     | upload 8"]


def test_while_a_question_stands_nothing_is_drawn_and_what_is_said_follows_the_answer() -> None:
    scene = Scene()
    scene.view.line("cms 75d918fc -> cf0eabb4")
    scene.view.line("mcp e8a7cbaf -> ddd8fd42")
    with scene.view.paused():
        scene.terminal.write("Roll production back? Type production: ")
        scene.view.line("renewing the lease")
        scene.view.finished(StepResult("test", "ok", 1.0, "told meanwhile"))
        assert scene.terminal.rows == [
            "     | cms 75d918fc -> cf0eabb4",
            "     | mcp e8a7cbaf -> ddd8fd42",
            "Roll production back? Type production: ",
        ]
        scene.terminal.write("\n")
    assert "told meanwhile" in scene.text


def test_of_a_countdown_only_the_last_line_is_kept_above_a_question() -> None:
    scene = Scene()
    for left in (10, 5):
        scene.view.line(f"waiting {left} s at most")
    with scene.view.paused():
        assert scene.terminal.rows == ["     | waiting 5 s at most", ""]


def test_without_a_plan_what_was_said_before_the_first_step_stays() -> None:
    scene = Scene()
    scene.view.line("cms 75d918fc -> cf0eabb4")
    scene.view.started("roll back cms")
    assert "     | cms 75d918fc -> cf0eabb4\n" in scene.text


HOSTILE = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "a\rb",
    "\x1b[?25l",
    "\x9b31m",
    "\u202egpj.exe",
    "\x00\x07\x08",
    "\u2028",
    "\ud800",
)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_reaches_the_terminal_as_a_command(text: str) -> None:
    scene = Scene()
    scene.run_to("test")
    scene.view.line(text)
    scene.view.finished(StepResult("test", "failed", 1.0, f"{text}\n{text}"))
    rows = scene.terminal.rows  # refuses all but colours and what redraws
    assert not any("\u202e" in row for row in rows)


@given(st.lists(st.text(), max_size=12))
def test_any_text_leaves_the_finished_steps_alone(said: list[str]) -> None:
    scene = Scene()
    scene.run_to("deploy mcp")
    above = [row for row in scene.terminal.rows if row.startswith(("ok", "same", "  !"))]
    for text in said:
        scene.view.line(text)
    assert [row for row in scene.terminal.rows if row.startswith(("ok", "same", "  !"))] == above
    assert all(cell_len(row) < 80 for row in scene.terminal.rows if row.startswith("     |"))
    scene.view.close()


def test_interrupted_run_leaves_the_terminal_as_it_was() -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    program = (
        "import os, signal\nfrom release.views import listener\nview = listener()\n"
        "view.started('deploy mcp')\nview.line('uploading')\nos.kill(os.getpid(), signal.SIGINT)\nsignal.pause()"
    )
    env = {**os.environ, "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=env,
        stdout=slave,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert b"KeyboardInterrupt" in done.stderr
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    shown = os.read(master, 65_536).decode()
    os.close(master)
    assert "deploy mcp" in shown
    assert "?25l" not in shown  # the cursor was never hidden
    assert shown.endswith("\x1b[2K")  # and the moving part is gone
