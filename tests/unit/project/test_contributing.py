"""CONTRIBUTING.md shows how a step, a check, a hook, a key and a command are added: a copy of the tree gets them all, and runs.

What each must do there is said by its own test, which is part of its recipe; here they are made, and run.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RECIPES = ("A step", "A check", "A hook", "A key", "A command")
MOST_FILES = 3
BLOCK = re.compile(
    r"^`(?P<file>[\w./]+)`, (?P<where>[^\n]+)\n\n```\w+\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
PLACE = re.compile(r"(?P<side>before|after) the line that begins (?P<ticks>`+)(?P<line>.+?)(?P=ticks):")
GENERATORS = ("config_schema", "hooks_page", "commands_page")
HELD = (  # what holds the lists and pages of the copy against its code
    "tests/unit/config/test_config_guide.py",
    "tests/unit/extensions/test_hooks.py",
    "tests/unit/project/test_docs.py::test_the_readme_has_every_command",
    "tests/contract/extensions/test_plugins_guide.py::test_the_list_of_hooks_is_that_of_the_code",
)


@dataclass(frozen=True)
class Block:
    """A piece of code, and where a recipe puts it."""

    file: str
    where: str
    text: str

    def apply(self, root: Path) -> None:
        """Put it there. Raises AssertionError where the place is not exactly one."""
        path = root / self.file
        if self.where.startswith("a new file:"):
            assert not path.exists(), f"{self.file} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.text, "utf-8")
            return
        lines = path.read_text("utf-8").splitlines(keepends=True)
        path.write_text("".join([*lines[: (at := self._place(lines))], self.text, *lines[at:]]), "utf-8")

    def _place(self, lines: list[str]) -> int:
        if self.where.startswith("at the end:"):
            return len(lines)
        place = PLACE.match(self.where)
        assert place, f"{self.file}: nobody can tell where {self.where!r} is"
        found = [at for at, line in enumerate(lines) if line.lstrip().startswith(place["line"].strip())]
        assert len(found) == 1, f"{self.file}: {len(found)} lines begin with {place['line']}"
        return found[0] + (place["side"] == "after")


def blocks(recipe: str) -> list[Block]:
    section = PAGE.partition(f"\n## {recipe}\n")[2].partition("\n## ")[0]
    return [Block(one["file"], one["where"], one["text"]) for one in BLOCK.finditer(section)]


def run(copy: Path, *words: str) -> str:
    """What a program of the copy says, with this interpreter; it must end well."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV"))}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env={**environ, "PYTHONPATH": str(copy)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as git lists it, with everything added that the page shows."""
    to = tmp_path_factory.mktemp("copy")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, to / name)
    for recipe in RECIPES:
        for block in blocks(recipe):
            block.apply(to)
    run(
        to,
        "-c",
        f"from tools import {', '.join(GENERATORS)}; {'; '.join(f'{one}.main()' for one in GENERATORS)}",
    )
    return to


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_has_three_files_at_most_and_one_of_them_is_its_test(recipe: str) -> None:
    files = {block.file for block in blocks(recipe)}
    assert len(files) <= MOST_FILES
    assert len([file for file in files if Path(file).name.startswith("test_")]) == 1


def test_every_block_of_code_says_where_it_goes() -> None:
    assert sum(len(blocks(recipe)) for recipe in RECIPES) == len(re.findall(r"^```\w+$", PAGE, re.MULTILINE))


def test_what_the_recipes_add_works_as_their_tests_say_and_so_do_the_lists(copy: Path) -> None:
    own = [
        one.file for recipe in RECIPES for one in blocks(recipe) if Path(one.file).name.startswith("test_")
    ]
    said = run(copy, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *own, *HELD)
    assert re.search(r"\d+ passed", said)
    assert "skipped" not in said


def test_the_new_step_and_the_new_command_are_tasks(copy: Path) -> None:
    listed = " ".join(run(copy, "-m", "release.program", "--list").split())
    assert "step.settled" in listed
    assert "Look whether no worker is split between two versions" in listed
    assert re.fullmatch(r"cms \d+\.\d+\.\d+\n", run(copy, "-m", "release.program", "number"))


def test_the_code_of_the_recipes_passes_the_linters(copy: Path) -> None:
    files = sorted({one.file for recipe in RECIPES for one in blocks(recipe) if one.file.endswith(".py")})
    run(copy, "-m", "ruff", "check", "--no-cache", *files)
    run(copy, "-m", "ruff", "format", "--no-cache", "--check", *files)
