"""Routes and exports, old against new: OpenAPI documents and lists of names."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.database.differences import differences, listing
from release.model.evidence import Surface
from release.model.unread import Unread
from release.policy import openapi
from release.policy.api import weigh

PAGE = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "integer"},
        "title": {"type": "string"},
        "status": {"type": "string", "enum": ["draft", "published"]},
        "parent": {"$ref": "#/components/schemas/Page"},
    },
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "paths": {
        "/pages": {
            "get": {
                "parameters": [
                    {"in": "query", "name": "q", "schema": {"type": "string"}},
                    {"in": "query", "name": "page", "required": True, "schema": {"type": "integer"}},
                ],
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Page"}}
                            }
                        }
                    },
                    "404": {},
                },
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}
                },
                "responses": {"201": {}},
            },
        },
        "/pages/{id}": {"delete": {"responses": {"204": {}}}},
    },
    "components": {"schemas": {"Page": PAGE}},
}
GET, POST = ("paths", "/pages", "get"), ("paths", "/pages", "post")
SCHEMA = ("components", "schemas", "Page")
NOTHING = object()

CASES: dict[str, tuple[tuple[str | int, ...], Any, bool | None]] = {
    "a path less": (("paths", "/pages/{id}"), NOTHING, True),
    "a path more": (("paths", "/media"), {"get": {"responses": {"200": {}}}}, False),
    "a method less": ((*POST,), NOTHING, True),
    "a method more": (("paths", "/pages", "put"), {"responses": {"200": {}}}, False),
    "a parameter less": ((*GET, "parameters", 0), NOTHING, True),
    "a parameter that is required now": ((*GET, "parameters", 0, "required"), True, True),
    "a parameter that need not be there now": ((*GET, "parameters", 1, "required"), False, None),
    "a parameter of another type": ((*GET, "parameters", 0, "schema", "type"), "integer", True),
    "a parameter of more types": ((*GET, "parameters", 0, "schema", "type"), ["string", "null"], False),
    "a parameter that takes only some values": ((*GET, "parameters", 0, "schema", "enum"), ["a"], True),
    "an answer less": ((*GET, "responses", "200"), NOTHING, True),
    "an error less": ((*GET, "responses", "404"), NOTHING, False),
    "an answer more": ((*GET, "responses", "304"), {}, False),
    "a kind of content less": ((*GET, "responses", "200", "content", "application/json"), NOTHING, True),
    "a kind of content more": ((*GET, "responses", "200", "content", "text/csv"), {}, False),
    "a body that is required now": ((*POST, "requestBody", "required"), True, True),
    "a body less": ((*POST, "requestBody"), NOTHING, True),
    "a property less": ((*SCHEMA, "properties", "status"), NOTHING, True),
    "a property more": ((*SCHEMA, "properties", "slug"), {"type": "string"}, False),
    "a property that a request must have now": ((*SCHEMA, "required"), ["id", "title", "status"], True),
    "a property that an answer may lack now": ((*SCHEMA, "required"), ["id"], True),
    "a property of another type": ((*SCHEMA, "properties", "id", "type"), "string", True),
    "a value that an answer never had": (
        (*SCHEMA, "properties", "status", "enum"), ["draft", "published", "gone"], True,
    ),
    "a value that a request may not have now": ((*SCHEMA, "properties", "status", "enum"), ["draft"], True),
    "a sign-in that was not asked for": (("security",), [{"cookie": []}], True),
    "a shorter text in a request": ((*GET, "parameters", 0, "schema", "maxLength"), 5, True),
    "an answer that is never empty": ((*GET, "responses", "200", "content", "application/json", "schema", "minItems"), 1, False),
    "no more properties": ((*SCHEMA, "additionalProperties"), False, True),
    "any more properties, as ever": ((*SCHEMA, "additionalProperties"), True, None),
    "servers under another path": (("servers",), [{"url": "https://cms.example/v2"}], True),
    "a server under the same path": (("servers",), [{"url": "https://cms.example"}], None),
    "words alone": ((*GET, "description"), "lists pages", None),
}  # fmt: skip


def changed(path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    node: Any = document
    for key in path[:-1]:
        node = node[key]
    if value is NOTHING:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return document


def signing_in(*asked: str, kind: str = "cookie") -> dict[str, Any]:
    schemes = {
        "session": {"type": "apiKey", "in": kind, "name": "sid"},
        "token": {"type": "http", "scheme": "bearer"},
    }
    return {**DOCUMENT, "security": [{one: []} for one in asked], "components": {"securitySchemes": schemes}}


@pytest.mark.parametrize(
    ("after", "says"),
    [
        (signing_in("session", kind="header"), {("signs in otherwise", True)}),
        (signing_in("token"), {("signs in otherwise", True)}),
        (signing_in("session", "token"), {("takes another sign-in too", False)}),
        (signing_in(), {("asks for no sign-in now", False)}),
    ],
)
def test_another_sign_in_breaks_unless_the_old_one_stays(
    after: dict[str, Any], says: set[tuple[str, bool]]
) -> None:
    found = openapi.differences(signing_in("session"), after)

    assert {(one.what, one.breaking) for one in found} == says


def test_a_limit_that_is_lifted_is_fine_for_a_request_and_breaks_an_answer() -> None:
    before, after = changed((*SCHEMA, "properties", "title", "maxLength"), 5), copy.deepcopy(DOCUMENT)
    found = {str(one): one.breaking for one in openapi.differences(before, after)}

    assert found["POST /pages body.title has maxLength none now, was 5"] is False
    assert found["GET /pages 200[].title has maxLength none now, was 5"] is True


def test_a_header_that_is_gone_from_an_answer_breaks() -> None:
    before = changed((*GET, "responses", "200", "headers"), {"ETag": {}})

    assert [str(one) for one in openapi.differences(before, DOCUMENT)] == [
        "GET /pages 200 header ETag is gone"
    ]


def surface(before: object, after: object, *, is_openapi: bool = True) -> Surface:
    return Surface("cms", json.dumps(before).encode(), json.dumps(after).encode(), is_openapi)


@pytest.mark.parametrize("name", CASES)
def test_a_change_of_a_document_is_breaking_added_or_nothing(name: str) -> None:
    path, value, breaking = CASES[name]
    found = openapi.differences(DOCUMENT, changed(path, value))

    assert any(one.breaking for one in found) is (breaking is True), found
    assert bool(found) is (breaking is not None)


def test_the_level_follows_from_the_worst_and_the_breaking_ones_come_first() -> None:
    new = changed(("paths", "/pages/{id}"), NOTHING)
    new["paths"]["/media"] = {"get": {"responses": {"200": {}}}}
    found = weigh([surface(DOCUMENT, new)], "v1")

    assert found.least == "major"
    assert found.because == (
        "cms: DELETE /pages/{id} is gone (breaking)",
        "cms: GET /media is new (added)",
    )


def test_a_ring_of_references_ends() -> None:
    ring = copy.deepcopy(DOCUMENT)
    ring["components"]["schemas"]["Page"] = {"$ref": "#/components/schemas/Page"}

    assert openapi.differences(ring, ring) == ()
    assert openapi.differences(DOCUMENT, ring) is not None


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.sampled_from(["paths", "/a", "get", "responses", "200", "parameters", "schema", "type"]), some)))  # fmt: skip  # noqa: E501
def test_no_document_breaks_it(document: object) -> None:
    for before, after in ((DOCUMENT, document), (document, DOCUMENT)):
        found = weigh([surface(before, after)], "v1")
        assert found.cannot_tell or found.least in {None, "patch", "minor", "major"}


names = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2), min_size=1)


@given(names, names)
def test_a_list_breaks_what_is_gone_or_told_otherwise_and_nothing_else(
    old: dict[str, int], new: dict[str, int]
) -> None:
    found = differences({"route": old}, {"route": new})

    breaking = {one.thing.removeprefix("route ") for one in found if one.breaking}
    assert breaking == {name for name in old if new.get(name) != old[name]}
    assert {one.thing.removeprefix("route ") for one in found} - breaking == new.keys() - old.keys()


@pytest.mark.parametrize("document", [[], {}, {"route": "GET /"}, {"route": [1]}, 3, None])
def test_an_answer_that_is_no_list_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"it is no JSON object|neither a list of names nor an object"):
        listing(document)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (None, b"{}", "is not in v1: there is nothing to compare it with"),
        (b"{}", b"{}", "cms: as before"),
        (Unread("it ended with 1"), b"{}", "could not be read at v1: it ended with 1"),
    ],
)
def test_what_is_missing_is_said_and_demands_nothing(
    before: bytes | Unread | None, after: bytes | Unread | None, said: str
) -> None:
    found = weigh([Surface("cms", before, after)], "v1")

    assert (found.least, found.cannot_tell) == (None, ())
    assert said in found.note


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (b"{}", None, "is not in this commit, and was in v1"),
        (b"{}", Unread("no"), "cannot be read now: no"),
        (b"{}", b"nonsense", "it is no JSON: Expecting value in line 1"),
        (b"{}", b"\xff", "it is not UTF-8"),
        (b"{}", b'{"swagger": "2.0"}', "it is no OpenAPI 3 document"),
    ],
)
def test_what_cannot_be_understood_blocks(
    before: bytes | Unread | None, after: bytes | Unread | None, said: str
) -> None:
    found = weigh([Surface("cms", before, after, is_openapi=True)], "v1")

    assert said in found.cannot_tell[0].what


def test_nothing_configured_is_said() -> None:
    assert "no API surfaces are configured" in weigh([], "v1").note
