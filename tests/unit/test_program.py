"""Which project `inv` acts on."""

from __future__ import annotations

import pytest

from release.program import _with_one_root

WRAPPER = ["inv", "--search-root", "/home"]


@pytest.mark.parametrize(
    "words",
    [
        ["-r", "examples/minimal", "plan"],
        ["--search-root", "examples/minimal", "plan"],
        ["--search-root=examples/minimal"],
        ["--list", "-r", "examples/minimal"],
    ],
)
def test_a_project_that_a_person_names_is_taken_in_place_of_the_wrappers(words: list[str]) -> None:
    assert _with_one_root([*WRAPPER, *words]) == ["inv", *words]


@pytest.mark.parametrize("words", [[], ["--list"], ["plan"], ["plan", "-r", "reason"]])
def test_else_the_wrappers_folder_is(words: list[str]) -> None:
    assert _with_one_root([*WRAPPER, *words]) == [*WRAPPER, *words]
    assert _with_one_root(["inv", *words]) == ["inv", *words]
