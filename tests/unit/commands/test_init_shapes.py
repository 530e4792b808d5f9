"""`inv init` in monorepos of every shape: where production is, which files describe it, what lies beside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from release.commands.init import adopted_root, files, packaged
from release.commands.init.proposal import propose
from release.commands.init.questions import Interview
from release.commands.init.repository import look
from release.errors import UsageError
from tests.unit.monorepos import ENVIRON, made, manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.commands.init.proposal import Proposal

ANSWERS = {"url.production": "https://a.example.com", "health": "none", "test": "true"}
PACKAGE = manifest("site", "1.2.0", test="vitest run")
CODE = {"name": "site", "main": "src/index.ts"}


def proposed(root: Path, files_: Mapping[str, object], *tags: str, **answers: str) -> Proposal:
    """What `inv init --yes` proposes for these files."""
    texts = {
        name: text if isinstance(text, str) else json.dumps(text)
        for name, text in {"package.json": PACKAGE, **files_}.items()
    }
    repository = look(made(root, texts, *tags), ENVIRON)
    said = {key.replace("__", "."): value for key, value in answers.items()}
    return propose(repository, Interview({**ANSWERS, **said}, None, guessing=True).ask)


def environments(proposal: Proposal) -> dict[str, Any]:
    """The tables of the environments without the addresses."""
    return {
        name: {key: value for key, value in table.items() if key not in {"url", "health"}}
        for name, table in proposal.settings["environments"].items()
    }


@pytest.mark.parametrize(
    ("configurations", "answers", "expected"),
    [
        ({"wrangler.jsonc": CODE}, {}, {"production": {"top_level": True}}),
        (
            {"wrangler.jsonc": {**CODE, "env": {"staging": {}}}},
            {"url__staging": "https://s.example.com"},
            {"production": {"top_level": True}, "staging": {}},
        ),
        (
            {"wrangler.jsonc": {**CODE, "env": {"preview": {}}}},
            {"url__preview": "https://p.example.com"},
            {"production": {"top_level": True}, "preview": {}},
        ),
        ({"wrangler.jsonc": {**CODE, "env": {"dev": {}}}}, {}, {"production": {"top_level": True}}),
        ({"wrangler.jsonc": {**CODE, "env": {"live": {}}}}, {}, {"production": {"wrangler": "live"}}),
        (
            {"wrangler.jsonc": {**CODE, "env": {"mainnet": {}, "calibration": {}}}},
            {"production": "mainnet", "url__calibration": "https://c.example.com"},
            {"production": {"wrangler": "mainnet"}, "calibration": {}},
        ),
        (
            {"wrangler.jsonc": {"main": "a.js", "env": {"production": {"name": "w-production"}}}},
            {},
            {"production": {}},
        ),
        (
            {"wrangler.jsonc": CODE, "wrangler.production.jsonc": {**CODE, "name": "site-live"}},
            {},
            {"production": {"config": "wrangler.production.jsonc"}},
        ),
        (
            {
                "wrangler.toml": 'name = "site"\nmain = "a.py"\n',
                "wrangler-e2e.toml": 'name = "e2e"\nmain = "a.py"\n',
            },
            {},
            {"production": {"top_level": True}},
        ),
    ],
)
def test_production_is_found_where_it_is(
    tmp_path: Path, configurations: dict[str, object], answers: dict[str, str], expected: dict[str, Any]
) -> None:
    assert environments(proposed(tmp_path, configurations, **answers)) == expected


def test_where_commits_are_tried_may_have_any_name_and_goes_to_the_checklist(tmp_path: Path) -> None:
    worker = {**CODE, "env": {"calibration": {}}}
    proposal = proposed(tmp_path, {"wrangler.json": worker}, url__calibration="https://c.example.com")
    assert proposal.settings["checklist"] == {"environment": "calibration"}


def test_one_folder_that_cannot_be_read_stops_nobody(tmp_path: Path) -> None:
    proposal = proposed(
        tmp_path, {"wrangler.json": CODE, "old/wrangler.toml": "name = ", "new/wrangler.json": "[]"}
    )
    assert [one["path"] for one in proposal.settings["workers"]] == ["."]
    assert sum("cannot be read" in note for note in proposal.notes) == 2


@pytest.mark.parametrize(
    "path",
    [
        "templates/blog",
        "packages/create-site/templates/basic",
        "examples/a",
        "mock-server",
        "tests/fixtures/w",
    ],
)
def test_templates_and_examples_are_offered_and_not_taken(tmp_path: Path, path: str) -> None:
    extra = {f"{path}/wrangler.json": {"name": "extra", "main": "a.js"}}
    proposal = proposed(tmp_path, {"wrangler.json": CODE, **extra})
    assert [one["path"] for one in proposal.settings["workers"]] == ["."]
    assert any(note.startswith(f"{path} is left out") for note in proposal.notes)
    name = path.rpartition("/")[2]
    both = proposed(tmp_path / "again", {"wrangler.json": CODE, **extra}, workers=f"{name},site")
    assert [one["path"] for one in both.settings["workers"]] == [path, "."]


def test_a_pages_project_is_no_worker(tmp_path: Path) -> None:
    proposal = proposed(
        tmp_path,
        {"wrangler.json": CODE, "docs/wrangler.toml": 'name = "docs"\npages_build_output_dir = "dist"\n'},
    )
    assert any("docs is a Pages project" in note for note in proposal.notes)


def test_a_folder_that_is_deployed_to_pages_is_no_worker(tmp_path: Path) -> None:
    pages = {
        "web/wrangler.toml": 'name = "web"\n[site]\nbucket = "./dist"\npages_build_output_dir = "dist"\n',
        "web/package.json": manifest("web", None, deploy="wrangler pages deploy dist"),
    }
    proposal = proposed(tmp_path, {"wrangler.json": CODE, **pages})
    assert [one["path"] for one in proposal.settings["workers"]] == ["."]
    assert any("web is a Pages project" in note for note in proposal.notes)


def d1(name: str, binding: str = "DB", **more: str) -> dict[str, str]:
    return {"binding": binding, "database_name": name, **more}


def test_a_folder_of_migrations_is_no_worker_and_its_files_are_found(tmp_path: Path) -> None:
    proposal = proposed(
        tmp_path,
        {
            "api/wrangler.json": {**CODE, "d1_databases": [d1("site")]},
            "db/wrangler.toml": '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "site"\nmigrations_dir = "sql"\n',
            "db/sql/0001_a.sql": "CREATE TABLE a (b);",
        },
    )
    assert proposal.settings["database"] == {
        "worker": "api",
        "migrations": "db/sql",
        "config": "db/wrangler.toml",
    }
    assert [one["path"] for one in proposal.settings["workers"]] == ["api"]


def test_several_databases_are_a_list(tmp_path: Path) -> None:
    bound = [d1("main", "DB"), d1("audit", "AUDIT_DB", migrations_dir="audit")]
    proposal = proposed(
        tmp_path,
        {
            "wrangler.json": {**CODE, "d1_databases": bound},
            "migrations/0001_a.sql": "CREATE TABLE a (b);",
            "audit/0001_b.sql": "CREATE TABLE b (c);",
        },
    )
    assert "database" not in proposal.settings
    assert proposal.settings["databases"] == [
        {"name": "db", "worker": "site", "binding": "DB", "migrations": "migrations"},
        {"name": "audit-db", "worker": "site", "binding": "AUDIT_DB", "migrations": "audit"},
    ]
    assert proposal.settings["environments"]["production"].get("database") is None


def test_the_app_is_the_worker_that_people_see(tmp_path: Path) -> None:
    """The last by name is a cron; the site has the routes, the version and the tags."""
    workers = {
        "apps/site/wrangler.json": {**CODE, "routes": ["a.example.com/*"]},
        "apps/zcron/wrangler.json": {"name": "zcron", "main": "a.js"},
        "apps/site/package.json": PACKAGE,
    }
    proposal = proposed(tmp_path, workers)
    assert [one["name"] for one in proposal.settings["workers"]] == ["zcron", "site"]
    assert proposal.settings["app"]["name"] == "site"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (("v3.0.0",), "site-v{version}"),
        (("v1.2.0",), "v{version}"),
        (("v9.9.9",), "v{version}"),
        (("v3.0.0", "site@1.2.0"), "site@{version}"),
    ],
)
def test_a_tag_of_another_package_is_left_to_it(tmp_path: Path, tags: tuple[str, ...], expected: str) -> None:
    """The published library has 3.0.0, the site 1.2.0."""
    some = {
        "site/wrangler.json": CODE,
        "site/package.json": PACKAGE,
        "lib/package.json": manifest("lib", "3.0.0"),
    }
    assert proposed(tmp_path, {"package.json": "{}", **some}, *tags).settings["app"]["tag"] == expected


@pytest.mark.parametrize(
    ("text", "after"),
    [
        (
            '{\n  "name": "site",\n  "private": true\n}\n',
            '{\n  "name": "site",\n  "version": "0.1.0",\n  "private": true\n}\n',
        ),
        ('{ "private": true }', '{ "version": "0.1.0", "private": true }'),
        ("{}", '{"version": "0.1.0"}'),
        (None, '{\n  "name": "site",\n  "private": true,\n  "version": "0.1.0"\n}\n'),
    ],
)
def test_where_no_manifest_has_a_version_one_is_offered(tmp_path: Path, text: str | None, after: str) -> None:
    root = made(tmp_path, {"wrangler.json": json.dumps(CODE), **({"package.json": text} if text else {})})
    proposal = propose(look(root, ENVIRON), Interview(ANSWERS, None, guessing=True).ask)
    assert proposal.changed == {"package.json": after}
    assert json.loads(after)["version"] == "0.1.0"
    assert proposal.settings["app"]["manifest"] == "package.json"


def test_a_version_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a semantic version"):
        proposed(tmp_path, {"package.json": "{}", "wrangler.json": CODE}, version="v1")


PUSH = "on:\n  push:\n    branches: [main]\njobs:\n  deploy:\n    steps:\n      - run: {run}\n"


@pytest.mark.parametrize(
    ("workflow", "line"),
    [
        (PUSH.format(run="npx wrangler deploy --env production"), 7),
        (PUSH.format(run="pnpm --filter site run deploy:prod"), 7),
        (PUSH.replace("run: {run}", "uses: cloudflare/wrangler-action@v3"), 7),
        (PUSH.format(run="bun run deploy"), 7),
        (PUSH.format(run="npm test"), None),
        (PUSH.format(run="npx wrangler deploy").replace("push:", "workflow_dispatch:"), None),
        (PUSH.format(run="npm run x").replace("- run", "# - run: wrangler deploy\n      - run"), None),
    ],
)
def test_a_workflow_that_deploys_on_a_push_is_named_with_its_line(
    tmp_path: Path, workflow: str, line: int | None
) -> None:
    package = manifest("site", "1.2.0", test="true", deploy_prod="wrangler deploy")
    worker = json.dumps({**CODE, "env": {"production": {}}})
    some = {"package.json": package, "wrangler.json": worker, ".github/workflows/go.yml": workflow}
    answers = {key: value for key, value in ANSWERS.items() if key != "test"}
    adoption = files.prepare(made(tmp_path, some), ENVIRON, Interview(answers, None, guessing=True))
    found = [note for note in adoption.notes if note.startswith(".github/workflows/go.yml")]
    assert [note.partition(": ")[0] for note in found] == (
        [f".github/workflows/go.yml:{line}"] if line else []
    )


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (
            {"url": "https://git.example.com/cms-release", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "cms-release[rehearsal] @ git+https://git.example.com/cms-release@abc",
        ),
        (
            {
                "url": "https://files.example.com/cms_release-1.whl",
                "archive_info": {"hashes": {"sha256": "ff"}},
            },
            "cms-release[rehearsal] @ https://files.example.com/cms_release-1.whl#sha256=ff",
        ),
        (
            {"url": "file:///nowhere/at-all", "dir_info": {}},
            "cms-release[rehearsal] @ file:///nowhere/at-all",
        ),
    ],
)
def test_the_requirement_is_where_this_was_installed_from(origin: dict[str, Any], expected: str) -> None:
    assert packaged.of_origin(origin) == expected


def test_started_from_a_checkout_of_the_tool_init_acts_on_the_repository_it_is_typed_in(
    tmp_path: Path,
) -> None:
    tool, theirs = tmp_path / "tool", tmp_path / "theirs"
    for one in (tool / "docs", theirs):
        one.mkdir(parents=True)
    assert adopted_root(tool, theirs) == theirs
    assert adopted_root(tool, tool / "docs") == tool
