"""What a rehearsal clones: the last commit of a repository, or of a folder in one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from release.rehearsal import checkout
from release.rehearsal.checkout import StageError, git

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
[tool.release]
app = { name = "hello" }
workers = [{ name = "hello" }]
remote = "upstream"
environments.production = { url = "https://hello.example.com" }
"""
ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{
        f"GIT_{role}_{part}": "ada@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    },
}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A repository with a tag of its own, and a project in its folder a/b that is in no commit yet."""
    root = tmp_path / "whole"
    project = root / "a" / "b"
    project.mkdir(parents=True)
    git(root, ENVIRON, "init", "--quiet", "--initial-branch=trunk")
    git(root, ENVIRON, "commit", "--quiet", "--allow-empty", "--message", "feat: begun")
    git(root, ENVIRON, "tag", "v9.9.9")
    (project / "pyproject.toml").write_text(CONFIG, "utf-8")
    (project / "package.json").write_text('{ "version": "0.1.0" }\n', "utf-8")
    return root


def commit(root: Path) -> None:
    git(root, ENVIRON, "add", "--all")
    git(root, ENVIRON, "commit", "--quiet", "--message", "feat: a project")


def test_a_folder_of_a_repository_is_cloned_as_a_repository_of_its_own(whole: Path, tmp_path: Path) -> None:
    commit(whole)
    config = checkout.clone(whole / "a" / "b", tmp_path / "clone", ENVIRON)
    assert config.root == (tmp_path / "clone").resolve()
    assert git(config.root, ENVIRON, "ls-files").split() == ["package.json", "pyproject.toml"]
    assert git(config.root, ENVIRON, "tag") == ""
    assert git(config.root, ENVIRON, "log", "--format=%s", "main") == "chore: a/b as it is"


def test_the_clones_remote_is_the_configured_one(whole: Path, tmp_path: Path) -> None:
    commit(whole)
    config = checkout.clone(whole / "a" / "b", tmp_path / "clone", ENVIRON)
    assert git(config.root, ENVIRON, "remote") == "upstream"


def test_a_folder_in_no_commit_is_named(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="a/b/ is in no commit yet"):
        checkout.clone(whole / "a" / "b", tmp_path / "clone", ENVIRON)


def test_a_configuration_in_no_commit_is_named(whole: Path, tmp_path: Path) -> None:
    (whole / "pyproject.toml").write_text(CONFIG, "utf-8")
    with pytest.raises(StageError, match=r"in the last commit does not load: There is no pyproject\.toml"):
        checkout.clone(whole, tmp_path / "clone", ENVIRON)


def test_where_nothing_is_unreleased_an_empty_commit_is(whole: Path, tmp_path: Path) -> None:
    commit(whole)
    said: list[str] = []
    config = checkout.clone(whole / "a" / "b", tmp_path / "clone", ENVIRON)
    assert checkout.last_release(config, ENVIRON, said.append) == "v0.1.0"
    assert git(config.root, ENVIRON, "log", "--format=%s", "v0.1.0..HEAD") == checkout.EMPTY
    assert git(config.root, ENVIRON, "diff", "--stat", "v0.1.0", "HEAD") == ""
    assert said == ["nothing is unreleased: laying an empty commit on top of v0.1.0"]
