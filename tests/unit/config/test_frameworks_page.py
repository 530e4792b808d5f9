"""docs/frameworks.md: each example loads, names its script, and is what `inv init` proposes for the same files."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from release.commands.init.proposal import propose
from release.commands.init.questions import Interview
from release.commands.init.repository import look
from release.config import load
from release.model.health import rule_of
from tests.unit.monorepos import ENVIRON, made, manifest

PAGE = Path(__file__).parents[3] / "docs" / "frameworks.md"
SECTIONS = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL))
HEAD = '[tool.release]\napp = { name = "app", manifest = "package.json", tag = "v{version}" }\n'
URL = 'url = "https://app.example.com"\n'
PLACE = "[tool.release.environments.production]\n"


def block(section: str, language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SECTIONS[section], re.DOTALL)
    assert found is not None, f"{section} has no {language}"
    return found[1]


def worker(section: str) -> dict[str, Any]:
    (one,) = tomllib.loads(block(section, "toml"))["tool"]["release"]["workers"]
    return dict(one)


def test_there_is_a_section_for_each_of_them() -> None:
    words = ("Hono", "Vite", "React Router", "Astro", "SvelteKit", "OpenNext")
    assert [word for word in words if not any(word in section for section in SECTIONS)] == []


@pytest.mark.parametrize("section", SECTIONS)
def test_each_example_loads_and_names_its_script(tmp_path: Path, section: str) -> None:
    text = block(section, "toml")
    text = text.replace(PLACE, PLACE + URL) if PLACE in text else f"{text}{PLACE}{URL}"
    one = worker(section)
    folder = tmp_path / one["path"]
    folder.mkdir(parents=True)
    (folder / "wrangler.jsonc").write_text(block(section, "jsonc"))
    (tmp_path / "pyproject.toml").write_text(HEAD + text)
    config = load(tmp_path)
    assert config.placed(one["name"], "production").script == f"{one['name']}-production"
    assert rule_of(config.environment("production")).proof in {"number", "commit"}


@pytest.mark.parametrize("section", SECTIONS)
def test_init_proposes_it_for_the_same_files(tmp_path: Path, section: str) -> None:
    one = worker(section)
    path, build = one["path"], " ".join(one.get("build", ()))
    scripts = {"deploy": f"{build} && wrangler deploy"} if build else {}
    files = {
        f"{path}/wrangler.jsonc": block(section, "jsonc"),
        f"{path}/package.json": manifest(one["name"], "1.0.0", test="true", **scripts),
        f"{path}/src/index.ts": "",
    }
    answers = {f"url.{name}": f"https://{name}.example.com" for name in ("production", "staging")}
    repository = look(made(tmp_path, files), ENVIRON)
    said = Interview({**answers, "health": "/api/health", "test": "true"}, None, guessing=True)
    (proposed,) = propose(repository, said.ask).settings["workers"]
    assert (proposed["path"], proposed.get("build", [])) == (path, one.get("build", []))
