"""The HTTP client against a real server on loopback: what is tried again, what is bounded, what is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina
from werkzeug.wrappers import Response

from release.errors import CannotReadError
from release.ops.http import Answer, Http, PassingError
from release.rehearsal.loopback import DropConnection, Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    Handler = Callable[[Request], Response]
    Serve = Callable[[Handler], str]


@pytest.fixture
def http() -> Iterator[Http]:
    """A client that does not wait between its tries."""
    client = Http()
    with stamina.set_testing(True, attempts=4):
        yield client
    client.close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers; the address of each."""
    servers: list[Loopback] = []

    def start(handle: Handler) -> str:
        servers.append(Loopback(handle).start())
        return servers[-1].url

    yield start
    for server in servers:
        server.stop()


def answering(*answers: Response | int) -> tuple[Handler, list[Request]]:
    """A handler that gives these answers, the last one for ever, and what it was asked."""
    asked: list[Request] = []

    def handle(request: Request) -> Response:
        request.get_data()
        asked.append(request)
        one = answers[min(len(asked), len(answers)) - 1]
        return Response("{}", one) if isinstance(one, int) else one

    return handle, asked


def dropping(_: Request) -> Response:
    """Hang up."""
    raise DropConnection


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_a_read_is_tried_again_while_the_failure_may_pass(http: Http, serve: Serve, status: int) -> None:
    handle, asked = answering(status, status, 200)
    assert http.read(serve(handle)).status == 200
    assert (len(asked), http.requests) == (3, 3)


def test_a_read_gives_up_after_four_tries(http: Http, serve: Serve) -> None:
    handle, asked = answering(503)
    with pytest.raises(PassingError, match="it answered 503"):
        http.read(serve(handle))
    assert len(asked) == 4


def test_one_attempt_means_one(serve: Serve) -> None:
    handle, asked = answering(503)
    client = Http(attempts=1)
    with pytest.raises(PassingError):
        client.read(serve(handle))
    client.close()
    assert len(asked) == 1


def test_retries_write_nothing_to_stderr(http: Http, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    http.read(serve(answering(503, 200)[0]))
    assert caplog.records == []


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 409, 422])
def test_any_other_status_is_an_answer(http: Http, serve: Serve, status: int) -> None:
    handle, asked = answering(status)
    assert http.read(serve(handle)).status == status
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("value", "wait"), [("7", 7.0), ("0", 0.0), ("", None), ("Wed, 01 Jan 2031", None), ("-1", None)]
)
def test_what_the_server_asks_to_wait_is_kept(
    http: Http, serve: Serve, value: str, wait: float | None
) -> None:
    url = serve(answering(Response("", 429, {"Retry-After": value}))[0])
    with pytest.raises(PassingError) as raised:
        http.read(url)
    assert raised.value.wait == wait


def test_a_write_is_sent_once(http: Http, serve: Serve) -> None:
    handle, asked = answering(503)
    assert http.send("POST", serve(handle), json={"a": 1}).status == 503
    assert [(one.method, one.get_json()) for one in asked] == [("POST", {"a": 1})]


def test_a_connection_that_breaks_is_a_passing_failure(http: Http, serve: Serve) -> None:
    with pytest.raises(PassingError, match="the connection broke"):
        http.send("GET", serve(dropping))


def test_nobody_listening_is_a_passing_failure(http: Http) -> None:
    server = Loopback(dropping).start()
    server.stop()
    with pytest.raises(PassingError, match="no connection"):
        http.send("GET", server.url)


def test_an_answer_that_takes_too_long_is_a_passing_failure(http: Http) -> None:
    import socket

    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(PassingError, match="it did not answer in time"),
    ):
        http.send("GET", f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05)


def test_an_endless_body_is_cut_at_its_bound(http: Http, serve: Serve) -> None:
    def endless(_: Request) -> Response:
        return Response((b"x" * 1000 for _ in range(10**9)), 200)

    answer = http.send("GET", serve(endless), most=5000)
    assert answer.body == b"x" * 5000


def test_a_redirect_is_not_followed(http: Http, serve: Serve) -> None:
    handle, asked = answering(Response("", 302, {"Location": "/elsewhere"}))
    assert http.read(serve(handle)).status == 302
    assert [one.path for one in asked] == ["/"]


def test_a_body_in_a_broken_encoding_is_a_passing_failure(http: Http, serve: Serve) -> None:
    url = serve(answering(Response(b"not gzip", 200, {"Content-Encoding": "gzip"}))[0])
    with pytest.raises(PassingError, match="the connection broke"):
        http.send("GET", url)


@pytest.mark.parametrize(
    "url", ["http://[::1", "ftp://127.0.0.1/", "no address", "http://127.0.0.1:99999/", "http://\ud800/"]
)
def test_an_address_that_is_none_is_told(http: Http, url: str) -> None:
    with pytest.raises((CannotReadError, PassingError)):
        http.send("GET", url)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[" * 100_000, b"\xff", b"1" * 10_000 + b"."])
def test_a_body_that_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"[a-z]"):
        Answer(200, {}, body).json()


def test_threads_share_one_client(http: Http, serve: Serve) -> None:
    from concurrent.futures import ThreadPoolExecutor

    url = serve(answering(200)[0])
    with ThreadPoolExecutor(8) as lanes:
        answers = list(lanes.map(lambda _: http.read(url).status, range(40)))
    assert (answers, http.requests) == ([200] * 40, 40)


def test_a_client_that_asked_nothing_closes_well() -> None:
    Http().close()
