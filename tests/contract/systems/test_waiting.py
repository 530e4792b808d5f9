"""Whatever a command waits for, it says so, and Ctrl-C, TERM and its own deadline end it at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.rehearsal.loopback import Loopback
from release.testing import double as opened
from tests.dripping import Dripping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double

TASKS = """from pathlib import Path
from release.tasks import collection
namespace = collection(Path(__file__).parent)
"""
AT_ONCE = 25  # seconds on a busy machine; what is waited for would take more
HEADERS = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx: "
BODY = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Double]:
    """A double whose checkout `inv` can run in."""
    with opened(tmp_path, overlay={"tasks.py": TASKS}) as double:
        yield double


@contextmanager
def inv(world: Double, *words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """A command that runs; killed in the end."""
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(world.root), *words]
    with subprocess.Popen(
        command,
        cwd=world.root,
        env={**os.environ, **world.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """How a command ended, and what it said."""
    out, _ = process.communicate(timeout=AT_ONCE)
    return process.returncode, out


@pytest.mark.parametrize(
    ("words", "start", "blow"),
    [
        (("plan",), b"", signal.SIGTERM),
        (("plan",), HEADERS, signal.SIGINT),
        (("plan", "--json"), BODY, signal.SIGTERM),
        (("rollback", "--yes"), HEADERS, signal.SIGTERM),
        (("rollback", "--yes"), b"", signal.SIGINT),
        (("status",), BODY, signal.SIGTERM),
        (("release", "--dry-run"), HEADERS, signal.SIGTERM),
    ],
)
def test_a_cloudflare_that_keeps_a_command_waiting_is_left_at_once(
    world: Double, words: tuple[str, ...], start: bytes, blow: signal.Signals
) -> None:
    with Dripping(start) as server, inv(world, *words, CLOUDFLARE_API_BASE_URL=server.url) as process:
        server.asked.get(timeout=60)
        process.send_signal(blow)
        code, said = ended(process)
    assert code == 130
    assert ("Interrupted (Ctrl-C)." if blow == signal.SIGINT else "Terminated (SIGTERM).") in said
    assert "Traceback" not in said


@pytest.mark.parametrize("words", [("doctor",), ("approve",), ("dispatch",), ("checklist",)])
def test_a_github_that_keeps_a_command_waiting_is_left_at_once(world: Double, words: tuple[str, ...]) -> None:
    with Dripping(HEADERS) as server, inv(world, *words, GITHUB_API_URL=server.url) as process:
        server.asked.get(timeout=60)
        process.send_signal(signal.SIGTERM)
        code, said = ended(process)
    assert (code, "Terminated (SIGTERM)." in said) == (130, True)


@pytest.mark.parametrize("variable", ["CLOUDFLARE_API_BASE_URL", "GITHUB_API_URL"])
def test_what_is_waited_for_stands_on_the_screen_and_a_signal_ends_the_wait(
    world: Double, variable: str
) -> None:
    limited = Loopback(lambda _: Response("{}", 429, {"Retry-After": "40"})).start()
    with inv(world, "plan", **{variable: limited.url}) as process:
        assert process.stdout is not None
        line = next(line for line in process.stdout if "waiting" in line)
        process.send_signal(signal.SIGTERM)
        code, _ = ended(process)
    limited.stop()
    assert code == 130
    assert ("Cloudflare's API" if "CLOUD" in variable else "GitHub's rate limit") in line
    assert "until " in line
    assert "Ctrl-C stops" in line


@pytest.mark.parametrize("words", [("plan",), ("rollback", "--yes")])
def test_an_hour_that_a_server_asks_to_wait_is_told_and_not_waited_for(
    world: Double, words: tuple[str, ...]
) -> None:
    limited = Loopback(lambda _: Response("{}", 429, {"Retry-After": "3600"})).start()
    with inv(world, *words, CLOUDFLARE_API_BASE_URL=limited.url) as process:
        code, said = ended(process)
    limited.stop()
    assert code == 4
    assert "it answered 429 and asks to wait 60 min" in said


def test_a_remote_that_does_not_answer_leaves_no_git_behind(world: Double) -> None:
    with Dripping() as server:
        world.git("remote", "set-url", "origin", f"{server.url}/acme/cms.git")
        with inv(world, "plan") as process:
            server.asked.get(timeout=60)
            process.send_signal(signal.SIGTERM)
            assert ended(process)[0] == 130
        server.left.get(timeout=AT_ONCE)


@pytest.mark.parametrize("words", [("plan",), ("rollback", "--yes"), ("doctor",)])
def test_a_command_has_a_deadline(world: Double, words: tuple[str, ...]) -> None:
    variable = "GITHUB_API_URL" if words == ("doctor",) else "CLOUDFLARE_API_BASE_URL"
    with (
        Dripping(BODY) as server,
        inv(world, *words, RELEASE_DEADLINE="3", **{variable: server.url}) as process,
    ):
        code, said = ended(process)
    assert code == 4
    assert "Not done after 3 s, the deadline of this command." in said


@pytest.mark.parametrize("said", ["soon", "-1", "0", "\u00b2"])
def test_a_deadline_that_is_none_is_refused(world: Double, said: str) -> None:
    with inv(world, "plan", RELEASE_DEADLINE=said) as process:
        code, told = ended(process)
    assert (code, "Set it to a number of seconds." in told) == (2, True)
