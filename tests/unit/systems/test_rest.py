"""GitHub's API as a client meets it: pages, limits, permissions, and answers that make no sense."""

from __future__ import annotations

import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Response

from release.errors import CannotReadError, EffectError
from release.rehearsal.forge.transport import ContractTransport
from release.systems.github.permissions import needed
from release.systems.github.rest import Rest
from release.systems.web.http import Http
from release.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request

    from release.testing import Double


class Named(msgspec.Struct, frozen=True):
    name: str


class Numbered(msgspec.Struct, frozen=True):
    id: int = 0


@pytest.fixture
def rest(double: Double) -> Iterator[Rest]:
    """The double's repository, with GitHub's description between us and it, and a clock that passes no time."""
    http = Http(attempts=1, transport=ContractTransport(httpx.HTTPTransport(verify=False)))
    client = Rest(http, double.environ, "acme/cms")
    client.clock = double.clock
    yield client
    http.close()


def answering(*answers: httpx.Response, token: str = "t0ken") -> tuple[Rest, FakeClock, list[str]]:
    """A client that gets these answers, the last for ever; its clock, and what it says."""
    left = list(answers)
    transport = httpx.MockTransport(lambda _: left.pop(0) if len(left) > 1 else left[0])
    rest = Rest(Http(attempts=1, transport=transport), {"GITHUB_TOKEN": token} if token else {}, "acme/cms")
    clock, said = FakeClock(), list[str]()
    rest.clock, rest.say = clock, said.append
    return rest, clock, said


def answer(status: int, message: str = "no", **headers: str) -> httpx.Response:
    spelt = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json={"message": message, "name": "main"}, headers=spelt)


def test_a_list_is_read_beyond_its_first_page(double: Double, rest: Rest) -> None:
    tip = double.git("rev-parse", "main")
    for number in range(230):
        double.forge.add_check_run(tip, f"check {number}")
    found = rest.pages(f"/commits/{tip}/check-runs", Named, "read checks", key="check_runs")
    assert {one.name for one in found} - {"required"} == {f"check {number}" for number in range(230)}
    some = rest.pages(f"/commits/{tip}/check-runs", Named, "read checks", key="check_runs", most=130)
    assert len(some) == 130


def test_a_list_without_a_key_is_read_beyond_its_first_page_too(double: Double, rest: Rest) -> None:
    for number in range(120):
        double.git("branch", f"branch-{number}", "main", cwd=double.forge.repository)
    assert len(rest.pages("/branches", Named, "read branches")) == 121


def test_a_list_without_an_end_is_given_up() -> None:
    link = '<https://api.github.com/repositories/1/branches?page=2>; rel="next"'
    rest, _, _ = answering(httpx.Response(200, json=[], headers={"link": link}))
    with pytest.raises(CannotReadError, match="more than 5000 entries"):
        rest.pages("/branches", Named, "read its branches")


def test_the_token_follows_no_link_to_another_server() -> None:
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        link = '<https://evil.example.com/branches?page=2>; rel="next"'
        return httpx.Response(200, json=[], headers={"link": link})

    rest = Rest(Http(transport=httpx.MockTransport(serve)), {"GITHUB_TOKEN": "t"}, "acme/cms")
    with pytest.raises(CannotReadError, match="not its own"):
        rest.pages("/branches", Named, "read its branches")
    assert asked == ["api.github.com"]


def test_a_secondary_limit_is_waited_for_as_told(double: Double, rest: Rest) -> None:
    said: list[str] = []
    rest.say = said.append
    double.forge.rate_limit.retry_after = 42

    def lifted(seconds: float) -> None:
        double.forge.rate_limit.retry_after = None

    double.clock.on_sleep = lifted
    assert rest.read("/branches/main", Named, "read it").name == "main"
    assert double.clock.slept == [42.0]
    (line,) = said
    assert line.startswith("GitHub's rate limit: waiting 42 s, as it asks, until ")
    assert line.endswith("; Ctrl-C stops, and another GITHUB_TOKEN has a limit of its own")


def test_a_write_that_a_limit_refused_is_made_after_the_wait(double: Double, rest: Rest) -> None:
    double.forge.rate_limit.retry_after = 7
    double.clock.on_sleep = lambda _: setattr(double.forge.rate_limit, "retry_after", None)
    body = {"state": "success", "context": "ci"}
    assert rest.write("POST", f"/statuses/{double.git('rev-parse', 'main')}", Numbered, "set it", body).id
    assert len([w for w in double.forge.log if w.status == 201]) == 1


def test_the_hourly_limit_is_waited_for_by_github_s_own_clock() -> None:
    date = "Mon, 23 Nov 2026 14:00:00 GMT"
    reset = str(1795442400 + 90)
    used_up = answer(
        403, "API rate limit exceeded", x_ratelimit_remaining="0", x_ratelimit_reset=reset, date=date
    )
    rest, clock, _ = answering(used_up, answer(200))
    rest.read("/branches/main", Named, "read it")
    assert clock.slept == [91.0]


def test_a_limit_without_a_time_is_waited_for_a_minute() -> None:
    rest, clock, _ = answering(
        answer(403, "You have exceeded a secondary rate limit"), answer(429), answer(200)
    )
    rest.read("/branches/main", Named, "read it")
    assert clock.slept == [60.0, 60.0]


