"""Which processes run from a folder, and which ports answer, as /proc and the sockets say."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from release.rehearsal.loopback import refuses

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE = 20.0  # seconds in which what was told to end has to be gone


def of_folder(folder: Path) -> list[int]:
    """The processes whose command line, program or current folder lies in `folder`; this one is none of them."""
    found = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in found if pid != os.getpid() and str(folder) in _places(Path(f"/proc/{pid}"))]


def gone(pids: Iterable[int]) -> bool:
    """Whether all of these processes end; waits for them as long as that may take."""
    deadline = time.monotonic() + PATIENCE
    return all(_ends(pid, deadline) for pid in pids)


def listening(ports: Iterable[int]) -> list[int]:
    """Those of the loopback ports that take a connection."""
    found = []
    for port in ports:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
            found.append(port)
    return found


def silent(ports: Iterable[int]) -> bool:
    """Whether none of the loopback ports takes a connection any more; waits for them as long as that may take."""
    return all(refuses(port, PATIENCE) for port in ports)


def _ends(pid: int, deadline: float) -> bool:
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([process], [], [], max(0.0, deadline - time.monotonic()))[0])
    finally:
        os.close(process)


def _places(process: Path) -> str:
    found = []
    with contextlib.suppress(OSError):
        found.append((process / "cmdline").read_bytes().decode(errors="replace"))
    for link in ("cwd", "exe"):
        with contextlib.suppress(OSError):
            found.append(str((process / link).readlink()))
    return "\n".join(found)
