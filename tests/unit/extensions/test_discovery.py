"""Where plugins come from, what turns them off, and what their settings are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release import checks, extensions
from release.commands.plugins import course as flow
from release.config import Value
from release.errors import UsageError
from release.testing import monorepo

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = """
from release import hookimpl, Done

__version__ = "0.3.0"

class Purge:
    name, reads, changes = "purge", (), False
    meaning, advice = "The cache is old.", "Purge it by hand."

    def look(self, world, release):
        return Done()

class Quiet:
    name, guards = "quiet", frozenset()

    def find(self, world, release):
        return ()

@hookimpl
def release_steps(environment):
    return [("after", "smoke", Purge())] if environment == "production" else []

@hookimpl
def release_checks():
    yield Quiet()
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A distribution as pip leaves it: a module and the folder that describes it, on the path. Its plugin's name."""
    site = tmp_path / "site"
    described = site / "cms_purge-1.2.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: cms-purge\nVersion: 1.2.0\n")
    (described / "entry_points.txt").write_text("[cms_release]\npurge-cache = cms_purge_plugin\n")
    (site / "cms_purge_plugin.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(__import__("sys").modules, "cms_purge_plugin", raising=False)
    return "purge-cache"


def order(root: Path) -> list[tuple[str, str | None]]:
    """The steps of production that are a plugin's, with its name."""
    places = flow.read(root).sequences["production"]
    return [(place.step, place.plugin) for place in places if place.plugin]


def test_an_installed_plugin_works_as_a_file_does(installed: str, tmp_path: Path) -> None:
    monorepo(tmp_path / "one")
    monorepo(tmp_path / "two", {"plugins/mine.py": SOURCE}, options=f'plugins_off = ["{installed}"]')
    assert order(tmp_path / "one") == [("purge", "purge-cache")]
    assert order(tmp_path / "two") == [("purge", "mine")]
    named = [
        [check.name for check in loaded(tmp_path / name).checks("production")] for name in ("one", "two")
    ]
    assert named[0] == named[1] == ["quiet"]


def loaded(root: Path) -> extensions.Extensions:
    from release.config import load

    return extensions.load(load(root))


def test_an_installed_plugin_tells_its_version_and_package(installed: str, tmp_path: Path) -> None:
    (plugin,) = extensions.load(monorepo(tmp_path / "repo")).plugins
    assert (plugin.name, plugin.version, plugin.origin) == (installed, "1.2.0", "package cms-purge")


def test_an_installed_plugin_that_cannot_be_imported_is_named_with_its_package(
    installed: str, tmp_path: Path
) -> None:
    (tmp_path / "site" / "cms_purge_plugin.py").write_text("import nowhere_at_all\n")
    with pytest.raises(UsageError) as raised:
        extensions.load(monorepo(tmp_path / "repo"))
    assert raised.value.what.startswith("The plugin purge-cache (package cms-purge) cannot be imported")
    assert f'plugins_off = ["{installed}"]' in raised.value.advice


def test_a_plugin_that_is_turned_off_is_not_even_imported(tmp_path: Path) -> None:
    options = 'plugins_off = ["mine", "elsewhere-installed"]'
    found = extensions.load(monorepo(tmp_path, {"plugins/mine.py": "raise SystemError"}, options=options))
    assert found.plugins == ()
    assert [(one.name, one.origin) for one in found.off] == [("mine", "plugins/mine.py")]


def test_a_misspelt_name_turns_nothing_off_and_is_refused_with_its_line(tmp_path: Path) -> None:
    config = monorepo(tmp_path, {"plugins/mine.py": SOURCE}, options='plugins_off = ["mien"]')
    with pytest.raises(UsageError, match='there is no plugin "mien"; did you mean "mine"') as raised:
        extensions.load(config)
    assert raised.value.what.startswith("pyproject.toml:3: tool.release.plugins_off[0]: ")


def test_settings_of_a_plugin_that_does_not_exist_are_refused(tmp_path: Path) -> None:
    config = monorepo(tmp_path, {"plugins/mine.py": SOURCE}, settings="[tool.release.plugin.mien]\na = 1")
    with pytest.raises(UsageError, match=r'plugin\.mien: there is no plugin "mien"; did you mean'):
        extensions.load(config)


class Fridays(Value, frozen=True, kw_only=True):
    """Settings of a plugin."""

    days: tuple[str, ...] = ("friday",)
    hours: int = 24


def test_a_plugin_gets_its_settings_as_its_own_type(tmp_path: Path) -> None:
    settings = '[tool.release.plugin.mine]\ndays = ["monday"]\nnote = """two\nlines"""'
    config = monorepo(tmp_path, {"plugins/mine.py": SOURCE}, settings.replace("note", "#")[:52])
    assert config.plugin_settings("mine", Fridays) == Fridays(days=("monday",))
    assert config.plugin_settings("other", Fridays) == Fridays()


def test_wrong_settings_are_all_named_with_their_lines(tmp_path: Path) -> None:
    settings = '[tool.release.plugin.mine]\ndayz = ["monday"]\nhours = "many"'
    config = monorepo(tmp_path, {"plugins/mine.py": SOURCE}, settings)
    with pytest.raises(UsageError) as raised:
        config.plugin_settings("mine", Fridays)
    first, second = raised.value.what.splitlines()
    assert first.endswith('tool.release.plugin.mine.dayz: unknown key; did you mean "days"?')
    assert second.endswith("tool.release.plugin.mine.hours: expected a whole number, found 'many'")


def test_settings_may_hold_text_of_several_lines(tmp_path: Path) -> None:
    settings = '[tool.release.plugin.mine]\nnote = """two\nlines"""'
    assert monorepo(tmp_path, {"plugins/mine.py": SOURCE}, settings).plugin["mine"]["note"] == "two\nlines"


def test_a_hook_gets_the_environment_variables_that_the_run_has(tmp_path: Path) -> None:
    source = "from release import hookimpl\n@hookimpl\ndef release_finished(environ):\n    raise OSError(environ['WHO'])\n"
    config = monorepo(tmp_path, {"plugins/mine.py": source})
    found = extensions.load(config, environ={"WHO": "ada"})
    (said,) = found.tell("release_finished", release=None, outcome="nothing", ended=None)
    assert said.endswith("raised OSError: ada")
    assert "ada" not in repr(found)


def test_inv_plugins_tells_version_origin_hooks_and_places(installed: str, tmp_path: Path) -> None:
    options = 'plugins_off = ["mine"]'
    monorepo(tmp_path / "repo", {"plugins/mine.py": SOURCE}, options=options)
    told = list(flow.lines(flow.read(tmp_path / "repo")))
    at = told.index("purge-cache 1.2.0  package cms-purge")
    assert told[at + 1 : at + 4] == [
        "  hooks    release_checks, release_steps",
        "  checks   quiet",
        "  step     purge, after smoke",
    ]
    assert "mine               plugins/mine.py: turned off" in told
    assert "   8 purge   (purge-cache)" in told
    assert [line for line in told if line.endswith(":")] == ["production:", "staging:"]


def test_inv_plugins_as_json_has_the_same_facts(installed: str, tmp_path: Path) -> None:
    monorepo(tmp_path / "repo")
    told = flow.as_json(flow.read(tmp_path / "repo"))
    own = next(one for one in told["plugins"] if one["name"] == installed)
    assert (own["version"], own["origin"]) == ("1.2.0", "package cms-purge")
    assert own["steps"] == [{"name": "purge", "place": "after smoke"}]
    assert told["sequences"]["production"][7] == {"step": "purge", "plugin": "purge-cache"}
    assert told["off"] == []


TARGET = """
from release import hookimpl
from release.config import Command
from release.target import NpmTarget

@hookimpl
def release_targets(config):
    return [NpmTarget(name="NAME", folder="packages/docs", tag="docs-v{version}", test=(Command(run=("true",)),))]
"""


@pytest.mark.hook("release_targets")
def test_a_target_is_listed_with_its_plugin_and_its_steps(tmp_path: Path) -> None:
    monorepo(tmp_path, {"plugins/docs.py": TARGET.replace("NAME", "docs")})
    told = list(flow.lines(flow.read(tmp_path)))
    assert "  targets  docs" in told
    assert "   5 publish" in told[told.index("docs:") :]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Docs", "The plugin docs (plugins/docs.py)'s target has the name"),
        (
            "staging",
            'The plugin docs (plugins/docs.py) calls a target "staging", as an environment is called',
        ),
    ],
)
def test_a_target_that_cannot_be_released_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(UsageError) as raised:
        extensions.load(monorepo(tmp_path, {"plugins/docs.py": TARGET.replace("NAME", name)})).targets()
    assert raised.value.what.startswith(words)


def test_a_step_beside_a_worker_is_left_out_where_a_package_is_published(tmp_path: Path) -> None:
    sources = {"plugins/docs.py": TARGET.replace("NAME", "docs"), "plugins/mine.py": SOURCE}
    monorepo(
        tmp_path,
        {
            path: source.replace(' if environment == "production" else []', "")
            for path, source in sources.items()
        },
    )
    found = flow.read(tmp_path).sequences
    assert {name: [one.step for one in places if one.plugin] for name, places in found.items()} == {
        "production": ["purge"],
        "staging": ["purge"],
        "docs": [],
    }


def test_the_built_in_checks_are_a_plugin_like_any_other(tmp_path: Path) -> None:
    found = extensions.load(monorepo(tmp_path), (checks,))
    assert (found.plugins[0].name, found.hooks_of(found.plugins[0])) == (
        "release.checks",
        ("release_checks",),
    )
