"""docs/plugins.md: its tutorial runs as it stands, its list of hooks is that of the code, its table of settings too."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args, get_origin, get_type_hints

import pytest

from release import extensions
from release.announce import Settings
from release.announce.words import FIELDS
from release.testing import monorepo
from tools import hooks_page

if TYPE_CHECKING:
    from release.testing import Recorded
    from release.testing.fixtures import Plugged

pytest_plugins = ["release.testing.fixtures"]

ROOT = Path(__file__).parents[3]
GUIDE = hooks_page.PAGE.read_text("utf-8")
FILE = re.compile(r"^`([\w./]+)`:\n\n```\w+\n(.*?)```", re.MULTILINE | re.DOTALL)
FILES = dict(FILE.findall(GUIDE))
PLUGINS = [name for name in FILES if name.startswith("plugins/")]


@pytest.fixture
def author(tmp_path: Path) -> Path:
    """An author's folder with all files of the tutorial."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.world
def test_the_tutorials_own_tests_pass(author: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(author)]
    done = subprocess.run(
        [*command, "-o", "addopts=", "test_plugins.py"],
        cwd=author,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert f"{FILES['test_plugins.py'].count('def test_')} passed" in done.stdout


def test_its_settings_load_with_all_three_plugins(author: Path, tmp_path: Path) -> None:
    sources = {name: FILES[name] for name in PLUGINS}
    config = monorepo(tmp_path / "repo", sources, FILES["pyproject.toml"])
    plugins = extensions.load(config)
    assert [one.name for one in plugins.plugins] == ["fridays", "purge_cache", "ui_kit"]
    assert [check.name for check in plugins.checks("production")] == ["closed days"]
    assert [one.anchor for one in plugins.additions("production")] == ["smoke"]
    assert [target.name for target in plugins.targets()] == ["ui-kit"]


def test_the_list_of_hooks_is_that_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hooks_page.page(GUIDE) == GUIDE, "python -m tools.hooks_page"
    copy = tmp_path / "plugins.md"
    copy.write_text(GUIDE.replace("### `release_checks`", "### `release_cheques`"))
    monkeypatch.setattr(hooks_page, "PAGE", copy)
    hooks_page.main()
    assert copy.read_text() == GUIDE


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has no marks for the hooks"):
        hooks_page.page("# Plugins\n")


def test_every_setting_of_the_announcements_is_described_as_in_the_code() -> None:
    hints = get_type_hints(Settings, include_extras=True)
    described = {
        name: meta.description
        for name, hint in hints.items()
        for meta in (get_args(hint)[1:] if get_origin(hint) is Annotated else ())
        if getattr(meta, "description", None)
    }
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", GUIDE, re.MULTILINE))
    assert rows == described
    assert all(f"`{{{name}}}`" in GUIDE for name in FIELDS)


def test_the_example_of_the_announcements_is_taken(tmp_path: Path) -> None:
    text = next(block for block in re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL) if "urls_from" in block)
    table = tomllib.loads(text)["tool"]["release"]
    settings = text.partition("\n\n")[2]
    config = monorepo(tmp_path, table["plugins"], settings)
    extensions.load(config).checks("production")
    assert config.plugin_settings("announce", Settings).say == {"released": "{app} {version} is live"}


def test_the_fixtures_are_what_the_page_says(recorded: Recorded, plugged: Plugged, author: Path) -> None:
    assert recorded.release.tag == "cms-v1.2.4"
    world = plugged([author / "plugins" / "ui_kit.py"])
    assert (world.root / "plugins" / "ui_kit.py").is_file()
