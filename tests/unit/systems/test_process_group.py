"""The end of a process group: what looks dead and is not, and what is left of a port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.cloud.process_group import end_group, living
from release.rehearsal.loopback import refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTENING = (
    "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True)"
)
STAYING = f"{LISTENING}; time.sleep(600)"
WITHOUT_ITS_FIRST_THREAD = f"""
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
{LISTENING}
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture(params=[STAYING, WITHOUT_ITS_FIRST_THREAD], ids=["whole", "without its first thread"])
def listening(request: pytest.FixtureRequest) -> Iterator[tuple[int, int]]:
    """A process that leads a group of its own, and its port."""
    command = [sys.executable, "-c", request.param]
    with subprocess.Popen(command, stdout=subprocess.PIPE, process_group=0) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def test_a_process_lives_as_long_as_one_of_its_threads(listening: tuple[int, int]) -> None:
    group, port = listening
    assert (living(group), refuses(port, 0)) == ((group,), False)


def test_an_ended_group_holds_no_port(listening: tuple[int, int]) -> None:
    group, port = listening
    assert end_group(group)
    assert (living(group), refuses(port, 0)) == ((), True)


def test_a_group_that_was_never_there_is_ended() -> None:
    gone = subprocess.Popen(["true"], process_group=0)
    gone.wait()
    assert end_group(gone.pid)


def test_what_does_not_end_is_told(listening: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    group, _ = listening
    monkeypatch.setattr(signal, "SIGKILL", signal.SIGCONT)  # a blow that ends nobody
    assert not end_group(group, 0)
    monkeypatch.undo()
    os.killpg(group, signal.SIGKILL)


def test_a_port_that_nobody_has_refuses() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = int(server.getsockname()[1])
        assert not refuses(port, 0)
    assert refuses(port)
