"""HTTP for all outside systems: one client a run, bounded answers, reads retried, errors in words."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from release.errors import CannotReadError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx

MOST_BYTES = 16 * 1024 * 1024
TIMEOUT = 20.0  # seconds until something comes
BODIES = 3  # timeouts that a whole answer may take
TOO_MANY = 429
SERVER_ERROR = 500


class PassingError(Exception):
    """A failure that may pass: no connection, no answer, 429 or 5xx. `wait` is what the server asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower-case names) and body (at most `most` bytes of it) of an answer."""

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
    ) -> Answer:
        """One request, one answer, no retry. Raises PassingError where none came."""
        _without_command_line()
        import httpx

        content = msgspec.json.encode(json) if json is not None else data
        extra = {"content-type": "application/json"} if json is not None else {}
        try:
            with self._opened(url).stream(
                method, url, headers={**(headers or {}), **extra}, content=content, timeout=timeout
            ) as response:
                return Answer(
                    response.status_code, dict(response.headers), _bounded(response, most, BODIES * timeout)
                )
        except (httpx.TransportError, httpx.StreamError, httpx.DecodingError) as error:
            raise PassingError(_words(error)) from error
        except (httpx.InvalidURL, httpx.HTTPError, UnicodeError) as error:
            raise CannotReadError(
                f"{url} cannot be asked: {error}.", "Check the address in [tool.release]."
            ) from error

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

        def once() -> Answer:
            return self._once(method, url, headers, json, retry_limited=retry_limited)

        try:
            return once()
        except PassingError as error:
            if self.attempts <= 1:
                raise
            return self._again(error, once)

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()

    def _once(
        self, method: str, url: str, headers: Mapping[str, str] | None, json: object, *, retry_limited: bool
    ) -> Answer:
        answer = self.send(method, url, headers=headers, json=json)
        if (answer.status == TOO_MANY and retry_limited) or answer.status >= SERVER_ERROR:
            asked = answer.headers.get("retry-after", "")
            raise PassingError(f"it answered {answer.status}", float(asked) if asked.isdigit() else None)
        return answer

    def _again(self, first: PassingError, once: Callable[[], Answer]) -> Answer:
        import stamina
        from stamina.instrumentation import set_on_retry_hooks

        set_on_retry_hooks(())  # its own hook writes to stderr, between the lines of a release

        def passing(error: Exception) -> bool | float:
            if not isinstance(error, PassingError):
                return False
            return min(error.wait, 60.0) if error.wait is not None else True

        pending: PassingError | None = first
        for attempt in stamina.retry_context(
            on=passing, attempts=self.attempts, timeout=90.0, wait_initial=0.2, wait_max=4.0, wait_jitter=0.1
        ):
            with attempt:
                if pending is not None:
                    error, pending = pending, None
                    raise error
                return once()
        raise first

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


def _bounded(response: httpx.Response, most: int, seconds: float) -> bytes:
    """At most `most` bytes: a server must not fill the memory, nor keep a release waiting by a byte now and then."""
    body, until = bytearray(), time.monotonic() + seconds
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) >= most:
            break
        if time.monotonic() > until:
            raise PassingError("it did not end its answer in time")
    return bytes(body[:most])


def _words(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ConnectTimeout | httpx.ReadTimeout | httpx.PoolTimeout | httpx.WriteTimeout):
        return "it did not answer in time"
    if isinstance(error, httpx.ConnectError):
        return "no connection"
    return "the connection broke"
