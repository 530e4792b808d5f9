"""What a schema lets pass: a request may take more than before, an answer may be less; anything else breaks."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from release.policy.openapi_limits import limits

WIDER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"maxLength": 5}, {"maxLength": 6}),
    ({"maxLength": 5}, {}),
    ({"minimum": 1}, {"minimum": 0}),
    ({"exclusiveMaximum": 5}, {"exclusiveMaximum": 9.5}),
    ({"pattern": "^a$"}, {}),
    ({"additionalProperties": False}, {"additionalProperties": True}),
    ({"uniqueItems": True}, {}),
]
UNKNOWN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"pattern": "^a$"}, {"pattern": "^b$"}),
    ({"format": "date"}, {"format": "date-time"}),
    ({"multipleOf": 2}, {"multipleOf": 4}),
    ({"const": 1}, {"const": 2}),
]


def breaks(old: dict[str, Any], new: dict[str, Any], side: Literal["request", "response"]) -> list[bool]:
    return [one.breaking for one in limits("GET /a", old, new, side)]


@pytest.mark.parametrize(("narrow", "wide"), WIDER)
def test_wider_is_fine_for_a_request_and_breaks_an_answer_and_narrower_the_other_way_round(
    narrow: dict[str, Any], wide: dict[str, Any]
) -> None:
    assert breaks(narrow, wide, "request") == [False]
    assert breaks(wide, narrow, "request") == [True]
    assert breaks(narrow, wide, "response") == [True]
    assert breaks(wide, narrow, "response") == [False]


@pytest.mark.parametrize(("old", "new"), UNKNOWN)
def test_where_nobody_can_tell_which_is_narrower_it_breaks_both_ways(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    assert breaks(old, new, "request") == breaks(old, new, "response") == [True]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({}, {"additionalProperties": True}),
        ({"uniqueItems": False}, {}),
        ({"maximum": 5}, {"maximum": 5.0}),
        ({"description": "a"}, {"description": "b"}),
    ],
)
def test_what_means_the_same_is_no_difference(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert breaks(old, new, "request") == []


def test_the_difference_says_what_it_was_and_is() -> None:
    (found,) = limits("GET /a", {"maxLength": 5}, {}, "request")
    assert found.what == "has maxLength none now, was 5"
