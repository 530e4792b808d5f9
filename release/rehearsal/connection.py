"""One client's connection to a loopback server: request after request, until it hangs up."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, cast

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Request
from werkzeug.wsgi import LimitedStream

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO
    from wsgiref.types import WSGIEnvironment

    from werkzeug.wrappers import Response

_CHUNK = 64 * 1024
_BODILESS = frozenset({204, 304})
_FINAL = 200


class Connection(WSGIRequestHandler):
    """Hands each request to the server's `app`, and keeps the connection for the next one.

    werkzeug's own development server hangs up after each answer, because it does not know where a body ends that
    nobody has read; here the rest of it is read.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # or the second half of an answer waits 40 ms for the client's acknowledgement
    )

    def run_wsgi(self) -> None:
        """Answer one request. A ConnectionError of the app hangs up instead."""
        environ = self.make_environ()
        answer = cast("Callable[[Request], Response]", self.server.app)
        response = answer(Request(environ))
        try:
            self._send(response, environ)
        finally:
            response.close()
        self._read_to_end(environ["wsgi.input"])

    def make_environ(self) -> WSGIEnvironment:
        """The WSGI environment, whose body ends where the request does."""
        environ = super().make_environ()
        if "wsgi.input_terminated" not in environ:  # not in chunks
            length = self.headers.get("Content-Length", "")
            size = int(length) if length.isdecimal() else 0
            environ["wsgi.input"] = (
                LimitedStream(cast("IO[bytes]", self.rfile), size) if size else io.BytesIO()
            )
            environ["wsgi.input_terminated"] = True
        return environ

    def log(self, *_: Any) -> None:  # noqa: ANN401  # the signature is werkzeug's
        """Print nothing."""

    def connection_dropped(self, *_: Any) -> None:  # noqa: ANN401
        """Hang up."""
        self.close_connection = True

    def _send(self, response: Response, environ: WSGIEnvironment) -> None:
        code, _, reason = response.status.partition(" ")
        headers = response.get_wsgi_headers(environ)
        has_body = self.command != "HEAD" and int(code) >= _FINAL and int(code) not in _BODILESS
        in_chunks = has_body and "Content-Length" not in headers
        if in_chunks and self.request_version == "HTTP/1.0":
            in_chunks, self.close_connection = False, True
        self.send_response(int(code), reason)
        for name, value in headers.to_wsgi_list():
            self.send_header(name, value)
        if in_chunks:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        for data in response.iter_encoded() if has_body else ():
            if data:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(data), data) if in_chunks else data)
        if in_chunks:
            self.wfile.write(b"0\r\n\r\n")

    def _read_to_end(self, body: IO[bytes]) -> None:
        """What is left unread would be taken for the next request."""
        try:
            while body.read(_CHUNK):
                pass
        except (ClientDisconnected, ValueError, OSError):
            self.close_connection = True
