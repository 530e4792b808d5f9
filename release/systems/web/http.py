"""HTTP for all outside systems: one client a run, bounded answers, reads retried, errors in words."""

from __future__ import annotations

import sys
import threading
import time
import zlib
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from release.errors import CannotReadError
from release.frozen import Frozen
from release.systems.machine.deadline import LateError, begin, left, result_of
from release.systems.web.body import LATE, OversizeError, PassingError, bounded
from release.systems.web.waiting import AFTER, length, tell_wait

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

MOST_BYTES = 16 * 1024 * 1024
__all__ = ["OversizeError", "PassingError"]  # what is raised here

TIMEOUT = 20.0  # seconds until something comes
BODIES = 1.5  # timeouts that a whole answer may take, its headers too
PATIENCE = 45.0  # seconds for all tries of one read
TOO_MANY = 429
SERVER_ERROR = 500


class Answer(Frozen, frozen=True):
    """Status, headers (lower-case names) and body (not compressed any more) of an answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401
        """The decoded body; raises ValueError when it is not JSON, or too deep."""
        try:
            return msgspec.json.decode(self.body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise ValueError(str(error)) from None


@dataclass
class Http:
    """The one HTTP client of a run, made at its first request. Threads may share it.

    What lies on this machine (a rehearsal) has a client of its own: no proxy is asked for it, and no certificates
    are loaded.

    `requests` counts what was sent, for the gate on its number.
    """

    attempts: int = 4
    requests: int = 0
    transport: httpx.BaseTransport | None = None
    _clients: dict[bool, httpx.Client] = field(default_factory=dict)
    _names: dict[str, tuple[str, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        data: bytes | None = None,
        timeout: float = TIMEOUT,
        most: int = MOST_BYTES,
        cut: bool = False,
        whole: float | None = None,
        since: float | None = None,
    ) -> Answer:
        """One request, one answer, no retry. Raises PassingError where none came, OversizeError above `most` bytes.

        With `cut`, the first `most` bytes are enough. `timeout` is until something comes, `whole` until all has come.
        A wait is announced 5 s after `since` (seconds that never run back; now unless given).
        """
        _without_command_line()
        import httpx

        content = msgspec.json.encode(json) if json is not None else data
        extra = {"content-type": "application/json"} if json is not None else {}
        seconds = left(whole or BODIES * timeout)
        until = time.monotonic() + seconds

        def once() -> Answer:
            asked = {"accept-encoding": "gzip", **(headers or {}), **extra}
            with self._opened(url).stream(
                method, url, headers=asked, content=content, timeout=max(left(timeout), 0.01)
            ) as response:
                body = b"" if method == "HEAD" else bounded(response, most, until, cut=cut)
                return Answer(response.status_code, dict(response.headers), body)

        try:
            return self._patiently(once, url, seconds, time.monotonic() if since is None else since)
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError, zlib.error) as error:
            raise PassingError(_words(error)) from error
        except (httpx.InvalidURL, httpx.HTTPError, UnicodeError) as error:
            raise CannotReadError(
                f"{url} cannot be asked: {error}.", "Check the address in [tool.release]."
            ) from error

    def know(self, url: str, name: str, advice: str) -> None:
        """How whatever answers below an address is called, and how to go on where it does not."""
        self._names[url] = (name, advice)

    def read(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        method: str = "GET",
        json: object = None,
        retry_limited: bool = True,
    ) -> Answer:
        """A request that changes nothing, retried while the failure may pass. Raises PassingError in the end.

        Without `retry_limited`, a 429 is an answer like any other: the caller knows how long that server wants to wait.
        """
        since = time.monotonic()

        def once() -> Answer:
            rest = since + PATIENCE - time.monotonic()
            return self._once(method, url, headers, json, since, rest, retry_limited=retry_limited)

        try:
            return once()
        except PassingError as error:
            if self.attempts <= 1 or isinstance(error, OversizeError):
                raise
            return self._again(error, once, partial(self._may_wait, url, since))

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: object,
        since: float,
        rest: float,
        *,
        retry_limited: bool,
    ) -> Answer:
        whole = min(BODIES * TIMEOUT, max(rest, 0.01))
        answer = self.send(method, url, headers=headers, json=json, whole=whole, since=since)
        if (answer.status == TOO_MANY and retry_limited) or answer.status >= SERVER_ERROR:
            wait = asked_to_wait(answer)
            asks = f" and asks to wait {length(wait)}" if wait is not None and wait > AFTER else ""
            raise PassingError(f"it answered {answer.status}{asks}", wait)
        return answer

    def _may_wait(self, url: str, since: float, error: Exception) -> bool | float:
        """Whether, and how long, to wait before another try: not where the server asks for more than there is."""
        rest = left(since + PATIENCE - time.monotonic())
        if not isinstance(error, PassingError) or isinstance(error, OversizeError) or rest <= 0:
            return False
        if error.wait is None:
            return True
        if error.wait > rest:
            return False
        if error.wait > AFTER:
            self._tell(url, error.wait, f" ({error})")
        return error.wait

    def _again(
        self, first: PassingError, once: Callable[[], Answer], may_wait: Callable[[Exception], bool | float]
    ) -> Answer:
        import stamina
        from stamina.instrumentation import set_on_retry_hooks

        set_on_retry_hooks(())  # its own hook writes to stderr, between the lines of a release

        pending: PassingError | None = first
        for attempt in stamina.retry_context(
            on=may_wait,
            attempts=self.attempts,
            timeout=PATIENCE,
            wait_initial=0.2,
            wait_max=4.0,
            wait_jitter=0.1,
        ):
            with attempt:
                if pending is not None:
                    error, pending = pending, None
                    raise error
                return once()
        raise first

    def _patiently(self, once: Callable[[], Answer], url: str, seconds: float, since: float) -> Answer:
        """An answer, from a thread of its own: no byte now and then, no name server and no signal keeps it waiting."""
        call = begin(once)
        started = time.monotonic()
        quiet = min(seconds, max(0.0, since + AFTER - started))
        for wait in (quiet, seconds - quiet):
            try:
                return result_of(call, wait)
            except LateError:
                if wait is quiet and seconds > quiet:
                    self._tell(url, seconds - quiet)
        raise PassingError(LATE)

    def _tell(self, url: str, seconds: float, why: str = "") -> None:
        named = next((one for start, one in self._names.items() if url.startswith(start)), None)
        name, advice = named or (urlsplit(url).hostname or "a server", "Ctrl-C stops")
        tell_wait(f"{name}{why}", seconds, advice)

    def _opened(self, url: str) -> httpx.Client:
        import httpx

        is_near = url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        with self._lock:
            self.requests += 1
            if is_near not in self._clients:
                self._clients[is_near] = httpx.Client(
                    transport=self.transport,
                    verify=not is_near,
                    trust_env=not is_near,
                    headers={"user-agent": "cms-release"},
                )
            return self._clients[is_near]


def _without_command_line() -> None:
    """Keep httpx from importing its own command line, which it can do without: click, rich and pygments, 86 ms."""
    if "httpx" not in sys.modules:
        sys.modules["httpx._main"] = None  # type: ignore[assignment]  # documented: its import fails from now on


def asked_to_wait(answer: Answer) -> float | None:
    """The seconds that a server asks to wait, by number or by date; None where it asks nothing that makes sense."""
    asked = answer.headers.get("retry-after", "")
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _words(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout | httpx.PoolTimeout | httpx.WriteTimeout):
        return LATE
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "the connection broke"
