"""Servers that answer with megabytes, control characters, depth or without an end: a clear error, in bounded time and memory."""

from __future__ import annotations

import itertools
import json
import resource
import time
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from release.config import Environment, load
from release.errors import ReleaseError
from release.model.deployment import Health
from release.model.record import Record, decode, encode
from release.model.unread import Unread
from release.rehearsal.loopback import Loopback
from release.systems.cloudflare.api import Cloudflare
from release.systems.github.releases import GitHub
from release.systems.web.http import Answer, Http, PassingError
from release.systems.web.pages import MOST_HEALTH, Web
from tests.faults.hostile import DEEP, SHELL, WILD, is_harmless, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from release.testing import Double

MEGABYTES = 1024  # in units of ru_maxrss, which is KiB


class Canned(Http):
    """Answers everything with the same bytes."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        super().__init__()
        self.canned = Answer(status, {}, body)

    def send(self, *_: object, **__: object) -> Answer:
        """The same answer."""
        return self.canned


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["success", "result", "errors"]), inner)
    ),
)
BODIES = (
    st.binary()
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.sampled_from([DEEP, b"", b"null", b"[]"])
)
ENVIRON = {"CLOUDFLARE_API_TOKEN": "t0ken-t0ken", "CLOUDFLARE_ACCOUNT_ID": "acc"}


@settings(max_examples=100)
@given(BODIES, st.sampled_from([200, 204, 302, 400, 401, 404]))
def test_cloudflare_is_understood_or_named(body: bytes, status: int) -> None:
    cloudflare = Cloudflare(Canned(body, status), ENVIRON)
    for ask in (cloudflare.live, cloudflare.versions, cloudflare.database):
        assert ended(lambda ask=ask: ask("name"))  # type: ignore[misc]  # mypy cannot infer it


@settings(max_examples=100)
@given(BODIES, st.sampled_from([200, 201, 302, 401, 404, 422]))
def test_github_is_understood_or_named(body: bytes, status: int) -> None:
    github = GitHub(Canned(body, status), {"GITHUB_TOKEN": "t0ken-t0ken"}, "acme/cms")
    assert github.takes_only_pull_requests("main") in {True, False}
    for act in (
        lambda: github.has_release("cms-v1.2.4"),
        lambda: github.create_release("cms-v1.2.4", "0" * 40, "cms 1.2.4", None, None),
        lambda: github.pull_request("release/x", "main", "title", "body"),
    ):
        assert ended(act)


@settings(max_examples=100)
@given(
    BODIES | JSON.map(lambda value: json.dumps({"version": value, "status": value, "commit": value}).encode())
)
def test_health_is_an_answer_whatever_it_says(body: bytes) -> None:
    environment = msgspec.convert({"wrangler": "production", "url": "https://cms.example.com"}, Environment)
    health = Web(Canned(body), {}).health(environment, "http://127.0.0.1")
    assert isinstance(health, Health)
    assert len(health.problem or "") < 1000


@settings(max_examples=100)
@given(BODIES | st.binary().map(lambda noise: encode(Record(environment="e", nonce="n"))[:-9] + noise))
def test_a_record_is_whole_or_refused(document: bytes) -> None:
    assert ended(lambda: decode(document)) == "well" or "record" in ended(lambda: decode(document))


def ended(act: Callable[[], object]) -> str:
    """How it ended: well, or with an error in words; anything else is a stack trace."""
    try:
        act()
    except ReleaseError as error:
        return error.what
    return "well"


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A server whose answers have no end."""
    with Loopback(lambda _: Response(itertools.repeat(b"x" * 65536))) as running:
        yield running


def test_an_endless_answer_is_cut_off_and_takes_no_memory(server: Loopback) -> None:
    http = Http()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert len(http.send("GET", server.url, most=MOST_HEALTH, cut=True).body) == MOST_HEALTH
    with pytest.raises(PassingError, match="its answer is larger than 256 KB"):
        http.send("GET", server.url, most=MOST_HEALTH)
    http.close()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * MEGABYTES


def test_an_answer_that_drips_for_ever_is_given_up(server: Loopback) -> None:
    def drip() -> Iterator[bytes]:
        while True:
            time.sleep(0.02)  # the server's, not the test's
            yield b"x"

    server.handle = lambda _: Response(drip())
    http = Http()
    with pytest.raises(PassingError, match="it did not answer in time"):
        http.send("GET", server.url, timeout=0.2)
    http.close()


BROKEN = {
    "megabytes": Response(b"x" * (3 << 20)),
    "depth": Response(DEEP, content_type="application/json"),
    "escapes": Response(
        json.dumps({"success": False, "errors": [{"code": 1, "message": WILD}], "message": WILD}), 403
    ),
    "types": Response('{"success": true, "result": {"deployments": "no"}, "errors": 7}'),
    "page": Response("<html>" + WILD, 502, content_type="text/html"),
}


@pytest.mark.parametrize("name", [name for name in BROKEN if name != "page"])
@pytest.mark.parametrize("system", ["cloud", "forge"])
def test_a_release_against_a_hostile_api_is_blocked_in_clear_words(
    name: str, system: str, double: Double
) -> None:
    answer = BROKEN[name]

    def hostile(_: Request) -> Response:
        return Response(answer.get_data(), answer.status_code, content_type=answer.content_type)

    getattr(double, system).before = hostile
    outcome, text = shown(double)
    assert outcome.exit_code == 4, text
    is_harmless(double, text)


HEALTH = {
    "escapes": {"status": "ok", "version": WILD, "commit": WILD},
    "shell": {"status": SHELL, "version": SHELL},
    "megabytes": {"status": "x" * (1 << 20), "version": "1" * (1 << 20)},
}


@pytest.mark.parametrize("name", HEALTH)
def test_a_hostile_health_answer_fails_the_smoke_check_in_clear_words(name: str, double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = lambda _, __: Response(
        json.dumps(HEALTH[name]), content_type="application/json"
    )
    outcome, text = shown(double)
    assert (outcome.exit_code, outcome.failure.step if outcome.failure else "") == (3, "smoke"), text
    assert len(text) < 100_000
    is_harmless(double, text, production_changed=True)


@pytest.mark.parametrize(
    "page", [b"<b>" * 200_000, b"<aside " + b"a='1' " * 200_000, WILD.encode() * 1000, b"\x00\xff" * 9999]
)
def test_a_hostile_dashboard_is_read_or_named(page: bytes, double: Double) -> None:
    badge = load(double.root).environment("production").badge
    assert badge is not None
    found = Web(Canned(page), {}).badge(badge, "http://127.0.0.1")
    assert isinstance(found, Unread)
