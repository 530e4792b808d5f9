"""One quiet HTTP server on the loopback interface, with a seam for faults around each request."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, Self

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import ThreadedWSGIServer
from werkzeug.wrappers import Response

from release.rehearsal.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

HOST = "127.0.0.1"
_LOOK_SECONDS = 0.02
_PATIENCE_SECONDS = 5.0


def refuses(port: int, seconds: float = _PATIENCE_SECONDS) -> bool:
    """Whether nobody listens on a port of this machine, or nobody does any more before `seconds` have passed.

    A process that was killed may look dead while its last thread still holds its sockets.
    """
    until = time.monotonic() + seconds
    while _takes_calls(port):
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True


def _takes_calls(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), _PATIENCE_SECONDS).close()
    except ConnectionRefusedError:
        return False
    except OSError:  # taken, and hung up at once
        return True
    return True


class DropConnection(ConnectionError):  # noqa: N818  # raised on purpose, it is an order rather than an error
    """Raised by `before`, `after` or a handler: the socket is closed without (the rest of) an answer."""


class Loopback:
    """Serves `handle` on 127.0.0.1, a thread per connection, and prints nothing.

    `before(request)` may return a Response that is sent instead of calling `handle`; `after(request,
    response)` returns the Response to send. Both may raise DropConnection. An exception of the handler
    becomes a 500 whose body is the traceback, and is kept in `failures`: a bug of ours must not pass for a
    fault of the peer.
    """

    def __init__(self, handle: Callable[[Request], Response], *, port: int = 0) -> None:
        """Prepare to serve `handle`; port 0 takes a free one at the first start, and later starts keep it."""
        self.handle = handle
        self.before: Callable[[Request], Response | None] | None = None
        self.after: Callable[[Request, Response], Response] | None = None
        self.failures: list[str] = []
        self._port = port
        self._server: _Server | None = None
        self._acceptor: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The TCP port; 0 before the first start of a server that was given none."""
        return self._port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, without a slash at its end."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Bind and accept; on return a request is answered. Raises OSError when the port is taken."""
        with socket.create_server((HOST, self._port)) as listener:
            self._port = listener.getsockname()[1]
            self._server = _Server(HOST, self._port, self._answer, handler=Connection, fd=listener.fileno())
        self._acceptor = threading.Thread(target=self._server.accept, daemon=True)
        self._acceptor.start()
        return self

    def stop(self) -> None:
        """Close the port and every open connection, wait for the threads. Does nothing when not running."""
        if self._server is None or self._acceptor is None:
            return
        self._server.refuse()
        self._acceptor.join()
        self._server.server_close()
        self._server.hang_up()
        self._server = self._acceptor = None

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _answer(self, request: Request) -> Response:
        try:
            return self._respond(request)
        except ConnectionError:
            raise
        except ClientDisconnected as gone:  # the client was killed while it sent: no fault of a handler
            raise DropConnection from gone
        except Exception:  # noqa: BLE001  # whatever a handler raises is shown to the client and kept
            self.failures.append(traceback.format_exc())
            return Response(self.failures[-1], 500, content_type="text/plain")

    def _respond(self, request: Request) -> Response:
        answered = self.before(request) if self.before else None
        response = answered if answered is not None else self.handle(request)
        if self.after is None:
            return response
        try:
            final = self.after(request, response)
        except BaseException:
            response.close()
            raise
        if final is not response:
            final.call_on_close(response.close)  # not before: it may read from the one that it replaces
        return final


class _Server(ThreadedWSGIServer):
    """Knows its open connections, so that nothing of them is left when it has stopped."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401  # the signature is werkzeug's
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        self._is_refusing = False
        super().__init__(*args, **options)

    def accept(self) -> None:
        """Take connections until `refuse`; nothing is polled, so an idle server costs nothing."""
        while not self._is_refusing:
            try:
                connection, address = self.get_request()
            except OSError:  # it hung up before its turn
                continue
            self.process_request(connection, address)

    def refuse(self) -> None:
        """Let `accept` end: a last call wakes it."""
        self._is_refusing = True
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port), _PATIENCE_SECONDS).close()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve one connection in a thread of its own, and remember both."""
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        with self._guard:
            self._open[thread] = request
        thread.start()

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Serve, then forget the connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(threading.current_thread(), None)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Print nothing: a client that hung up is the client's business."""

    def hang_up(self) -> None:
        """Close every connection and wait a while for its thread."""
        with self._guard:
            still_open = dict(self._open)
        for connection in still_open.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in still_open:
            thread.join(_PATIENCE_SECONDS)
