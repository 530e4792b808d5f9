"""What `inv init` wrote is tried offline before it is written: what no plan could be made of ends it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.commands.init import files
from release.commands.init.questions import Interview
from release.errors import UsageError
from tests.unit.monorepos import ENVIRON, made, manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ANSWERS = {
    "url.production": "https://a.example.com",
    "health": "none",
    "test": "true",
    "package": "cms-release",
}
CODE = {"main": "index.js"}
ONE = {"package.json": manifest("site", "1.2.0"), "wrangler.json": {"name": "site", **CODE}}


def prepared(root: Path, found: Mapping[str, object], **answers: str) -> files.Adoption:
    made(root, {name: _text(one) for name, one in found.items()})
    return files.prepare(root, ENVIRON, Interview({**ANSWERS, **answers}, None, guessing=True))


def _text(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content)


def test_two_workers_with_one_script_are_named(tmp_path: Path) -> None:
    twins = {
        "a/wrangler.json": {"name": "same", **CODE},
        "b/wrangler.json": {"name": "same", **CODE},
    }
    with pytest.raises(UsageError, match='Two deployments share the script "same": worker a and worker b'):
        prepared(tmp_path, twins, workers="a,b", version="1.0.0")
    assert not (tmp_path / "pyproject.toml").exists()


BEFORE = """
[tool.release.app]
name = "site"
manifest = "package.json"
tag = "v{version}"
[tool.release.test]
commands = [{ run = ["true"] }]
[[tool.release.workers]]
name = "site"
[tool.release.environments.production]
url = "https://a.example.com"
"""


@pytest.mark.parametrize(
    ("configuration", "more", "said"),
    [
        ({"name": "site", "env": {"prod": {}}}, "", r"has no environment production \(it has: prod\)"),
        ('{"name": "site",, }', "", r"wrangler\.json:1:17: "),
        ({"env": {"production": {}}}, "", "has no name"),
        (
            {"name": "site", "env": {"production": {}}},
            'database = "pages"\n[tool.release.database]\nworker = "site"\nmigrations = "sql"\n',
            "binds no D1 database pages in production",
        ),
    ],
)
def test_a_configuration_that_is_there_is_tried_as_well(
    tmp_path: Path, configuration: object, more: str, said: str
) -> None:
    made(tmp_path, {"wrangler.json": _text(configuration), "pyproject.toml": BEFORE + more})
    with pytest.raises(UsageError, match=said):
        files.prepare(tmp_path, ENVIRON, Interview({"package": "cms-release"}, None, guessing=True))


def test_a_wrangler_that_is_too_old_is_named(tmp_path: Path) -> None:
    cli = tmp_path / "node_modules" / "wrangler"
    (cli / "wrangler-dist").mkdir(parents=True)
    (cli / "wrangler-dist" / "cli.js").write_text("")
    (cli / "package.json").write_text('{"version": "2.1.0"}')
    with pytest.raises(UsageError, match=r"2\.1\.0"):
        prepared(tmp_path, {**ONE, ".gitignore": "node_modules\n"})


def test_lockfiles_that_contradict_each_other_are_noted_and_hold_nobody_up(tmp_path: Path) -> None:
    adoption = prepared(tmp_path, {**ONE, "package-lock.json": "{}", "yarn.lock": ""})
    assert any("There are lockfiles of npm and yarn" in note for note in adoption.notes)
    assert "pyproject.toml" in [one.path for one in adoption.files]


def test_a_requirement_that_only_this_machine_can_install_is_noted(tmp_path: Path) -> None:
    said = "cms-release[rehearsal] @ file:///home/ada/cms-release"
    adoption = prepared(tmp_path / "here", ONE, package=said)
    assert any(f"names a path of this machine ({said})" in note for note in adoption.notes)
    elsewhere = prepared(tmp_path / "there", ONE, package="cms-release==1.0.0")
    assert not any("of this machine" in note for note in elsewhere.notes)


@pytest.mark.parametrize(
    ("settings", "is_noted"),
    [
        ({}, True),
        ({".yarnrc.yml": "nodeLinker: pnp\n"}, True),
        ({".yarnrc.yml": "nodeLinker: node-modules\n"}, False),
    ],
)
def test_plug_n_play_is_said_clearly(tmp_path: Path, settings: dict[str, str], is_noted: bool) -> None:  # noqa: FBT001
    adoption = prepared(tmp_path, {**ONE, "yarn.lock": "__metadata:\n  version: 8\n", **settings})
    assert any("Plug'n'Play" in note for note in adoption.notes) is is_noted
