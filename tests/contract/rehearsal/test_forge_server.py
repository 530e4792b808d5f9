"""Tokens, limits, persistence, faults and the log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from werkzeug.wrappers import Response

from release.rehearsal.forge import DropConnection, Forge
from release.rehearsal.forge.store import load

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

    from tests.contract.conftest import Clone


@pytest.mark.parametrize(
    ("headers", "message"),
    [({}, "Requires authentication"), ({"Authorization": "Bearer wrong"}, "Bad credentials")],
)
def test_rest_without_the_right_token_is_401(forge: Forge, headers: dict[str, str], message: str) -> None:
    answer = httpx.get(f"{forge.api_url}/repos/acme/cms", headers=headers)
    assert (answer.status_code, answer.json()["message"]) == (401, message)


@pytest.mark.parametrize("scheme", ["Bearer t0ken", "token t0ken"])
def test_a_token_is_taken_in_both_of_github_s_forms(forge: Forge, scheme: str) -> None:
    assert httpx.get(f"{forge.api_url}/user", headers={"Authorization": scheme}).status_code == 200


def test_basic_auth_takes_any_user_with_the_token(forge: Forge) -> None:
    assert httpx.get(f"{forge.api_url}/user", auth=("anyone", "t0ken")).status_code == 200


@pytest.mark.parametrize("path", ["repos/acme/other", "repos/acme/cms/none"])
def test_what_the_forge_does_not_have_is_404(forge: Forge, path: str) -> None:
    answer = httpx.get(f"{forge.api_url}/{path}", auth=("x", "t0ken"))
    assert (answer.status_code, answer.json()["message"]) == (404, "Not Found")
    assert httpx.get(f"{forge.server_url}/{path}").status_code == 404


@pytest.mark.parametrize(
    ("content", "told"), [("{", "Problems parsing JSON"), ("[]", "Body should be a JSON object")]
)
def test_a_body_that_is_no_object_is_400(forge: Forge, content: str, told: str) -> None:
    forge.contract = False  # GitHub describes no 400 here
    answer = httpx.post(f"{forge.api_url}/repos/acme/cms/releases", content=content, auth=("x", "t0ken"))
    assert (answer.status_code, answer.json()["message"]) == (400, told)


@pytest.mark.parametrize(
    ("path", "field"),
    [("releases", "tag_name"), ("git/refs", "ref"), ("pulls", "head"), ("deployments", "ref")],
)
def test_a_missing_field_is_422_and_named(forge: Forge, path: str, field: str) -> None:
    answer = httpx.post(f"{forge.api_url}/repos/acme/cms/{path}", json={}, auth=("x", "t0ken"))
    assert answer.status_code == 422
    assert (answer.json()["errors"][0]["field"], answer.json()["errors"][0]["code"]) == (
        field,
        "missing_field",
    )


def test_every_answer_counts_down_the_rate_limit(forge: Forge, github: httpx.Client) -> None:
    first, second = (int(github.get("branches").headers["X-RateLimit-Remaining"]) for _ in range(2))
    assert second == first - 1
    rate = github.get(f"{forge.api_url}/rate_limit").json()["rate"]
    assert (rate["limit"], rate["remaining"]) == (5000, second)


def test_no_requests_left_is_403_with_the_time_to_wait(forge: Forge, github: httpx.Client) -> None:
    forge.rate_limit.remaining = 0
    answer = github.get("branches")
    assert answer.status_code == 403
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert int(answer.headers["Retry-After"]) > 0


def test_the_secondary_limit_is_429(forge: Forge, github: httpx.Client) -> None:
    forge.rate_limit.retry_after = 7
    answer = github.get("branches")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    forge.rate_limit.retry_after = None
    assert github.get("branches").status_code == 200


def test_state_and_refs_survive_a_restart(
    tmp_path: Path, forge: Forge, github: httpx.Client, clone: Clone
) -> None:
    github.post("releases", json={"tag_name": "v1"}).raise_for_status()
    forge.protect_environment("production", ["alice"])
    port = forge.port
    forge.stop()
    with Forge(tmp_path / "forge", "acme", "cms", "t0ken", port=port) as again:
        assert again.clone_url == forge.clone_url
        assert github.get("releases/tags/v1").json()["tag_name"] == "v1"
        assert github.get("environments/production").json()["name"] == "production"
        assert "refs/tags/v1" in clone.git("ls-remote", "origin")


def test_the_token_is_not_in_the_folder(tmp_path: Path, forge: Forge, github: httpx.Client) -> None:
    forge.protect_environment("production")
    github.get("branches").raise_for_status()
    files = [file for file in (tmp_path / "forge").rglob("*") if file.is_file()]
    assert all(b"t0ken" not in file.read_bytes() for file in files)


def test_a_state_that_was_never_written_is_empty(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json").releases == {}


def test_writes_are_logged_and_reads_are_not(forge: Forge, github: httpx.Client) -> None:
    github.get("branches")
    github.post("releases", json={"tag_name": "v1", "target_commitish": "none"})
    (write,) = forge.log
    assert (write.method, write.path, write.status) == ("POST", "/repos/acme/cms/releases", 422)
    assert '"tag_name":"v1"' in write.summary


def test_before_fakes_an_answer_and_nothing_is_written(forge: Forge, github: httpx.Client) -> None:
    forge.before = lambda request: Response("<html>bad gateway", 502) if request.method == "POST" else None
    assert github.post("releases", json={"tag_name": "v1"}).status_code == 502
    assert forge.log == []
    assert github.get("releases").json() == []


@pytest.mark.usefixtures("clone")
def test_a_release_whose_answer_is_dropped_exists(forge: Forge, github: httpx.Client) -> None:
    def lose(request: Request, response: Response) -> Response:
        if request.method == "POST":
            raise DropConnection
        return response

    forge.after = lose
    with pytest.raises(httpx.RemoteProtocolError):
        github.post("releases", json={"tag_name": "v1"})
    assert github.get("releases/tags/v1").json()["tag_name"] == "v1"
    assert forge.before is None
    assert forge.after is lose
