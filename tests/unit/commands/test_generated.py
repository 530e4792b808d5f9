"""What is made of the commands themselves is as they are: docs/commands.md, the man pages, the JSON Schemas."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from release.commands.command import Command
from release.commands.schemas import SCHEMAS, of_command
from release.tasks import collection
from tools import commands_page, json_schemas, man_pages

if TYPE_CHECKING:
    from pathlib import Path

TASKS = collection(commands_page.ROOT)


def on_disk(folder: Path) -> dict[str, str]:
    return {one.name: one.read_text("utf-8") for one in folder.iterdir()}


def test_the_reference_is_that_of_the_commands() -> None:
    assert commands_page.REFERENCE.read_text("utf-8") == commands_page.reference(), (
        "python -m tools.commands_page"
    )


def test_the_man_pages_are_those_of_the_commands() -> None:
    assert on_disk(man_pages.FOLDER) == man_pages.written(), "python -m tools.man_pages"


def test_the_schemas_are_those_of_the_types() -> None:
    assert on_disk(json_schemas.FOLDER) == json_schemas.written(), "python -m tools.json_schemas"


def test_every_command_with_json_has_a_schema() -> None:
    named = [
        name for name in TASKS.task_names if isinstance(TASKS[name], Command) and name != "rehearsal.shell"
    ]
    assert {of_command(name) for name in named} == set(SCHEMAS.values())


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one(name: str) -> None:
    document = json.loads(json_schemas.written()[f"{name}.json"])
    importlib.import_module("jsonschema").Draft202012Validator.check_schema(document)


def test_groff_has_nothing_to_say_of_the_man_pages() -> None:
    if shutil.which("groff") is None:
        pytest.skip("no groff on this machine")
    pages = sorted(man_pages.FOLDER.glob("*.1"))
    done = subprocess.run(["groff", "-z", "-ww", "-man", *pages], capture_output=True, text=True, check=True)
    assert done.stderr == ""
