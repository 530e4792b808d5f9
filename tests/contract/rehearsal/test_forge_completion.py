"""What GitHub's description fills into an answer, and what it finds wrong with a request's body."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from release.rehearsal.forge.completion import completed
from release.rehearsal.forge.contract import Contract, github

if TYPE_CHECKING:
    from release.rehearsal.forge import Forge

USER = {
    "login": "ada",
    "id": 1,
    "type": "User",
    "url": "http://x/users/ada",
    "html_url": "http://x/ada",
    "avatar_url": "http://x/a",
}


def filled(required: dict[str, dict[str, Any]], **known: object) -> dict[str, Any]:
    """An answer with these known fields, of a schema that requires all of these."""
    schema = {"type": "object", "properties": required, "required": list(required)}
    made: dict[str, Any] = completed(Contract({"paths": {}, "components": {}}), schema, known)
    return made


@pytest.mark.parametrize(
    ("name", "field", "made"),
    [
        ("bio", {"type": "string", "nullable": True}, None),
        ("labels", {"type": "array"}, []),
        ("locked", {"type": "boolean"}, False),
        ("additions", {"type": "integer"}, 0),
        ("gists_url", {"type": "string"}, "http://x/1/gists"),
        ("node_id", {"type": "string"}, "node_7"),
        ("updated_at", {"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z"),
    ],
)
def test_what_tells_nothing_is_filled_in(name: str, field: dict[str, Any], made: object) -> None:
    known = {"id": 7, "url": "http://x/1", "created_at": "2026-01-02T03:04:05Z"}
    assert filled({name: field}, **known)[name] == made


@pytest.mark.parametrize("name", ["name", "state", "id", "run_number", "workflow_id"])
def test_what_would_mislead_stays_missing(name: str) -> None:
    kind = "integer" if name.endswith(("id", "number")) else "string"
    assert name not in filled({name: {"type": kind}}, url="http://x/1")


def test_what_is_known_is_never_changed() -> None:
    assert filled({"bio": {"nullable": True}}, bio="hello", more=[1, {"a": 2}]) == {
        "bio": "hello",
        "more": [1, {"a": 2}],
    }


def test_a_user_is_filled_at_any_depth_and_among_alternatives() -> None:
    contract = github()
    commit: dict[str, Any] = completed(contract, {"$ref": "#/components/schemas/commit"}, {"author": USER})
    assert commit["author"]["site_admin"] is False
    assert commit["author"]["followers_url"] == "http://x/users/ada/followers"
    reviewers = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("team", "simple-user")]}
    assert "site_admin" in completed(contract, reviewers, USER)


def test_an_alternative_of_another_kind_is_never_taken() -> None:
    rules = {
        "oneOf": [
            {
                "type": "object",
                "properties": {"type": {"enum": [kind]}, name: {}, "more": field},
                "required": ["more"],
            }
            for kind, name, field in (
                ("update", "parameters", {"type": "boolean"}),
                ("merge_queue", "other", {"type": "array"}),
            )
        ]
    }
    contract = Contract({"paths": {}, "components": {}})
    assert completed(contract, rules, {"type": "merge_queue", "parameters": {}})["more"] == []
    assert completed(contract, rules, {"type": "deletion"}) == {"type": "deletion"}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("releases", {"tag_name": "v1", "make_latest": "maybe"}, "make_latest"),
        ("releases", {"tag_name": "v1", "draft": "yes"}, "draft"),
        ("releases", {"tag_name": 1}, "tag_name"),
        ("statuses/main", {"state": "green"}, "state"),
    ],
)
def test_a_field_that_the_description_does_not_allow_is_422_and_named(
    forge: Forge, path: str, body: dict[str, Any], field: str
) -> None:
    answer = httpx.post(f"{forge.api_url}/repos/acme/cms/{path}", json=body, auth=("x", forge.token))
    assert answer.status_code == 422
    assert [(one["field"], one["code"]) for one in answer.json()["errors"]] == [(field, "invalid")]


@pytest.mark.usefixtures("clone")
def test_a_release_with_a_wrong_field_is_not_there_afterwards(forge: Forge, github: httpx.Client) -> None:
    body = {"tag_name": "v1", "make_latest": "maybe"}
    refused = httpx.post(f"{forge.api_url}/repos/acme/cms/releases", json=body, auth=("x", forge.token))
    assert refused.json()["errors"][0]["resource"] == "Release"
    assert github.get("releases").json() == []
