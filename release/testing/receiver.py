"""An HTTP server on loopback that keeps what it is sent: for steps and observers that talk to the outside."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from werkzeug.wrappers import Request


@dataclass(frozen=True)
class Heard:
    """One request: its method, its path, its headers and its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """What was heard, in order. `status` is what it answers next; `server` takes hooks for faults (`before`, `after`)."""

    heard: list[Heard] = field(default_factory=list)
    status: int = 200
    server: Loopback = field(init=False)

    def __post_init__(self) -> None:
        """Serve with a handler that keeps each request."""
        self.server = Loopback(self._keep)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return self.server.url

    def _keep(self, request: Request) -> Response:
        headers = dict(request.headers.items())
        self.heard.append(Heard(request.method, request.path, headers, request.get_data()))
        return Response(status=self.status)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    listening = Receiver()
    with listening.server:
        yield listening
