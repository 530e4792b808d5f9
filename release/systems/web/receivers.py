"""Receivers of announcements (Slack, Teams, mail and the rest), reached through apprise, which is imported only here."""

from __future__ import annotations

import logging
import re
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from release.systems.machine.deadline import LateError, begin, result_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SHORTEST = 3  # characters of a part of an address that is hidden in what a receiver's failure says


def addresses(text: str) -> tuple[str, ...]:
    """The receivers' URLs in a variable: separated by blanks, line ends or commas before the next one's scheme."""
    return tuple(part for part in re.split(r"\s+|,(?=[A-Za-z0-9]+://)", text.strip()) if part)


def send(urls: Sequence[str], title: str, body: str, seconds: float) -> tuple[str, ...]:
    """Tell all receivers side by side, for `seconds` at most; what is wrong with whom, without any part of an address.

    Raises ModuleNotFoundError where apprise is not installed.
    """
    import apprise  # noqa: F401 - before any thread: they would import it all at once

    end = time.monotonic() + seconds
    faults = []
    with _heard() as heard:
        calls = [begin(partial(_sent, url, title, body, seconds / 2)) for url in urls]
        for number, (url, call) in enumerate(zip(urls, calls, strict=True), 1):
            try:
                fault = "" if result_of(call, max(0.0, end - time.monotonic())) else "it was not taken"
            except LateError:
                fault = f"no answer within {seconds:g} s"
            except Exception as error:  # noqa: BLE001 - whatever a service's code raises
                fault = f"{type(error).__name__}: {error}"
            if fault:
                faults.append(f"receiver {number} ({_scheme(url)}): {fault}")
    reasons = dict.fromkeys(heard.lines) if faults else ()
    return tuple(_hidden(one, urls) for one in (*faults, *reasons))


def _sent(url: str, title: str, body: str, patience: float) -> bool:
    """Tell one receiver; whether it took it. `patience` is what its connection, and then its answer, may take.

    apprise works in threads that Python waits for when it exits, so none may wait for long.
    """
    from apprise import Apprise, AppriseAsset

    one = Apprise(asset=AppriseAsset(async_mode=False))
    if not one.add(url):
        return False
    for service in one:
        service.socket_connect_timeout = service.socket_read_timeout = patience
    return bool(one.notify(body=body, title=title))


class _Lines(logging.Handler):
    """Keeps what apprise says of a failure; without a handler, Python would print it, and an address with it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.lines.append(" ".join(record.getMessage().split()))


@contextmanager
def _heard() -> Iterator[_Lines]:
    heard, logger = _Lines(), logging.getLogger("apprise")
    logger.addHandler(heard)
    try:
        yield heard
    finally:
        logger.removeHandler(heard)


def _scheme(url: str) -> str:
    return url.partition("://")[0][:20] if "://" in url else "no scheme"


def _hidden(text: str, urls: Sequence[str]) -> str:
    """A failure without any part of the addresses: hosts, users, tokens and paths may all be secret."""
    parts = {part for url in urls for part in re.split(r"[/:@?&=#]+", url.partition("://")[2])}
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= SHORTEST:
            text = text.replace(part, "***")
    return text
