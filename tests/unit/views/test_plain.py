"""Plain lines, the JSON object, the choice between views, and streams whose reader has gone."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.commands.ending import print_json
from release.formats.printable import printable
from release.model.outcome import StepResult
from release.views import listener
from release.views.plain import Plain
from release.views.sink import Sink, steady
from tests.golden import scenes
from tests.unit.views.test_live import HOSTILE, ROOT, Terminal


def plain_run(failing: str = "", ending: str = "released") -> str:
    out = io.StringIO()
    view = listener(out=out, environ={})
    view.planned(scenes.preview())
    for result in scenes.results(failing):
        view.started(result.name)
        view.line(f"$ {result.name}")
        view.finished(result)
    view.ended(scenes.OUTCOMES[ending])
    return out.getvalue()


def test_log_holds_plan_steps_lines_and_summary_in_order() -> None:
    text = plain_run()
    parts = (
        "   plan ",
        "...  test",
        "     | $ test",
        "ok   test",
        "...  bump",
        "is released to production",
        "took",
    )
    assert [text.index(part) for part in parts] == sorted(text.index(part) for part in parts)


def test_log_of_a_failure_ends_with_the_next_command() -> None:
    assert plain_run("smoke", "smoke-fails").endswith("\n  next          inv rollback\n")


def test_log_has_no_control_character() -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", plain_run())


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_program_says_is_one_line_behind_a_bar(text: str) -> None:
    out = io.StringIO()
    Plain(Sink(out)).line(f"{text}\n::add-mask::x\nok   record")
    assert out.getvalue().startswith("     | ")
    assert out.getvalue().count("\n") == 1


@given(st.text())
def test_printable_is_one_line_without_control_characters(text: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]", printable(text))


@given(st.text())
def test_printable_and_steady_change_nothing_twice(text: str) -> None:
    assert printable(printable(text)) == printable(text)
    assert steady(steady(text)) == steady(text)


def test_words_of_any_script_stay() -> None:
    assert printable("naïve 漢字 🚀 → ok") == "naïve 漢字 🚀 → ok"


@given(st.text(), st.sampled_from(["ascii", "latin-1", "utf-8"]))
def test_sink_takes_any_text_in_any_encoding(text: str, encoding: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert Sink(stream).write(text) == len(text)
    stream.flush()


class Gone(io.StringIO):
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_release_goes_on_when_nobody_reads_along() -> None:
    view = listener(out=Gone(), environ={})
    view.started("deploy mcp")
    view.finished(StepResult("deploy mcp", "ok", 1.0, ""))
    view.ended(scenes.OUTCOMES["released"])


def test_closed_pipe_neither_fails_nor_is_complained_about() -> None:
    program = (
        "import sys\nfrom release.views import listener\nview = listener()\n"
        "view.started('a')\nview.line('b' * 100_000)\nsys.exit(7)"
    )
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (7, b"")


def test_terminal_gets_the_live_view() -> None:
    from release.views.live import LiveView

    assert isinstance(listener(out=Terminal(), environ={"TERM": "xterm"}), LiveView)


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {"TERM": ""}, {}])
def test_dumb_terminal_gets_plain_lines(environ: dict[str, str]) -> None:
    assert isinstance(listener(out=Terminal(), environ=environ), Plain)


def test_with_json_people_read_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    view = listener(json=True, environ={})
    view.ended(scenes.OUTCOMES["released"])
    print_json(scenes.OUTCOMES["released"].as_json())
    out, err = capsys.readouterr()
    assert json.loads(out)["tag"] == "cms-v1.2.4"
    assert "is released" in err


@pytest.mark.parametrize("module", ["rich", "httpx", "release.views.live"])
def test_plain_lines_load_nothing_heavy(module: str) -> None:
    program = f"import sys\nfrom release.views import listener\nlistener().line('x')\nsys.exit({module!r} in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False).returncode
        == 0
    )
