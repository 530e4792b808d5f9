"""What the pages say exists: links, headings, files, commands with their options, every command in the README, the layers."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from invoke.exceptions import Exit

from release.program import ReleaseProgram
from release.tasks import collection
from tools.gates import run_gates

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
        *(*ROOT.glob("docs/*.md"), *ROOT.glob("*/README.md")),
    ]
)
README = (ROOT / "README.md").read_text()
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
TASKS = collection(ROOT)
TASKS.add_task(run_gates)  # as tasks.py does
PLACEHOLDERS = {"step.NAME": "step.smoke", "rehearsal.*": "rehearsal.status", "COMMAND": "release"}
ELSEWHERE = {"refs/", "cli.js"}  # git's and wrangler's


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [f"/{path}" for path in listed.splitlines()]


def prose(text: str) -> str:
    return FENCE.sub("", text)


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", prose(page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands(text: str) -> list[str]:
    """Every `inv ...` of a page: lines of code, and words between backticks."""
    code = "\n".join([*FENCE.findall(text), *re.findall(r"^    (.*)$", text, re.MULTILINE)])
    lines = re.findall(r"^(?:\$ )?(?:eval \"\$\()?((?:\./)?inv [^\n)]+)", code, re.MULTILINE)
    return lines + re.findall(r"(?<!`)`((?:\./)?inv [^`]+)`(?!`)", prose(text))


def words(command: str) -> list[str]:
    """The command's words with placeholders filled in; without what is optional, and without another project's folder."""
    plain = re.sub(r" \[\w+\]| \.\.\.| -r \S+", "", f"{command} ".replace("./inv", "inv"))
    return [PLACEHOLDERS.get(word, word) for word in shlex.split(plain, comments=True)]


def is_understood(command: str) -> bool:
    """Whether all of these words are a task of this tool, its options, or Invoke's own."""
    program = ReleaseProgram(name="inv", binary="inv", namespace=TASKS)
    program.create_config()
    try:
        program.parse_core(words(command))
        program.parse_collection()
        program.parse_tasks()
    except Exit:
        return False
    return all(task.name in TASKS.task_names for task in program.tasks)


def every_page() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page()
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(prose(page.read_text())):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert "://" in link or target.exists(), link
        assert "://" in link or not anchor or anchor in anchors(target), link


@every_page()
def test_every_command_and_option_exists(page: Path) -> None:
    if page.parent.name == "benchmarks":
        return  # its rows are named after commands, and are none
    assert [command for command in commands(page.read_text()) if not is_understood(command)] == []


def test_a_command_or_option_that_does_not_exist_is_seen() -> None:
    text = "Say `inv relaese`.\n\n    $ ./inv publish x  # why\n\n```toml\nset = 1\n```\n"
    assert commands(text) == ["./inv publish x  # why", "inv relaese"]
    assert not is_understood("inv relaese")
    assert not is_understood("inv plan --dry-run")
    assert is_understood("./inv -r elsewhere rollback TAG --yes  # back")


@every_page()
def test_every_file_and_folder_that_is_named_is_there(page: Path, tracked: list[str]) -> None:
    text = page.read_text()
    brought = set(re.findall(r"^`([\w./]+)`(?:, a new file)?:$", text, re.MULTILINE)) | ELSEWHERE
    named = set(re.findall(r"`([\w./*-]+(?:\.(?:py|mjs|js|json|yml|svg)|/))`", prose(text))) - brought
    named |= {f"{one.replace('.', '/')}.py" for one in re.findall(r"`python -m (release[\w.]+)", text)}
    patterns = {name: f"*/{name}*" if name.endswith("/") else f"*/{name}" for name in named}
    lost = {name for name, one in patterns.items() if not any(fnmatch(path, one) for path in tracked)}
    assert lost == set()


def test_the_readme_has_every_command() -> None:
    told = set(re.findall(r"`inv ([\w.*-]+)", README))
    commands_here = {name for name in TASKS.task_names if "." not in name} | {"rehearsal.*", "step.NAME"}
    assert commands_here - told == set()


def test_the_readme_leads_to_every_page() -> None:
    links = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall(README)}
    assert set(ROOT.glob("docs/*.md")) - links == set()


def test_the_architecture_tells_the_layers_of_the_contract_in_their_order() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"\w+", layer) for layer in contracts[0]["layers"]]
    place = {name: at for at, layer in enumerate(layers) for name in layer}
    page = (ROOT / "docs" / "architecture.md").read_text().partition("\n## Layers\n")[2].partition("\n## ")[0]
    told = [
        name for line in re.findall(r"^    (.+)$", page, re.MULTILINE) for name in re.findall(r"\w+", line)
    ]
    assert set(told) == set(place)
    assert [place[name] for name in told] == sorted(place.values())
