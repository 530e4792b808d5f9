"""The GitHub client: each of its requests is one that GitHub's own description takes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import EffectError, ReleaseError
from release.rehearsal.forge.transport import ContractTransport
from release.systems.github.releases import GitHub, repository_of
from release.systems.web.http import Http
from tests.unit.systems.test_cloudflare import ANY_JSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from release.testing import Double


@pytest.fixture
def github(double: Double) -> Iterator[GitHub]:
    """The double's repository, with GitHub's description between us and it."""
    http = Http(attempts=1, transport=ContractTransport(httpx.HTTPTransport(verify=False)))
    yield GitHub(http, double.environ, "acme/cms")
    http.close()


def answering(status: int, text: str) -> GitHub:
    """A client whose every request gets this answer."""
    transport = httpx.MockTransport(lambda _: httpx.Response(status, text=text))
    return GitHub(Http(attempts=1, transport=transport), {"GITHUB_TOKEN": "t0ken"}, "acme/cms")


def tip(double: Double) -> str:
    """The commit of main."""
    return double.git("rev-parse", "main", cwd=double.forge.repository)


def test_a_release_is_made_with_notes_since_the_previous_tag(double: Double, github: GitHub) -> None:
    double.git("tag", "cms-v1.2.4", "main", cwd=double.forge.repository)
    assert not github.has_release("cms-v1.2.4")
    github.create_release("cms-v1.2.4", tip(double), "cms 1.2.4", "cms-v1.2.3", None)
    assert github.has_release("cms-v1.2.4")
    with double.ops() as ops:
        path = f"{double.forge.api_url}/repos/acme/cms/releases/tags/cms-v1.2.4"
        made = ops.http.send("GET", path, headers={"authorization": f"Bearer {double.forge.token}"}).json()
    assert (made["name"], made["draft"], made["prerelease"]) == ("cms 1.2.4", False, False)
    assert "compare/cms-v1.2.3...cms-v1.2.4" in made["body"]


@pytest.mark.parametrize(("previous", "notes"), [(None, None), ("cms-v1.2.3", "by hand"), (None, "")])
def test_a_first_release_and_own_notes_are_taken_too(
    double: Double, github: GitHub, previous: str | None, notes: str | None
) -> None:
    double.git("tag", "cms-v1.2.4", "main", cwd=double.forge.repository)
    github.create_release("cms-v1.2.4", tip(double), "cms 1.2.4", previous, notes)
    assert github.has_release("cms-v1.2.4")


def test_a_release_that_is_there_already_is_not_made_twice(double: Double, github: GitHub) -> None:
    double.git("tag", "cms-v1.2.4", "main", cwd=double.forge.repository)
    github.create_release("cms-v1.2.4", tip(double), "t", None, "n")
    with pytest.raises(EffectError, match="GitHub did not create the Release: GitHub answered 422"):
        github.create_release("cms-v1.2.4", tip(double), "t", None, "n")


def test_a_branch_whose_rules_ask_for_pull_requests_is_known(double: Double, github: GitHub) -> None:
    assert not github.takes_only_pull_requests("main")
    double.forge.add_ruleset("protect", ["main"], [{"type": "pull_request"}])
    assert github.takes_only_pull_requests("main")


def test_a_pull_request_is_opened_once(double: Double, github: GitHub) -> None:
    double.git("branch", "release/cms-v1.2.4", "main", cwd=double.forge.repository)
    double.merge({"readme": "x"})
    double.git("update-ref", "refs/heads/release/cms-v1.2.4", "main", cwd=double.forge.repository)
    double.git("update-ref", "refs/heads/main", "main~1", cwd=double.forge.repository)
    urls = {github.pull_request("release/cms-v1.2.4", "main", "chore: 1.2.4", "body") for _ in range(2)}
    assert len(urls) == 1
    assert urls.pop().endswith("/pull/1")


@given(ANY_JSON, st.sampled_from([200, 201, 302, 400, 401, 404, 409, 422]))
def test_any_answer_is_understood_or_told(body: Any, status: int) -> None:  # noqa: ANN401
    client = answering(status, json.dumps(body))
    asked: tuple[Callable[[], object], ...] = (
        lambda: client.has_release("t"),
        lambda: client.create_release("t", "c", "t", None, None),
        lambda: client.takes_only_pull_requests("main"),
        lambda: client.pull_request("h", "main", "t", "b"),
    )
    for ask in asked:
        with suppress(ReleaseError):
            ask()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/cms.git", "acme/cms"),
        ("https://github.com/acme/cms", "acme/cms"),
        ("https://github.com/acme/cms/", "acme/cms"),
        ("git@github.com:acme/cms.git", "acme/cms"),
        ("ssh://git@github.com:22/acme/cms.js.git", "acme/cms.js"),
        ("cms", None),
        ("", None),
    ],
)
def test_the_repository_is_found_in_the_remote_s_address(url: str, name: str | None) -> None:
    assert repository_of(url) == name
