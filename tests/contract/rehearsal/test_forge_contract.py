"""The slice of GitHub's description, and how it judges requests and answers."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.rehearsal.forge import ContractViolation, routes
from release.rehearsal.forge.contract import Contract, github
from release.rehearsal.forge.transport import ContractTransport
from tools import github_slice as slicing

if TYPE_CHECKING:
    from pathlib import Path

REPO = "/repos/acme/cms"
BASE = "http://127.0.0.1:1/api/v3"


def answered(status: int = 200, answer: dict[str, Any] | None = None) -> httpx.Client:
    """A client whose server always answers the same."""
    inner = httpx.MockTransport(lambda _: httpx.Response(status, **(answer or {})))
    return httpx.Client(base_url=BASE, transport=ContractTransport(inner))


def test_the_slice_is_small_and_says_where_it_is_from() -> None:
    folder = files("release.rehearsal.forge")
    assert len(folder.joinpath("github-slice.json").read_bytes()) <= 200_000
    notice = folder.joinpath("NOTICE.md").read_text("utf-8")
    assert "@octokit/openapi" in notice
    assert "MIT" in notice
    assert github().document["info"]["version"] in notice


def test_the_forge_serves_exactly_the_operations_of_the_slice() -> None:
    described = {(m.upper(), path) for path, item in github().document["paths"].items() for m in item}
    assert set(routes.ROUTES) | {("GET", "/rate_limit")} == described


def test_everything_that_the_slice_refers_to_is_in_it() -> None:
    document = github().document
    references = list(slicing._references(document))
    assert references
    assert all(name in document["components"][kind] for kind, name in references)


def test_cutting_keeps_names_and_drops_prose() -> None:
    thing = {
        "type": "object",
        "description": "prose",
        "properties": {
            "description": {"type": "string", "example": "x"},
            "next": {"$ref": "#/components/schemas/b"},
        },
    }
    answer = {
        "description": "ok",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/a"}}},
    }
    operation = {"summary": "s", "parameters": [], "responses": {"200": answer}, "x-github": {}}
    document = {
        "openapi": "3.0.3",
        "info": {"version": "1"},
        "paths": {path: dict.fromkeys(methods, operation) for path, methods in slicing.OPERATIONS.items()},
        "components": {"schemas": {"a": thing, "b": {"type": "null", "title": "B"}, "unused": {}}},
    }
    cut = slicing.cut(document)
    assert cut["components"]["schemas"] == {
        "a": {
            "type": "object",
            "properties": {"description": {"type": "string"}, "next": {"$ref": "#/components/schemas/b"}},
        },
        "b": {"type": "null"},
    }
    assert set(cut["paths"]["/user"]["get"]) == {"parameters", "responses"}
    assert json.loads(slicing.dump(cut)) == cut


def test_the_command_writes_slice_and_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "package"
    (package / "generated").mkdir(parents=True)
    (package / "package.json").write_text('{"version": "23.0.2"}', "utf-8")
    (package / "LICENSE").write_text("MIT License\n", "utf-8")
    source = package / "generated" / "api.github.com.json"
    document = github().document
    source.write_text(json.dumps(document), "utf-8")
    monkeypatch.setattr(slicing, "__file__", str(tmp_path / "slice.py"))
    assert slicing.main([str(source)]) == 0
    assert json.loads((tmp_path / "github-slice.json").read_text("utf-8")) == document
    assert slicing.main([]) == 2


@pytest.mark.parametrize(
    ("method", "path", "where", "what"),
    [
        ("GET", "/repos/acme/cms/relases", "path", "no such path"),
        ("DELETE", f"{REPO}/releases", "path", "takes only GET, POST"),
        ("GET", f"{REPO}/releases?perpage=3", "query", "unknown parameter 'perpage'"),
        ("GET", f"{REPO}/releases?per_page=many", "query per_page", "is not of type 'integer'"),
        ("GET", f"{REPO}/releases/v1", "path release_id", "is not of type 'integer'"),
        ("GET", f"{REPO}/pulls?state=merged", "query state", "is not one of"),
    ],
)
def test_a_request_that_github_has_no_answer_for(method: str, path: str, where: str, what: str) -> None:
    with answered() as client, pytest.raises(ContractViolation, match=what) as raised:
        client.request(method, path)
    assert raised.value.where == where


@pytest.mark.parametrize(
    ("method", "path", "body", "what"),
    [
        ("POST", "releases", {"tag": "v1"}, "tag_name"),
        ("POST", "releases", {"tag_name": "v1", "make_latest": True}, "True is not one of"),
        ("POST", "releases", {"tag_name": "v1", "prelease": True}, "'prelease' was unexpected"),
        ("POST", "releases", [], "not of type 'object'"),
        (
            "POST",
            "git/tags",
            {"tag": "v", "message": "m", "object": "o", "type": "commit", "tagger": {"who": 1}},
            "name",
        ),
        ("PUT", "pulls/1/merge", {"method": "squash"}, "'method' was unexpected"),
        ("GET", "releases", {"page": 1}, "takes none"),
    ],
)
def test_a_body_that_github_would_not_take(method: str, path: str, body: object, what: str) -> None:
    with answered() as client, pytest.raises(ContractViolation, match=what):
        client.request(method, f"{REPO}/{path}", json=body)


def test_a_body_that_is_missing_or_no_json() -> None:
    with answered() as client:
        with pytest.raises(ContractViolation, match="missing"):
            client.post(f"{REPO}/releases")
        with pytest.raises(ContractViolation, match="not JSON"):
            client.post(f"{REPO}/releases", content="{")


def test_a_refused_request_is_never_sent() -> None:
    def sent(_: httpx.Request) -> httpx.Response:
        raise AssertionError

    transport = ContractTransport(httpx.MockTransport(sent))
    with httpx.Client(base_url=BASE, transport=transport) as client, pytest.raises(ContractViolation):
        client.post(f"{REPO}/releases", json={})


@pytest.mark.parametrize(
    ("status", "answer", "what"),
    [
        (200, {"json": {"ref": "refs/heads/main"}}, "is a required property"),
        (200, {"html": "<html>"}, "is text/html, not"),
        (200, {"content": "{", "headers": {"Content-Type": "application/json"}}, "not JSON"),
        (302, {}, "status 302 is not described"),
        (404, {"json": {}}, "an error without a message"),
        (401, {"json": {"message": 1}}, "is not of type 'string'"),
    ],
)
def test_an_answer_that_github_would_not_give(status: int, answer: dict[str, Any], what: str) -> None:
    with answered(status, answer) as client, pytest.raises(ContractViolation, match=what):
        client.get(f"{REPO}/git/ref/heads%2Fmain")


def test_a_204_with_a_body_is_no_answer_of_github() -> None:
    with answered(204, {"json": {}}) as client, pytest.raises(ContractViolation, match="has a body"):
        client.delete(f"{REPO}/releases/1")


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_s_fault_may_hold_anything(status: int) -> None:
    with answered(status, {"html": "<html>"}) as client:
        assert client.get(f"{REPO}/releases").status_code == status


def test_a_usual_error_is_taken_where_the_description_forgets_it() -> None:
    with answered(401, {"json": {"message": "Bad credentials"}}) as client:
        assert client.get(f"{REPO}/rulesets").status_code == 401


def test_api_github_com_has_no_prefix() -> None:
    inner = httpx.MockTransport(lambda _: httpx.Response(404, json={"message": "Not Found"}))
    with httpx.Client(base_url="https://api.github.com", transport=ContractTransport(inner)) as client:
        assert client.get(f"{REPO}/git/ref/heads%2Fmain").status_code == 404


def test_a_date_and_an_address_are_more_than_text() -> None:
    schema = {"type": "object", "properties": {"at": {"format": "date-time"}, "url": {"format": "uri"}}}
    contract = Contract({"paths": {}, "components": {"schemas": {}}})
    assert contract._problem("one", schema, {"at": "2026-01-02T03:04:05Z", "url": "http://x"}) == ""
    assert "date-time" in contract._problem("one", schema, {"at": "yesterday"})
    assert "uri" in contract._problem("one", schema, {"url": "/x"})


@given(st.sampled_from(sorted(routes.ROUTES)), st.text("abc019-_.", min_size=1, max_size=9))
def test_forge_and_description_find_the_same_operation(route: tuple[str, str], value: str) -> None:
    method, template = route
    names = [part[1:-1] for part in template.split("/") if part.startswith("{")]
    path = template.format(**dict.fromkeys(names, value))
    operation = github().operation(method, path)
    found = routes.find(method, path)
    assert found is not None
    assert routes.ROUTES[method, operation.template] is found[0]


@given(st.lists(st.text("abc09-.%", min_size=1, max_size=5), min_size=1, max_size=4))
def test_a_ref_with_slashes_is_found_quoted_and_raw(parts: list[str]) -> None:
    from urllib.parse import quote

    name = "/".join(["heads", *parts])
    for path in (quote(name, safe=""), quote(name)):
        found = routes.find("GET", f"{REPO}/git/ref/{path}")
        assert found is not None
        assert found[1]["ref"] == name
