"""What the environment itself answers, and the smoke check over it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.config import Badge, Environment, Health
from release.model.deployment import Health as Answered
from release.model.effects import WatchHealth
from release.model.health import unlike
from release.model.release import Release
from release.model.unread import Unread
from release.rehearsal.cloud.memory_runtime import well_behaved
from release.run.effects.smoke import watch
from release.systems.web.http import Http
from release.systems.web.pages import Web

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.systems.ops import Ops
    from release.testing import Double

URL = "http://127.0.0.1"
PLACE = Environment(wrangler="production", url=URL)
GOOD = {"status": "ok", "version": "1.2.4", "commit": "c" * 40}
UNTOLD = "/api/health names no version (if it never does, set health.version = false)"
RELEASE = Release("cms", "production", "b" * 40, "1.2.3", "cms-v1.2.3", "1.2.4", "cms-v1.2.4", "c" * 40)


def asking(answer: Callable[[httpx.Request], httpx.Response], **environ: str) -> Web:
    """A web whose every answer is this one."""
    return Web(Http(transport=httpx.MockTransport(answer)), environ)


def health(text: str, status: int = 200, fields: Health | None = None) -> Answered:
    """What is made of a health route's answer."""
    place = Environment(wrangler="production", url=URL, health=fields or Health())
    return asking(lambda _: httpx.Response(status, text=text)).health(place, URL)


@pytest.mark.parametrize(
    ("text", "status", "problem"),
    [
        (json.dumps(GOOD), 200, None),
        (json.dumps({**GOOD, "status": "starting"}), 200, "/api/health says status 'starting', not 'ok'"),
        ('{"status": "ok"}', 200, UNTOLD),
        ('{"status": "ok", "version": 4}', 200, UNTOLD),
        (
            json.dumps({**GOOD, "error": "no such column: slug"}),
            500,
            "/api/health answered 500 (no such column: slug)",
        ),
        ("{}", 404, "/api/health answered 404"),
        ("<html>", 200, "/api/health answered 200 with something that is not JSON"),
        ("[]", 200, "/api/health says status None, not 'ok'"),
    ],
)
def test_a_health_answer_is_good_or_says_why_not(text: str, status: int, problem: str | None) -> None:
    assert health(text, status).problem == problem


def test_health_fields_may_lie_deeper() -> None:
    fields = Health(status="state.now", ok="green", version="build.version", commit="build.sha")
    found = health('{"state": {"now": "green"}, "build": {"version": "1.2.4", "sha": "abc"}}', fields=fields)
    assert found == Answered("1.2.4", "abc", None)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_health_answer_is_understood_or_told(body: Any) -> None:  # noqa: ANN401
    assert health(json.dumps(body)).problem


def test_escape_sequences_of_a_health_answer_are_taken_out_and_long_ones_cut() -> None:
    found = health(json.dumps({**GOOD, "version": "1.2\x1b[31m.4", "commit": "c" * 5000}))
    assert (found.version, len(found.commit or "")) == ("1.2.4", 200)


def test_no_answer_is_a_problem_of_health() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert asking(refuse).health(PLACE, URL).problem == "no answer from /api/health: no connection"


@pytest.mark.parametrize(
    ("page", "badge", "shown"),
    [
        ('<b class="v" data-version="1.2.4">x</b>', Badge(selector=".v", attribute="data-version"), "1.2.4"),
        ("<b class=v> v1.2.4\n</b>", Badge(selector=".v"), "1.2.4"),
        ("<b class=v>1.2.4</b><b class=v>9</b>", Badge(selector="b.v"), "1.2.4"),
        ("<b class=v>1.2.4", Badge(selector=".v"), "1.2.4"),
    ],
)
def test_the_badge_s_version_is_read(page: str, badge: Badge, shown: str) -> None:
    assert asking(lambda _: httpx.Response(200, text=page)).badge(badge, URL) == shown


@pytest.mark.parametrize(
    ("status", "page", "because"),
    [(200, "<b>1.2.4</b>", "/ has no .v"), (403, "", "/ answered 403"), (302, "", "302")],
)
def test_a_badge_that_cannot_be_read_says_why(status: int, page: str, because: str) -> None:
    found = asking(lambda _: httpx.Response(status, text=page)).badge(Badge(selector=".v"), URL)
    assert isinstance(found, Unread)
    assert because in found.because


def test_a_dashboard_that_does_not_load_says_so() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    found = asking(refuse).badge(Badge(selector=".v"), URL)
    assert isinstance(found, Unread)
    assert "/ did not load: it did not answer in time" in found.because


