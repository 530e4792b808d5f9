"""`inv init` writes what is missing, shows it first, and touches nothing that is there."""

from __future__ import annotations

import os
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from release.commands.init import files
from release.commands.init.files import NewFile
from release.commands.init.questions import Interview, Question, given
from release.commands.init.table import appended
from release.config import parsed
from release.errors import UsageError
from release.rehearsal.checkout import git
from tests.unit.monorepos import ENVIRON, made, npm_workspaces, toml_worker, yarn_workspaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEAST = {
    "app": {"name": "a"},
    "workers": [{"name": "a"}],
    "environments": {"production": {"url": "https://a.example.com"}},
}


def guessing(**answers: str) -> Interview:
    return Interview(answers, None, guessing=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return made(tmp_path, npm_workspaces())


def contents(root: Path) -> dict[str, tuple[bytes, int]]:
    """Every file outside of .git: its content and mode."""
    paths = [
        path for path in root.rglob("*") if path.is_file() and ".git" not in path.relative_to(root).parts[:1]
    ]
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mode) for path in paths}


def test_all_that_is_missing_is_written(root: Path) -> None:
    before = contents(root)
    files.write(root, files.prepare(root, ENVIRON, guessing()).files)
    after = contents(root)
    brought = {".github/workflows/ci.yml", ".github/workflows/deploy-prod.yml"}
    assert set(after) - set(before) == {
        "pyproject.toml",
        "requirements-release.txt",
        "inv",
        "tasks.py",
        *brought,
    }
    assert {name: after[name] for name in before} == before
    assert os.access(root / "inv", os.X_OK)
    assert (root / "requirements-release.txt").read_text("utf-8").startswith("cms-release[rehearsal]")


def test_a_second_time_changes_nothing_and_asks_nothing(root: Path) -> None:
    files.write(root, files.prepare(root, ENVIRON, guessing()).files)
    before = contents(root)
    again = files.prepare(root, ENVIRON, Interview({}, None, guessing=False))
    files.write(root, again.files)
    assert (again.files, again.notes) == ((), ("[tool.release] already exists; left unchanged.",))
    assert contents(root) == before


def test_preparing_writes_nothing(root: Path) -> None:
    before = contents(root)
    shown = files.diff(files.prepare(root, ENVIRON, guessing()).files)
    assert contents(root) == before
    assert "+[tool.release.app]\n" in shown


def test_the_diff_is_one_that_git_applies(root: Path, tmp_path: Path) -> None:
    other = made(tmp_path / "other", npm_workspaces())
    adoption = files.prepare(root, ENVIRON, guessing())
    (tmp_path / "init.diff").write_text(files.diff(adoption.files), "utf-8")
    git(other, ENVIRON, "apply", str(tmp_path / "init.diff"))
    assert {one.path: (other / one.path).read_text("utf-8") for one in adoption.files} == {
        one.path: one.after for one in adoption.files
    }


def test_own_files_are_left_alone_and_named(root: Path) -> None:
    (root / "tasks.py").write_text("# ours\n", "utf-8")
    (root / "inv").write_text("#!/bin/sh\n", "utf-8")
    adoption = files.prepare(root, ENVIRON, guessing())
    assert not {"tasks.py", "inv", "requirements-release.txt"} & {one.path for one in adoption.files}
    assert any(
        note.startswith("tasks.py is there and stays as it is. For the tasks") for note in adoption.notes
    )
    assert (
        "inv is there and stays as it is; it is not the one that comes with this package." in adoption.notes
    )


def test_a_configuration_that_does_not_load_is_refused_as_ever(root: Path) -> None:
    (root / "pyproject.toml").write_text("[tool.release]\nbarnch = 1\n", "utf-8")
    with pytest.raises(UsageError, match="unknown key"):
        files.prepare(root, ENVIRON, guessing())


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"[tool", "not TOML"), (b"\xff", "cannot be read"), (b"tool = { ruff = 1 }\n", "cannot be added")],
)
def test_a_pyproject_that_takes_no_table_is_refused(root: Path, text: bytes, said: str) -> None:
    (root / "pyproject.toml").write_bytes(text)
    with pytest.raises(UsageError, match=said):
        files.prepare(root, ENVIRON, guessing())


def test_an_answer_that_does_not_fit_is_refused_before_anything_is_shown(tmp_path: Path) -> None:
    root = made(tmp_path, yarn_workspaces())
    with pytest.raises(UsageError, match=r"tool\.release\.environments\.production\.url: expected a URL"):
        files.prepare(root, ENVIRON, guessing(**{"url.production": "shop", "health": "/health"}))


def test_what_appears_between_diff_and_writing_is_kept(root: Path) -> None:
    adoption = files.prepare(root, ENVIRON, guessing())
    (root / "tasks.py").write_text("# somebody was quicker\n", "utf-8")
    with pytest.raises(UsageError, match=r"tasks\.py has changed meanwhile"):
        files.write(root, adoption.files)
    assert (root / "tasks.py").read_text("utf-8") == "# somebody was quicker\n"


