"""Which project `inv` acts on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from release.program import ReleaseProgram, _completed, _with_one_root
from release.tasks import collection

TASKS = collection(Path(__file__).parents[3])
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


@pytest.mark.parametrize(
    "typed", [["release", "--b"], ["inv", "release", "--b"], ["/x/inv", "release", "--b"]]
)
def test_the_words_to_complete_may_begin_with_the_program(typed: list[str]) -> None:
    asked = ["--search-root", "/home", "--complete", "--", *typed]
    assert _completed(asked) == (["--search-root", "/home"], ["release", "--b"])


@pytest.mark.parametrize("words", [[], ["--list"], ["plan"], ["plan", "-r", "reason"]])
def test_else_the_wrappers_folder_is(words: list[str]) -> None:
    assert _with_one_root([*WRAPPER, *words]) == [*WRAPPER, *words]
    assert _with_one_root(["inv", *words]) == ["inv", *words]


@pytest.mark.parametrize("name", TASKS.task_names)
def test_help_of_every_command_is_help_and_runs_nothing(name: str) -> None:
    for flag in ("-h", "--help"):
        program = ReleaseProgram(name="inv", binary="inv", namespace=TASKS)
        program.create_config()
        program.parse_core(["inv", name, flag])
        program.parse_collection()
        program.parse_tasks()
        assert program.core_via_tasks.args["help"].value == name


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        [],
        ["--list"],
        ["release", "--help"],
        ["help"],
        ["completion", "bash"],
        ["help", "--json"],
        ["rehearsal.status"],
        ["plugins"],
    ],
)
def test_a_reader_that_has_gone_is_no_stack_trace(words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    root = Path(__file__).parents[3]
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(root), *words]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=root)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "words", [["--dry", "verify"], ["release", "--echo"], ["plan", "release"], ["relaese"]]
)
def test_a_real_call_that_is_refused_says_one_line_and_ends_with_2(words: list[str]) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(root), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=root)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    "words", [["--version"], ["--help"], ["init", "--help"], ["--help", "init"], ["-V", "init"]]
)
def test_help_and_version_need_no_project(words: list[str], tmp_path: Path) -> None:
    command = [sys.executable, "-P", "-m", "release.program", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", [["release", "--help"], ["release", "--bump", "minor", "-h"]])
def test_help_says_what_each_option_does(words: list[str]) -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(root), *words]
    wide = {**os.environ, "COLUMNS": "120"}
    said = subprocess.run(command, capture_output=True, text=True, check=True, env=wide).stdout
    options = said.partition("Options:\n")[2].splitlines()
    assert "show what would be done; change nothing" in said
    assert [line for line in options if line.startswith("  -") and len(line.split()) < 4] == []


def test_a_ctrl_c_before_the_command_has_begun_ends_with_130() -> None:
    def interrupted(_: ReleaseProgram) -> None:
        raise KeyboardInterrupt

    class Interrupted(ReleaseProgram):
        load_collection = interrupted

    with pytest.raises(SystemExit) as left:
        Interrupted(name="inv", binary="inv").run(["inv", "release"])
    assert left.value.code == 130
