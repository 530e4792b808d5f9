"""What `inv init` proposes as a worker's `build`, and how releases are tagged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

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
LOCKS = {
    "npm": "package-lock.json",
    "pnpm": "pnpm-lock.yaml",
    "yarn": "yarn.lock",
    "bun": "bun.lock",
}


def proposed(root: Path, files: Mapping[str, object], *tags: str, **answers: str) -> Proposal:
    """What `inv init --yes` proposes for these files."""
    texts = {name: one if isinstance(one, str) else json.dumps(one) for name, one in files.items()}
    repository = look(made(root, texts, *tags), ENVIRON)
    return propose(repository, Interview({**ANSWERS, **answers}, None, guessing=True).ask)


def worker(**package: Any) -> dict[str, object]:  # noqa: ANN401 - a package.json's own
    """A worker in apps/web whose code is in git."""
    return {
        "apps/web/package.json": {"name": "web", "version": "1.0.0", **package},
        "apps/web/wrangler.json": {"name": "web", "main": "src/index.ts"},
        "apps/web/src/index.ts": "",
    }


def built(proposal: Proposal) -> list[str] | None:
    found: list[str] | None = proposal.settings["workers"][0].get("build")
    return found


CORE = {
    "packages/core/package.json": {
        "name": "@acme/core",
        "scripts": {"build": "tsc"},
        "exports": {".": {"types": "./dist/index.d.ts", "import": "./dist/index.js"}},
        "dependencies": {"@acme/base": "workspace:*"},
    },
    "packages/base/package.json": {
        "name": "@acme/base",
        "scripts": {"build": "tsc"},
        "main": "lib",
    },
    "packages/plain/package.json": {"name": "@acme/plain", "main": "src/index.ts"},
    "packages/plain/src/index.ts": "",
}
USES = worker(dependencies={"@acme/core": "workspace:*", "@acme/plain": "*", "hono": "^4"})


@pytest.mark.parametrize(
    ("lock", "more", "command"),
    [
        ("pnpm", {}, "pnpm --filter=@acme/base --filter=@acme/core run build"),
        ("npm", {}, "npm run build --workspace=@acme/base --workspace=@acme/core"),
        ("bun", {}, "bun run --filter=@acme/base --filter=@acme/core build"),
        (
            "pnpm",
            {"turbo.json": {}},
            "pnpm exec turbo run build --filter=@acme/base... --filter=@acme/core...",
        ),
        ("npm", {"nx.json": {}}, "npm exec -- nx run-many --target=build --projects=@acme/base,@acme/core"),
    ],
)
def test_packages_that_git_has_only_unbuilt_are_built_first(
    tmp_path: Path, lock: str, more: dict[str, object], command: str
) -> None:
    proposal = proposed(tmp_path, {**USES, **CORE, **more, LOCKS[lock]: "{}"})
    assert built(proposal) == command.split()
    assert any("uses @acme/base, @acme/core, which git has only unbuilt" in one for one in proposal.notes)


def test_yarn_builds_one_after_the_other(tmp_path: Path) -> None:
    said = "yarn workspace @acme/base run build && yarn workspace @acme/core run build"
    assert built(proposed(tmp_path, {**USES, **CORE, "yarn.lock": ""})) == ["sh", "-c", said]


def test_what_is_in_git_needs_no_build(tmp_path: Path) -> None:
    there = {"packages/core/dist/index.js": "", "packages/base/lib/index.js": ""}
    assert built(proposed(tmp_path, {**USES, **CORE, **there})) is None


def test_packages_that_use_each_other_end(tmp_path: Path) -> None:
    ring = {**CORE, "packages/base/package.json": {"name": "@acme/base", "dependencies": {"@acme/core": "*"}}}
    found = built(proposed(tmp_path, {**USES, **ring, "pnpm-lock.yaml": ""}))
    assert found == ["pnpm", "--filter=@acme/core", "run", "build"]


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        (
            {"deploy": "CLOUDFLARE_ENV=production pnpm run build:prod && wrangler deploy"},
            ["pnpm", "run", "build:prod"],
        ),
        ({"deploy": "cross-env CLOUDFLARE_ENV=prod vite build && npx wrangler deploy"}, ["vite", "build"]),
        ({"deploy": "a && b && wrangler deploy --minify"}, ["sh", "-c", "a && b"]),
        ({"deploy": "MODE=live vite build && wrangler deploy"}, ["sh", "-c", "MODE=live vite build"]),
        (
            {"deploy:staging": "s && wrangler deploy", "deploy:production": "p && wrangler deploy"},
            ["p"],
        ),
        ({"predeploy": "make", "deploy": "wrangler deploy"}, ["npm", "run", "predeploy"]),
        (
            {"deploy": "opennextjs-cloudflare build && opennextjs-cloudflare deploy"},
            ["opennextjs-cloudflare", "build"],
        ),
        ({"deploy": "wrangler deploy"}, None),
        ({"deploy": "vite build && rsync dist host"}, None),
    ],
)
def test_the_deploy_script_tells_the_build(
    tmp_path: Path, scripts: dict[str, str], command: list[str] | None
) -> None:
    assert built(proposed(tmp_path, worker(scripts=scripts))) == command


@pytest.mark.parametrize(
    ("settings", "package", "is_built"),
    [
        ({"assets": {"directory": "./dist"}}, {}, True),
        ({"assets": {"directory": "./src"}}, {}, False),
        ({"assets": {"binding": "ASSETS"}}, {}, False),
        ({}, {"devDependencies": {"@cloudflare/vite-plugin": "^1"}}, True),
        ({}, {}, False),
    ],
)
def test_assets_and_a_configuration_that_only_a_build_makes_are_built(
    tmp_path: Path,
    settings: dict[str, object],
    package: dict[str, object],
    is_built: bool,  # noqa: FBT001
) -> None:
    files = worker(scripts={"build": "vite build"}, **package)
    files["apps/web/wrangler.json"] = {"name": "web", "main": "src/index.ts", **settings}
    assert built(proposed(tmp_path, files)) == (["npm", "run", "build"] if is_built else None)


@pytest.mark.parametrize(
    ("scripts", "command"),
    [
        ({"postinstall": "prisma generate"}, ["npm", "run", "postinstall"]),
        (
            {"prepare": "panda codegen", "deploy": "vite build && wrangler deploy"},
            ["sh", "-c", "npm run prepare && vite build"],
        ),
        ({"prepare": "husky", "postinstall": "wrangler types"}, None),
    ],
)
def test_what_no_install_runs_the_build_does(
    tmp_path: Path, scripts: dict[str, str], command: list[str] | None
) -> None:
    proposal = proposed(tmp_path, worker(scripts=scripts))
    assert built(proposal) == command
    before = [one["run"] for one in proposal.settings["test"]["commands"] if one.get("cwd") == "apps/web"]
    assert before == [["npm", "run", name] for name in scripts if command and name != "deploy"]
    assert any("no script of a package runs at install" in note for note in proposal.notes) is bool(command)


def test_both_are_built_in_order(tmp_path: Path) -> None:
    own = worker(dependencies={"@acme/base": "*"}, scripts={"deploy": "vite build && wrangler deploy"})
    found = built(proposed(tmp_path, {**own, **CORE, "pnpm-lock.yaml": ""}))
    assert found == ["sh", "-c", "pnpm --filter=@acme/base run build && vite build"]


def test_of_two_lockfiles_the_named_program_builds(tmp_path: Path) -> None:
    two = {"package.json": {"packageManager": "pnpm@9.1.0"}, "package-lock.json": "{}", "pnpm-lock.yaml": ""}
    found = built(proposed(tmp_path, {**USES, **CORE, **two}))
    assert found is not None
    assert found[0] == "pnpm"


def test_a_tag_pattern_can_be_said(tmp_path: Path) -> None:
    proposal = proposed(tmp_path, worker(), tag="web/{version}")
    assert proposal.settings["app"]["tag"] == "web/{version}"


def test_a_name_that_is_too_long_for_a_tag_is_left_out_of_it(tmp_path: Path) -> None:
    name = "a-very-long-name-of-a-worker-for-cloudflare"
    found = {
        f"apps/{name}/{path.rpartition('/')[2]}": one for path, one in worker().items() if "src" not in path
    }
    more = {f"apps/{name}/src/index.ts": "", "package.json": manifest("root")}
    proposal = proposed(tmp_path, {**found, **more})
    assert proposal.settings["app"]["tag"] == "v{version}"


@pytest.mark.parametrize("said", ["v1.2.3", "{version}-{version}"])
def test_what_is_no_tag_pattern_is_refused(tmp_path: Path, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        proposed(tmp_path, worker(), tag=said)
    assert "--answer tag=web-v{version}" in refused.value.advice


def test_tags_with_a_number_that_no_package_has_are_asked_about_and_named(tmp_path: Path) -> None:
    root = made(tmp_path, {**{name: json.dumps(one) for name, one in worker().items()}}, "v3.1.0")
    interview = Interview(ANSWERS, None, guessing=False)
    propose(look(root, ENVIRON), interview.ask)
    (asked,) = [one for one in interview.missing if one.key == "tag"]
    assert "The newest tag is v3.1.0, and no package.json has that version" in asked.text
    taken = propose(look(root, ENVIRON), Interview(ANSWERS, None, guessing=True).ask)
    assert taken.settings["app"]["tag"] == "v{version}"
    assert any("Releases of web go on from v3.1.0" in note for note in taken.notes)


def test_tags_with_the_number_of_the_app_are_taken_without_a_question(tmp_path: Path) -> None:
    root = made(tmp_path, {name: json.dumps(one) for name, one in worker().items()}, "v1.0.0")
    interview = Interview(ANSWERS, None, guessing=False)
    assert propose(look(root, ENVIRON), interview.ask).settings["app"]["tag"] == "v{version}"
    assert interview.missing == []


def test_a_repository_without_a_version_offers_one(tmp_path: Path) -> None:
    files = {"wrangler.json": {"name": "a", "main": "a.js"}, "a.js": "", "package.json": manifest("a")}
    assert proposed(tmp_path, files).changed["package.json"].startswith('{\n  "name": "a",\n  "version"')
