"""The server under the local forge and the local cloud."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from typing import TYPE_CHECKING, NoReturn

import httpx
import pytest
from werkzeug.wrappers import Response

from release.rehearsal.loopback import DropConnection, Loopback, refuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.wrappers import Request


def echo(request: Request) -> Response:
    return Response(f"{request.method} {request.path} {request.get_data(as_text=True)}")


def drop(*_: object) -> NoReturn:
    raise DropConnection


def test_a_request_is_answered_as_soon_as_start_returns() -> None:
    with Loopback(echo) as server:
        assert httpx.post(f"{server.url}/a", content="b").text == "POST /a b"


def test_a_stopped_server_leaves_its_port_and_a_restart_takes_the_same_one() -> None:
    server = Loopback(echo).start()
    url = server.url
    server.stop()
    assert refuses(server.port)
    with server:
        assert server.url == url
        assert httpx.get(url).status_code == 200


def test_a_port_that_is_taken_is_an_oserror() -> None:
    with Loopback(echo) as first, pytest.raises(OSError, match="in use"):
        Loopback(echo, port=first.port).start()


def test_stop_twice_is_no_error() -> None:
    server = Loopback(echo).start()
    server.stop()
    server.stop()


def test_before_answers_instead_of_the_handler() -> None:
    with Loopback(echo) as server:
        server.before = lambda request: Response(status=418) if request.path == "/tea" else None
        assert httpx.get(f"{server.url}/tea").status_code == 418
        assert httpx.get(f"{server.url}/coffee").text == "GET /coffee "


def test_after_changes_the_answer() -> None:
    def shout(request: Request, response: Response) -> Response:
        return Response(response.get_data(as_text=True).upper() + request.path)

    with Loopback(echo) as server:
        server.after = shout
        assert httpx.get(f"{server.url}/a").text == "GET /A /a"


def test_dropping_before_closes_the_socket_and_the_handler_never_runs() -> None:
    seen: list[str] = []

    def note(request: Request) -> Response:
        seen.append(request.path)
        return Response()

    with Loopback(note) as server:
        server.before = drop
        with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
            httpx.get(server.url)
    assert seen == []


def test_dropping_after_loses_only_the_answer() -> None:
    seen: list[str] = []

    def note(request: Request) -> Response:
        seen.append(request.path)
        return Response()

    with Loopback(note) as server:
        server.after = drop
        with pytest.raises(httpx.RemoteProtocolError, match="without sending"):
            httpx.get(f"{server.url}/write")
    assert seen == ["/write"]


def test_a_broken_handler_is_a_500_that_shows_where_and_is_kept() -> None:
    def broken(_: Request) -> Response:
        raise KeyError("gone")

    with Loopback(broken) as server:
        answer = httpx.get(server.url)
    assert answer.status_code == 500
    assert "KeyError: 'gone'" in answer.text
    assert server.failures == [answer.text]


def ask(connection: http.client.HTTPConnection, path: str, body: bytes | Iterator[bytes] = b"") -> str:
    connection.request("POST", path, body)
    return connection.getresponse().read().decode()


def test_a_connection_carries_one_request_after_the_other() -> None:
    with Loopback(lambda request: Response(str(request.environ["REMOTE_PORT"]))) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        assert ask(client, "/a") == ask(client, "/b") == ask(client, "/c")
        client.close()


@pytest.mark.parametrize("body", [b"x" * 300_000, iter([b"GET / ", b"HTTP/1.1"])], ids=["length", "chunks"])
def test_a_body_that_nobody_reads_is_not_taken_for_the_next_request(body: bytes | Iterator[bytes]) -> None:
    with Loopback(lambda request: Response(request.path)) as server:
        client = http.client.HTTPConnection("127.0.0.1", server.port)
        assert (ask(client, "/a", body), ask(client, "/b", b"c")) == ("/a", "/b")
        client.close()


@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_of_unknown_length_ends_where_the_next_one_begins(status: int, method: str) -> None:
    with Loopback(lambda _: Response(iter(["one", "", "two"]), status)) as server, httpx.Client() as client:
        said = [client.request(method, server.url).text for _ in range(2)]
    assert said == (["onetwo"] * 2 if (status, method) == (200, "GET") else ["", ""])


def test_an_older_client_gets_the_answer_and_the_end_of_the_connection() -> None:
    with (
        Loopback(lambda _: Response(iter(["one", "two"]))) as server,
        socket.create_connection(("127.0.0.1", server.port)) as client,
        client.makefile("rb") as answer,
    ):
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        said = answer.read()
    assert said.partition(b"\r\n\r\n")[2] == b"onetwo"


def test_stop_hangs_up_on_a_client_that_keeps_its_connection() -> None:
    server = Loopback(echo).start()
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    assert ask(client, "/a") == "POST /a "
    server.stop()
    with pytest.raises(ConnectionError):
        ask(client, "/b")
    client.close()


def test_stop_hangs_up_on_a_client_that_sends_nothing() -> None:
    server = Loopback(echo).start()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        threading.Thread(target=server.stop).start()
        with contextlib.suppress(ConnectionResetError):  # hanging up on what was not read is a reset
            assert client.recv(1) == b""


def test_requests_are_served_side_by_side() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(_: Request) -> Response:
        return Response(str(both.wait()))

    with Loopback(meet) as server:
        answers: list[str] = []
        threads = [
            threading.Thread(target=lambda: answers.append(httpx.get(server.url).text)) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(answers) == ["0", "1"]


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with Loopback(echo) as server:
        httpx.get(server.url)
        with socket.create_connection(("127.0.0.1", server.port)) as client:
            client.sendall(b"nonsense\r\n\r\n")
            client.recv(1024)
    assert capfd.readouterr() == ("", "")