def test_a_pyproject_that_changes_meanwhile_is_kept(tmp_path: Path) -> None:
    root = made(tmp_path, toml_worker())
    adoption = files.prepare(root, ENVIRON, guessing())
    (root / "pyproject.toml").write_text("# somebody was quicker\n", "utf-8")
    with pytest.raises(UsageError, match=r"pyproject\.toml has changed meanwhile"):
        files.write(root, adoption.files)
    assert (root / "pyproject.toml").read_text("utf-8") == "# somebody was quicker\n"
    assert not list(root.glob(".*.*"))


def test_a_folder_that_cannot_be_made_is_told_so(root: Path) -> None:
    (root / ".github").write_text("no folder", "utf-8")
    with pytest.raises(UsageError, match=r"\.github/workflows/ci\.yml cannot be written"):
        files.write(root, [NewFile(".github/workflows/ci.yml", None, "")])


def test_requirements_of_ones_own_are_left_alone(root: Path) -> None:
    (root / "requirements-release.txt").write_text("mine\n", "utf-8")
    adoption = files.prepare(root, ENVIRON, guessing())
    assert "requirements-release.txt" not in {one.path for one in adoption.files}


def test_a_file_without_a_line_end_keeps_its_bytes_and_the_diff_says_so() -> None:
    whole = appended("# mine\r\n[tool.x]\na = 1", LEAST)
    assert whole.startswith("# mine\r\n[tool.x]\na = 1\n\n[tool.release")
    assert "\\ No newline at end of file\n" in files.diff([NewFile("a", "1", "2")])


def test_own_line_ends_and_comments_stay(tmp_path: Path) -> None:
    root = made(tmp_path, toml_worker())
    text = b"# our tools\r\n[tool.ruff]   # strict\r\nline-length = 100\r\n"
    (root / "pyproject.toml").write_bytes(text)
    files.write(root, files.prepare(root, ENVIRON, guessing()).files)
    assert (root / "pyproject.toml").read_bytes().startswith(text)


@given_any(
    st.dictionaries(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.text(max_size=20), max_size=4),
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,10}", fullmatch=True),
    st.lists(
        st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), min_size=1, max_size=8),
        min_size=1,
        max_size=4,
    ),
)
def test_whatever_stood_there_stays_and_what_was_meant_loads(
    tmp_path_factory: pytest.TempPathFactory, others: dict[str, str], name: str, words: list[str]
) -> None:
    import tomlkit

    before = tomlkit.dumps({"tool": {"other": others}}) if others else ""
    settings = {**LEAST, "app": {"name": name}, "test": {"commands": [{"run": words}]}}
    whole = appended(before, settings)
    assert whole.startswith(before)
    assert tomllib.loads(whole)["tool"].get("other", {}) == others
    config = parsed(whole, tmp_path_factory.getbasetemp())
    assert (config.app.name, config.test.commands[0].run) == (name, tuple(words))


def test_everything_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    root = made(tmp_path, yarn_workspaces())
    with pytest.raises(UsageError) as caught:
        files.prepare(root, ENVIRON, Interview({}, None, guessing=False))
    keys = [line.split("=")[0] for line in caught.value.what.splitlines()[1:]]
    assert keys == ["--answer health", "--answer url.production", "--answer package"]


def test_an_answer_that_nobody_asked_for_is_refused(root: Path) -> None:
    with pytest.raises(
        UsageError, match=r'Unknown answer key "url\.prod"\. Use one of: ask-health, health, package, tag\.'
    ):
        files.prepare(root, ENVIRON, guessing(**{"url.prod": "https://a.example.com"}))


@pytest.mark.parametrize("word", ["health", "health=", "health= "])
def test_an_answer_has_a_key_and_a_value(word: str) -> None:
    assert given(["url.production=https://a.example.com/?a=b"]) == {
        "url.production": "https://a.example.com/?a=b"
    }
    with pytest.raises(UsageError, match="is no answer"):
        given(["a=b", word])


@pytest.mark.parametrize(
    ("typed", "guess", "answer"),
    [("/up\n", "/health", "/up"), ("\n", "/health", "/health"), ("/up\n", None, "/up")],
)
def test_a_person_answers_or_takes_the_guess(typed: str, guess: str | None, answer: str) -> None:
    shown: list[str] = []
    interview = Interview({}, saying(typed, shown), guessing=False)
    assert interview.ask(Question("health", "Which route?", guess)) == answer
    assert shown == [f"Which route? [{guess}] " if guess else "Which route? "]


def test_no_answer_where_nothing_can_be_guessed_ends_it() -> None:
    with pytest.raises(UsageError, match="No answer: Which route"):
        Interview({}, saying("", []), guessing=False).ask(Question("health", "Which route?"))


def saying(typed: str, shown: list[str]) -> Callable[[str], str]:
    def prompt(text: str) -> str:
        shown.append(text)
        return typed

    return prompt
