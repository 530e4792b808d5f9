"""The checkout on this machine: its lock file, and the name under which a record knows it."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import socket
import time
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import BlockedError
from release.systems.machine.local_folder import NAME, local_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_FILE = "lock"
BOOT = Path("/proc/sys/kernel/random/boot_id")
POLL = 0.2
TOLD_EVERY = 5.0
PATIENCE = 900.0


@contextlib.contextmanager
def alone(root: Path, tell: Callable[[str], None]) -> Iterator[int]:
    """Hold the lock file of a checkout; the descriptor may be handed on to children that write.

    An orphan of a killed run that still writes holds it too, so this waits for both, and says so. Raises
    BlockedError when the folder cannot be written, or after 15 minutes.
    """
    try:
        descriptor = os.open(local_folder(root) / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise BlockedError(
            f".release/ cannot be written: {error.strerror}.",
            "A release keeps its journal there: make the folder writable.",
        ) from None
    try:
        _wait(descriptor, tell)
        os.set_inheritable(descriptor, True)  # noqa: FBT003 - only children started with their descriptors open get it
        yield descriptor
    finally:
        os.close(descriptor)


def is_busy(root: Path) -> bool:
    """Whether a run in this checkout, or an orphan of one, still holds its lock file."""
    path = root / NAME / LOCK_FILE
    if not path.exists():
        return False
    with path.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def checkout_name(root: Path) -> str:
    """The same for every run in this checkout until the machine restarts, and for no other; 16 hexadecimal digits."""
    boot = BOOT.read_text() if BOOT.is_file() else ""
    facts = root.stat()
    text = f"{socket.gethostname()} {boot} {root} {facts.st_dev} {facts.st_ino}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def user() -> str:
    """The account that this process runs under."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _wait(descriptor: int, tell: Callable[[str], None]) -> None:
    started = told = time.monotonic()
    while True:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        now = time.monotonic()
        if now - started > PATIENCE:
            raise BlockedError(
                "Another release, or a program that one started, still runs in this checkout.",
                "Wait for it to end, then run the same command again.",
            )
        if told == started or now - told > TOLD_EVERY:
            told = now
            tell(f"another run in this checkout has not ended yet: waiting ({now - started:.0f} s)")
        time.sleep(POLL)