def test_a_cookie_and_a_header_come_from_the_environment() -> None:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, text="<b class=v>1</b>")

    badge = Badge(selector=".v", cookie_from="SESSION", header_from="ACCESS")
    asking(answer, SESSION="a=b", ACCESS="CF-Access-Client-Id: id:1").badge(badge, URL)
    asking(answer).badge(badge, URL)
    assert (seen[0]["cookie"], seen[0]["cf-access-client-id"]) == ("a=b", "id:1")
    assert "cookie" not in seen[1]


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (Answered("1.2.4", None, None), None),
        (Answered("1.2.4", "c" * 7, None), None),
        (Answered("1.2.4", "C" * 40, None), None),
        (Answered("1.2.4", "c" * 6, None), "health says commit cccccc, not ccccccc"),
        (Answered("1.2.4", "d" * 40, None), "health says commit ddddddd, not ccccccc"),
        (Answered("1.2.3", None, None), "health says version 1.2.3, not 1.2.4"),
        (Answered("1.2.4", None, "it is ill"), "it is ill"),
    ],
)
def test_a_health_answer_is_this_release_s_or_is_not(found: Answered, fault: str | None) -> None:
    assert unlike(found, RELEASE) == fault


def watched(world: Double, ops: Ops, *, left_version: bool = False) -> tuple[bool, str]:
    """A smoke check of what production serves, 1.2.3."""
    commit = world.git("rev-parse", "cms-v1.2.3^{commit}", cwd=world.forge.repository)
    release = replace(RELEASE, version="1.2.3", tag="cms-v1.2.3", commit=commit)
    smoke, _ = watch(ops, WatchHealth(release, left_version=left_version), lambda _: None)
    return smoke.healthy, smoke.detail


def test_three_good_answers_in_a_row_are_healthy(double: Double) -> None:
    with double.ops() as ops:
        assert watched(double, ops) == (True, "1.2.3 answered 3 times in a row")
    assert double.clock.slept == [1.0, 1.0]


def test_a_bad_answer_in_between_starts_the_row_again(double: Double) -> None:
    from werkzeug.wrappers import Response

    answers = iter([True, True, False, True, True, True])

    def flaky(loaded: LoadedVersion, request: Request) -> Response:
        return well_behaved(loaded, request) if next(answers) else Response("", 503)

    double.runtime.behaviour[double.script("cms")] = flaky
    with double.ops() as ops:
        assert watched(double, ops)[0]
    assert len(double.clock.slept) == 5


def test_a_release_that_stays_ill_is_given_up_at_the_deadline(double: Double) -> None:
    from werkzeug.wrappers import Response

    double.runtime.behaviour[double.script("cms")] = lambda *_: Response('{"error": "no such table"}', 500)
    with double.ops() as ops:
        healthy, detail = watched(double, ops)
    assert (healthy, detail) == (False, "/api/health answered 500 (no such table), for 90 s")
    assert sum(double.clock.slept) == 90


def test_a_version_that_was_live_before_counts_only_once_it_must_have_spread(double: Double) -> None:
    from werkzeug.wrappers import Response

    body = json.dumps({"status": "ok", "version": "1.2.3"})
    double.runtime.behaviour[double.script("cms")] = lambda *_: Response(
        body, content_type="application/json"
    )
    with double.ops() as ops:
        assert watched(double, ops, left_version=True)[0]
    assert sum(double.clock.slept) == 62


def test_another_deployment_during_the_check_is_told(double: Double) -> None:
    def other(loaded: LoadedVersion, request: Request) -> Response:
        double.runtime.behaviour.clear()
        with double.ops() as ops:
            ops.http.send(
                "PUT",
                f"{double.cloud.base_url}/accounts/acc0/workers/scripts/{double.script('mcp')}/secrets",
                headers={"authorization": f"Bearer {double.cloud.token}"},
                json={"name": "A", "text": "b", "type": "secret_text"},
            )
        return well_behaved(loaded, request)

    double.runtime.behaviour[double.script("cms")] = other
    with double.ops() as ops:
        healthy, detail = watched(double, ops)
    assert (healthy, detail) == (False, "Cloudflare does not serve mcp of cms-v1.2.3 to everybody")


def test_what_cloudflare_does_not_serve_is_not_even_asked(double: Double) -> None:
    with double.ops() as ops:
        smoke, _ = watch(ops, WatchHealth(RELEASE, left_version=False), lambda _: None)
    assert not smoke.healthy
    assert double.clock.slept == []


def test_a_cloudflare_that_cannot_be_read_ends_the_check(double: Double) -> None:
    from werkzeug.wrappers import Response

    double.cloud.before = lambda _: Response("<html>", 500)
    with double.ops() as ops:
        healthy, detail = watched(double, ops)
    assert not healthy
    assert "Cloudflare's API cannot be read" in detail
