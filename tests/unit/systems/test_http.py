"""The HTTP client against a real server on loopback: what is tried again, what is bounded, what is told."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
import time
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
import stamina
from werkzeug.wrappers import Response

from release.errors import CannotReadError
from release.rehearsal.loopback import DropConnection, Loopback
from release.systems.web.http import Answer, Http, PassingError, asked_to_wait
from tests.dripping import Dripping

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

    answer = http.send("GET", serve(endless), most=5000, cut=True)
    assert answer.body == b"x" * 5000


def test_an_endless_body_that_is_needed_whole_is_an_error_and_not_asked_for_again(
    http: Http, serve: Serve
) -> None:
    handle, asked = answering(*(Response(b"x" * 20_000_000, 200) for _ in range(2)))
    with pytest.raises(PassingError, match="its answer is larger than 16384 KB"):
        http.read(serve(handle))
    assert len(asked) == 1


def packed(*parts: bytes, encoding: str = "gzip") -> Response:
    """An answer that consists of these parts, each packed for itself."""
    return Response(b"".join(map(gzip.compress, parts)), 200, {"Content-Encoding": encoding})


@pytest.mark.parametrize("parts", [(b"{}",), (b"", b"a" * 300_000), (b"x" * 65_536, b"y"), (b"",)])
def test_a_packed_body_is_unpacked_whole(http: Http, serve: Serve, parts: tuple[bytes, ...]) -> None:
    assert http.read(serve(answering(packed(*parts))[0])).body == b"".join(parts)


@pytest.mark.parametrize("encoding", ["gzip, gzip", "br", "deflate", "zstd"])
def test_an_encoding_that_was_not_asked_for_is_named(http: Http, serve: Serve, encoding: str) -> None:
    with pytest.raises(PassingError, match=f"the encoding '{encoding}', which was not asked for"):
        http.send("GET", serve(answering(packed(b"{}", encoding=encoding))[0]))


def test_a_body_that_unpacks_to_a_gigabyte_costs_its_bound(serve: Serve) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    first, more = (packer.compress(bytes(2**24)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    bomb = first + 63 * more  # after a full flush nothing refers to what was before
    assert len(zlib.decompressobj(31).decompress(first + more)) == 2**25
    url = serve(answering(Response(bomb, 200, {"Content-Encoding": "gzip"}))[0])
    code = (
        "import re, sys\nfrom release.systems.web.http import Http\nhttp = Http()\n"
        "try:\n    http.read(sys.argv[1])\nexcept Exception as error:\n    print(error)\n"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True, timeout=120
    )
    said, megabytes = done.stdout.splitlines()
    assert said == "its answer is larger than 16384 KB"
    assert int(megabytes) < 200


@pytest.mark.parametrize("asked", ["3600", "600", "99999999999999999999"])
def test_a_wait_that_is_longer_than_anybody_has_is_told_instead_of_waited_for(
    serve: Serve, asked: str
) -> None:
    handle, requests = answering(Response("", 429, {"Retry-After": asked}))
    client = Http()
    with pytest.raises(PassingError, match=r"it answered 429 and asks to wait \d+ min"):
        client.read(serve(handle))
    client.close()
    assert len(requests) == 1


def test_a_wait_may_be_asked_for_by_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert 80 < (asked_to_wait(Answer(429, {"retry-after": soon}, b"")) or 0) <= 90
    assert asked_to_wait(Answer(429, {"retry-after": "\u00b2"}, b"")) is None


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\n\r\n", b""])
def test_a_server_that_sends_a_byte_now_and_then_is_left_in_time(http: Http, start: bytes) -> None:
    with Dripping(start) as server, pytest.raises(PassingError, match="it did not answer in time"):
        http.send("GET", server.url, whole=0.3)


def test_who_waits_is_told_for_what_and_until_when(http: Http, capsys: pytest.CaptureFixture[str]) -> None:
    with Dripping() as server:
        http.know(server.url, "the moon", "Ctrl-C stops")
        for _ in range(2):
            with pytest.raises(PassingError):
                http.send("GET", server.url, whole=0.3, since=time.monotonic() - 5)
    said = capsys.readouterr().err
    assert re.fullmatch(r"waiting for the moon until \d\d:\d\d:\d\d at most; Ctrl-C stops\n", said)


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
