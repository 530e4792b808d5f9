"""A shell that points at a stage acts on it only in the stage's own repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.place import OF, STAGE, acted_on
from release.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine" / ".git").mkdir(parents=True)
    (tmp_path / "mine" / "apps").mkdir()
    (tmp_path / "clone").mkdir()
    (tmp_path / "other").mkdir()
    return tmp_path / "mine"


def pointing(mine: Path) -> dict[str, str]:
    return {STAGE: str(mine.parent / "clone"), OF: str(mine)}


def test_without_a_stage_a_command_acts_where_its_tasks_are(mine: Path) -> None:
    assert acted_on(mine, mine.parent / "other", {}) == mine


@pytest.mark.parametrize("here", ["mine", "mine/apps", "clone"])
def test_in_the_stages_repository_or_its_clone_it_acts_on_the_clone(mine: Path, here: str) -> None:
    assert acted_on(mine, mine.parent / here, pointing(mine)) == mine.parent / "clone"


def test_with_the_tasks_of_the_clone_it_acts_on_the_clone(mine: Path) -> None:
    clone = mine.parent / "clone"
    assert acted_on(clone, clone, pointing(mine)) == clone


def test_with_another_repositorys_tasks_it_says_so_and_stops(mine: Path) -> None:
    other = mine.parent / "other"
    with pytest.raises(UsageError, match=f"the stage of {mine}, not of {other}") as raised:
        acted_on(other, other, pointing(mine))
    assert "rehearsal.env --unset" in raised.value.advice


def test_typed_in_another_repository_it_says_so_and_stops(mine: Path) -> None:
    other = mine.parent / "other"
    with pytest.raises(UsageError, match=f"{other} is not in it"):
        acted_on(mine, other, pointing(mine))


def test_a_project_in_a_folder_of_the_repository_counts_with_all_of_it(mine: Path) -> None:
    apps = mine / "apps"
    environ = {STAGE: str(mine.parent / "clone"), OF: str(apps)}
    assert acted_on(apps, mine, environ) == mine.parent / "clone"
