"""`inv --list` names the steps of the project that is there, whatever state its configuration is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands import step as steps

if TYPE_CHECKING:
    from pathlib import Path

CORE = ["test", "bump", "smoke", "record", "github-release", "verify"]


def named(folder: Path, text: str | bytes) -> list[str]:
    (folder / "pyproject.toml").write_bytes(text.encode() if isinstance(text, str) else text)
    return list(steps.collection(folder).task_names)


def test_each_worker_has_a_step_in_the_order_of_their_deploys(tmp_path: Path) -> None:
    text = '[tool.release]\nworkers = [{ name = "web" }, { name = "a-queue" }]\n'
    assert named(tmp_path, text) == ["test", "bump", "deploy-web", "deploy-a-queue", *CORE[2:]]


def test_only_a_project_with_a_database_has_its_steps(tmp_path: Path) -> None:
    one = '{ worker = "web", migrations = "sql" }'
    for text in (f"database = {one}", f"databases = [{one}]"):
        found = named(tmp_path, f"[tool.release]\n{text}\n")
        assert found == ["test", "bump", "backfill", "migrate", "smoke", "contract", *CORE[3:]]


def test_a_list_of_databases_has_them_too_and_a_worker_with_a_build_its_own(tmp_path: Path) -> None:
    text = "[tool.release]\ndatabases = [{}]\nworkers = [{ name = 'web', build = ['make'] }]\n"
    assert named(tmp_path, text)[:5] == ["test", "bump", "build", "backfill", "migrate"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[tool",
        b"\xff",
        "[" * 9000,
        "tool = 3",
        "[tool]\nrelease = 3",
        "[tool.release]\nworkers = 3",
        "[tool.release]\nworkers = [3, {}, { name = 3 }, { name = 'A B' }, { name = '' }]",
    ],
)
def test_a_broken_configuration_still_lists_the_steps_that_every_project_has(
    tmp_path: Path, text: str | bytes
) -> None:
    assert named(tmp_path, text) == CORE


def test_no_configuration_lists_them_too(tmp_path: Path) -> None:
    assert list(steps.names(tmp_path)) == CORE
