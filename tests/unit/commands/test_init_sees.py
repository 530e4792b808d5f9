"""`inv init` sees what is in a monorepo: each test reads the configuration that comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.commands.init import files
from release.commands.init.questions import Interview
from release.config import load
from release.errors import USAGE, UsageError
from release.model.health import rule_of
from tests.unit.monorepos import (
    ENVIRON,
    made,
    manifest,
    npm_workspaces,
    pnpm_monorepo,
    toml_worker,
    wrangler,
    yarn_workspaces,
)

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

URL = {"url.production": "https://shop.example.com"}
BOTH = {**URL, "url.staging": "https://staging.shop.example.com/"}


def adopted(root: Path, answers: dict[str, str] | None = None) -> tuple[Config, tuple[str, ...]]:
    """The configuration that `inv init --yes` writes, and its notes."""
    adoption = files.prepare(root, ENVIRON, Interview(answers or {}, None, guessing=True))
    files.write(root, adoption.files)
    return load(root), adoption.notes


def test_npm_workspaces_need_no_answer_at_all(tmp_path: Path) -> None:
    config, notes = adopted(made(tmp_path, npm_workspaces()))
    assert [(one.name, one.path, config.placed(one.name, "production").script) for one in config.workers] == [
        ("queue", "apps/queue", "acme-queue-production"),
        ("web", "apps/web", "acme-web-production"),
    ]
    assert (config.app.name, config.app.manifest, config.app.tag) == (
        "web",
        "apps/web/package.json",
        "web-v{version}",
    )
    assert config.app.bump_also[0].key == ("packages", "apps/web", "version")
    assert [" ".join(one.run) for one in config.test.commands] == [
        "npm run build",
        "npm run test",
        "npm run lint",
    ]
    assert config.database is not None
    assert (config.database.worker, config.database.migrations) == ("web", "apps/web/migrations")
    found = {name: (one.url, one.database, rule_of(one).path) for name, one in config.environments.items()}
    assert found == {
        "production": ("https://acme.example.com", "acme-production", "/healthz"),
        "staging": ("https://staging.acme.example.com", "acme-staging", "/healthz"),
    }
    assert [note for note in notes if "dev" in note] == [
        "apps/queue: no release to dev; add it to [tool.release.environments] if there should be."
    ]


def test_yarn_workspaces_with_a_script_that_deploys(tmp_path: Path) -> None:
    root = made(tmp_path, yarn_workspaces(), branch="master")
    config, notes = adopted(root, {**URL, "health": "/health"})
    (worker,) = config.workers
    assert (worker.script, worker.build, worker.deploy) == ("", ("vite", "build"), ())
    assert config.environment("production").wrangler == "prod"
    assert config.placed("shop", "production").script == "shop-prod"
    assert (config.branch, config.test.commands[0].run) == ("master", ("yarn", "run", "test"))
    assert any(
        'not the script deploy:prod ("vite build && wrangler deploy --env prod")' in note for note in notes
    )
    assert any("No environment for staging" in note for note in notes)


def test_pnpm_in_a_folder_of_its_own(tmp_path: Path) -> None:
    config, notes = adopted(made(tmp_path, pnpm_monorepo()), {**BOTH, "health": "/api/health"})
    (worker,) = config.workers
    assert (worker.path, worker.build) == ("site/apps/web", ("pnpm", "run", "build"))
    assert [(one.run, one.cwd) for one in config.test.commands] == [(("pnpm", "run", "lint"), "site")]
    assert (config.app.manifest, config.rehearsal.install_in) == ("site/package.json", "site")
    assert config.environment("staging").url == "https://staging.shop.example.com"
    assert (
        "site/apps/lab is left out: its wrangler configuration does not have production and staging." in notes
    )


def test_a_worker_in_toml_beside_other_tools(tmp_path: Path) -> None:
    root = made(tmp_path, toml_worker(), "v1.3.0", "v1.4.0", "nightly")
    before = (root / "pyproject.toml").read_text("utf-8")
    config, _ = adopted(root)
    assert (root / "pyproject.toml").read_text("utf-8").startswith(before)
    assert (config.app.name, config.app.tag, config.workers[0].path) == ("hook", "v{version}", ".")
    assert [entry.key for entry in config.app.bump_also] == [("version",), ("packages", "", "version")]
    assert config.database is not None
    assert config.database.migrations == "sql"
    assert config.environment("production").url == "https://hook.example.com"


@pytest.mark.parametrize(
    ("tags", "pattern"),
    [
        ((), "web-v{version}"),
        (("v2.0.0", "api-v9.0.0"), "v{version}"),
        (("v1.0.0", "api-v9.0.0"), "web-v{version}"),
        (("v1.0.0", "web-v0.9.0"), "web-v{version}"),
        (("web@1.0.0",), "web@{version}"),
        (("2.0.0",), "{version}"),
        (("release-candidate",), "web-v{version}"),
    ],
)
def test_tags_go_on_as_they_were_named(tmp_path: Path, tags: tuple[str, ...], pattern: str) -> None:
    config, _ = adopted(made(tmp_path, npm_workspaces(), *tags))
    assert config.app.tag == pattern


def loose_workers() -> dict[str, str]:
    """Three workers that no binding joins."""
    places = {"production": {"route": "a.example.com/*"}}
    return {
        "package.json": manifest("a", "1.0.0", test="true"),
        **{f"{name}/wrangler.json": wrangler(name, "index.js", places) for name in ("a", "b", "c")},
    }


@pytest.mark.parametrize(
    ("answers", "names"),
    [({}, ["a", "b", "c"]), ({"workers": "c, a"}, ["c", "a"]), ({"workers": "b"}, ["b"])],
)
def test_workers_that_no_binding_joins_are_asked_for(
    tmp_path: Path, answers: dict[str, str], names: list[str]
) -> None:
    config, _ = adopted(made(tmp_path, loose_workers()), {"health": "/healthz", **answers})
    assert [one.name for one in config.workers] == names
    assert config.app.name == names[-1]


@pytest.mark.parametrize("said", ["a,d", "a,a", ","])
def test_workers_that_are_not_there_or_twice_are_refused(tmp_path: Path, said: str) -> None:
    assert "names no workers" in refused(made(tmp_path, loose_workers()), workers=said)


def refused(root: Path, **answers: str) -> str:
    with pytest.raises(UsageError) as caught:
        files.prepare(root, ENVIRON, Interview(answers, None, guessing=True))
    assert caught.value.exit_code == USAGE
    assert caught.value.advice
    return caught.value.what


def test_a_repository_without_workers_is_told_so(tmp_path: Path) -> None:
    root = made(tmp_path, {"package.json": "{}"})
    assert refused(root) == (
        "There is no wrangler configuration in this repository: none of wrangler.json, wrangler.jsonc, wrangler.toml."
    )


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("wrangler.jsonc", '{ "name": "a" ', "wrangler.jsonc cannot be read"),
        ("wrangler.toml", "name = ", "wrangler.toml cannot be read"),
        ("wrangler.json", "[]", "wrangler.json cannot be read: not a table"),
        ("wrangler.json", "{}", "No configuration has a main or assets."),
        ("wrangler.json", '{ "main": "a.js" }', "has no name; it is left out."),
        ("wrangler.json", '{ "name": "a", "d1_databases": [] }', "--answer test=..."),
    ],
)
def test_a_worker_that_cannot_be_released_is_told_why(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    assert said in refused(made(tmp_path, {name: text}))


def test_scripts_that_no_pattern_names_are_read_from_wranglers_configuration(tmp_path: Path) -> None:
    text = '{ "name": "a", "env": { "production": { "name": "shop" }, "staging": { "name": "shop-test" } } }'
    root = made(
        tmp_path, {"wrangler.json": text, "package.json": '{ "version": "1.0.0" }', "package-lock.json": "{}"}
    )
    config, _ = adopted(root, {**BOTH, "test": "true"})
    found = [config.placed("a", name).script for name in ("production", "staging")]
    assert found == ["shop", "shop-test"]


def test_a_folder_that_is_no_repository_or_only_a_part_of_one_is_refused(tmp_path: Path) -> None:
    root = made(tmp_path / "root", npm_workspaces())
    assert "is a folder of a repository" in refused(root / "apps")
    (tmp_path / "none").mkdir()
    assert "is in no git repository" in refused(tmp_path / "none")


def test_an_environment_of_another_name_is_asked_for(tmp_path: Path) -> None:
    text = '{ "name": "a", "env": { "eu": { "route": "a.example.com/*" }, "us": {} } }'
    root = made(
        tmp_path,
        {"wrangler.json": text, "package.json": '{ "version": "1.0.0", "scripts": { "test": "true" } }'},
    )
    assert refused(root, production="asia").startswith(
        'Unknown answer to production "asia". Use one of: eu, us'
    )
    config, _ = adopted(root, {"production": "eu", "health": "/healthz"})
    assert config.environment("production").wrangler == "eu"
