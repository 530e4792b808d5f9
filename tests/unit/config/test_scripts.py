"""Which script a worker is in an environment, read from wrangler files of every shape."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.config import load
from release.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

HEAD = '[tool.release]\napp = { name = "shop" }\n'
PRODUCTION = '[tool.release.environments.production]\nurl = "https://shop.example.com"\n'


def worker(name: str, *lines: str) -> str:
    return "\n".join(["[[tool.release.workers]]", f'name = "{name}"', f'path = "apps/{name}"', *lines, ""])


def configured(root: Path, text: str, files: dict[str, object]) -> Config:
    """The configuration of a repository with these files; what is no text is written as JSON."""
    (root / "pyproject.toml").write_text(HEAD + text)
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content if isinstance(content, str) else json.dumps(content))
    return load(root)


@pytest.mark.parametrize(
    ("said", "content", "script"),
    [
        ("", {"name": "w", "env": {"production": {"name": "w-live"}}}, "w-live"),
        ("", {"name": "w", "env": {"production": {}}}, "w-production"),
        ("", {"name": "w", "env": {"production": {"name": "w"}}}, "w"),
        ("", {"name": "w"}, "w-production"),
        ("", {"env": {"production": {"name": "w-production"}}}, "w-production"),
        ('wrangler = "mainnet"', {"name": "w", "env": {"mainnet": {}, "calibration": {}}}, "w-mainnet"),
        ("top_level = true", {"name": "w"}, "w"),
        ("top_level = true", {"name": "w", "env": {"production": {"name": "other"}}}, "w"),
    ],
)
def test_a_script_is_what_wrangler_would_name_it(
    tmp_path: Path, said: str, content: object, script: str
) -> None:
    config = configured(tmp_path, worker("api") + PRODUCTION + said, {"apps/api/wrangler.json": content})
    assert config.placed("api", "production").script == script


def test_a_toml_file_and_one_with_comments_are_read(tmp_path: Path) -> None:
    files: dict[str, object] = {
        "apps/api/wrangler.toml": 'name = "a"\n[env.production]\nname = "a-live"\n',
        "apps/web/wrangler.jsonc": '{ // the site\n "name": "b", "env": { "production": {}, }, }',
    }
    config = configured(tmp_path, worker("api") + worker("web") + PRODUCTION, files)
    assert [config.placed(name, "production").script for name in ("api", "web")] == ["a-live", "b-production"]


def test_the_root_is_a_worker(tmp_path: Path) -> None:
    text = '[[tool.release.workers]]\nname = "api"\n' + PRODUCTION + "top_level = true\n"
    config = configured(tmp_path, text, {"wrangler.jsonc": {"name": "rooted"}})
    assert config.placed("api", "production").script == "rooted"


def test_another_file_of_the_worker_or_of_the_environment(tmp_path: Path) -> None:
    text = worker("api") + worker("web", 'config = "deploy.toml"') + PRODUCTION
    files: dict[str, object] = {
        "apps/api/wrangler.jsonc": {"name": "api-dev"},
        "apps/api/wrangler.production.jsonc": {"name": "api-live"},
        "apps/web/wrangler.jsonc": {"name": "web-dev"},
        "apps/web/deploy.toml": 'name = "web-live"\n',
    }
    text += 'top_level = true\nconfig = "wrangler.production.jsonc"\n'
    config = configured(tmp_path, text, files)
    api, web = config.placed("api", "production"), config.placed("web", "production")
    assert (api.script, api.config) == ("api-live", "wrangler.production.jsonc")
    assert (web.script, web.config) == ("web-live", "deploy.toml")


def test_an_environment_with_a_file_of_its_own_is_the_top_level_of_it(tmp_path: Path) -> None:
    text = worker("api") + PRODUCTION + 'config = "wrangler.production.jsonc"\n'
    config = configured(tmp_path, text, {"apps/api/wrangler.production.jsonc": {"name": "live"}})
    assert config.environment("production").wrangler == ""
    assert config.placed("api", "production").script == "live"


def test_without_a_wrangler_file_or_with_an_own_deploy_command_the_default_stays(tmp_path: Path) -> None:
    text = worker("api") + worker("web", 'deploy = ["make", "deploy"]') + PRODUCTION
    config = configured(tmp_path, text, {"apps/web/wrangler.json": {"name": "other"}})
    scripts = [config.placed(name, "production").script for name in ("api", "web")]
    assert scripts == ["api-production", "web-production"]


def test_no_wrangler_file_is_read_before_a_script_is_asked_for(tmp_path: Path) -> None:
    config = configured(tmp_path, worker("api") + PRODUCTION, {"apps/api/wrangler.json": "{"})
    assert config.environment("production").wrangler == "production"


STAGING = '[tool.release.environments.calibration]\nurl = "https://c.example.com"\n'
BOTH = worker("api") + worker("web")


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        (
            worker("api"),
            {"apps/api/wrangler.jsonc": '{\n  "name": "w"\n  "main": "x"\n}'},
            "apps/api/wrangler.jsonc:3:3: not JSON",
        ),
        (
            worker("api"),
            {"apps/api/wrangler.toml": 'name = "w"\nmain = \n'},
            "apps/api/wrangler.toml:2:8: not TOML",
        ),
        (worker("api"), {"apps/api/wrangler.json": {"main": "x"}}, "apps/api/wrangler.json has no name"),
        (
            worker("api"),
            {"apps/api/wrangler.json": {"name": "w", "env": {"prod": {}}}},
            "has no environment production (it has: prod)",
        ),
        (
            BOTH,
            {
                "apps/api/wrangler.json": {"name": "w", "env": {"production": {}}},
                "apps/web/wrangler.json": {"name": "v"},
            },
            "apps/web/wrangler.json of the worker web has no environment production; apps/api/wrangler.json has it",
        ),
        (
            BOTH,
            {"apps/api/wrangler.json": {"name": "w"}, "apps/web/wrangler.json": {"name": "w"}},
            'share the script "w-production": worker api and worker web',
        ),
        (
            worker("api", 'script = "shop-{environment}"'),
            {"apps/api/wrangler.json": {"name": "w"}},
            'is "shop-production" in [tool.release] and "w-production" in apps/api/wrangler.json',
        ),
        (
            worker("api", 'config = "live.json"'),
            {"apps/api/wrangler.json": {"name": "w"}},
            "has no live.json in apps/api",
        ),
        (
            worker("api") + STAGING + "top_level = true\n",
            {"apps/api/wrangler.json": {"name": "w", "env": {"production": {"name": "w"}}}},
            "worker api in calibration",
        ),
    ],
)
def test_what_cannot_be_told_is_one_error_of_usage(
    tmp_path: Path, text: str, files: dict[str, object], said: str
) -> None:
    config = configured(tmp_path, text + PRODUCTION, files)
    with pytest.raises(UsageError) as raised:
        config.placed("api", "production")
    assert said in raised.value.what
    assert raised.value.advice


def test_a_file_that_stands_for_an_environment_is_not_replaced_by_another(tmp_path: Path) -> None:
    text = BOTH + PRODUCTION + 'config = "wrangler.production.json"\n'
    files: dict[str, object] = {
        "apps/api/wrangler.production.json": {"name": "live"},
        "apps/web/wrangler.json": {"name": "web-dev"},
    }
    with pytest.raises(UsageError, match=r"The worker web has no wrangler\.production\.json in apps/web"):
        configured(tmp_path, text, files).placed("api", "production")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            worker("api") + PRODUCTION + 'top_level = true\nwrangler = "prod"\n',
            "either the top level or wrangler",
        ),
        (
            worker("api", 'script = "s-{environment}"') + PRODUCTION + "top_level = true\n",
            "means nothing at the top level",
        ),
        (worker("api", 'config = "wrangler.yaml"') + PRODUCTION, "wrangler.production.jsonc"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        configured(tmp_path, text, {})


def test_a_broken_file_leaves_a_written_script_known(tmp_path: Path) -> None:
    text = worker("api", 'script = "s-{environment}"') + PRODUCTION
    config = configured(tmp_path, text, {"apps/api/wrangler.json": "{"})
    assert config.placed("api", "production").script == "s-production"