def test_a_limit_that_lasts_too_long_is_told_instead_of_waited_for(double: Double, rest: Rest) -> None:
    double.forge.rate_limit.remaining = 0
    double.forge.rate_limit.reset_at = int(time.time()) + 3000
    with pytest.raises(CannotReadError, match=r"rate limit is used up .* wait 50 min") as raised:
        rest.read("/branches/main", Named, "read it")
    assert "another token" in raised.value.advice
    assert double.clock.slept == []


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/releases/tags/x", "Contents: read"),
        ("POST", "/releases/generate-notes", "Contents: write"),
        ("GET", "/actions/runs/5/approvals", "Actions: read"),
        ("POST", "/actions/runs/5/pending_deployments", "Deployments: write"),
        ("POST", "/actions/workflows/a.yml/dispatches", "Actions: write"),
        ("GET", "/commits/abc/check-runs", "Checks: read"),
        ("GET", "/commits/abc/status", "Commit statuses: read"),
        ("GET", "/commits/abc/pulls", "Pull requests: read"),
        ("PUT", "/pulls/1/merge", "Pull requests: write"),
        ("GET", "/branches/main/protection", "Administration: read"),
        ("GET", "/branches/main", "Contents: read"),
        ("GET", "/environments/production/secrets", "Environments: read"),
        ("GET", "/rulesets", "Metadata: read"),
    ],
)
def test_the_permission_of_a_request_is_known(method: str, path: str, permission: str) -> None:
    assert needed(method, path) == permission


def test_github_s_own_word_on_the_permission_counts_more() -> None:
    named = "pull_requests=write,contents=write; administration=read"
    assert needed("GET", "/x", named) == "Pull requests: write and Contents: write or Administration: read"


def test_a_token_without_a_permission_is_told_which_one(double: Double, rest: Rest) -> None:
    double.forge.permissions[double.forge.token] = {"contents": "read"}
    with pytest.raises(EffectError, match="does not let this token make a Release in acme/cms") as raised:
        rest.write("POST", "/releases", Numbered, "make a Release", {"tag_name": "t"})
    assert "lacks the permission Contents: write on acme/cms" in raised.value.advice
    with pytest.raises(CannotReadError) as read:
        rest.read("/environments/production", Named, "read its environments")
    assert "Actions: read" in read.value.advice


def test_no_token_is_told_with_the_permission_that_one_needs() -> None:
    rest, _, _ = answering(answer(401, "Requires authentication"), token="")
    with pytest.raises(CannotReadError, match="There is no GITHUB_TOKEN") as raised:
        rest.find("/releases/tags/x", Named, "read its Releases")
    assert raised.value.advice == "Set GITHUB_TOKEN to a token with Contents: read on acme/cms."


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, "refused the token in GITHUB_TOKEN: no (401)"),
        (404, "finds nothing to read its branches in acme/cms: no (404)"),
        (301, "answered 301: no"),
        (422, "answered 422: no"),
    ],
)
def test_each_refusal_is_told_with_what_to_do(status: int, told: str) -> None:
    rest, _, _ = answering(answer(status))
    with pytest.raises(CannotReadError) as raised:
        rest.read("/branches/main", Named, "read its branches")
    assert told in raised.value.what
    assert status == 422 or raised.value.advice


def test_what_is_wrong_with_a_field_is_told(double: Double) -> None:
    double.forge.strict = False  # the request is wrong on purpose
    with (
        closing(Http()) as http,
        pytest.raises(EffectError, match=r"422: Validation Failed: .*state") as raised,
    ):
        Rest(http, double.environ, "acme/cms").write(
            "POST", f"/statuses/{double.git('rev-parse', 'main')}", Numbered, "set it", {"state": "odd"}
        )
    assert raised.value.exit_code == 1


def test_what_does_not_exist_is_found_to_be_so(rest: Rest) -> None:
    assert rest.find("/releases/tags/none", Named, "read its Releases") is None


def test_a_read_is_tried_again_and_a_write_is_not(double: Double) -> None:
    asked: list[str] = []

    def broken(request: Request) -> Response | None:
        asked.append(request.method)
        return Response("{}", 502) if len(asked) in {1, 3} else None

    double.forge.before = broken
    with closing(Http()) as http:
        rest = Rest(http, double.environ, "acme/cms")
        assert rest.read("/branches/main", Named, "read it").name == "main"
        with pytest.raises(EffectError, match="answered 502"):
            rest.write("POST", "/git/refs", Numbered, "make it", {"ref": "refs/heads/x", "sha": "0" * 40})
    assert asked == ["GET", "GET", "POST"]


@given(st.binary(max_size=20) | st.sampled_from([b"[]", b"{}", b'{"name": 1}', b'[{"name": "a"}]']))
def test_any_answer_is_understood_or_told(body: bytes) -> None:
    rest, _, _ = answering(httpx.Response(200, content=body))
    asked: list[Callable[[], Any]] = [
        lambda: rest.read("/x", Named, "read it"),
        lambda: rest.pages("/x", Named, "read it"),
        lambda: rest.pages("/x", Named, "read it", key="items"),
    ]
    for ask in asked:
        with suppress(CannotReadError):
            ask()
