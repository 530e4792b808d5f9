"""The packages of a stage's clone: by its lockfile's own program, once, and shared where they are the same."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from release.config import Rehearsal, load
from release.rehearsal import packages
from release.rehearsal.checkout import StageError
from release.rehearsal.stage import Stage
from release.systems.npm.managers import command_for
from release.systems.npm.node import wrangler

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config
    from release.testing import Double

NPM = ("npm", "ci", "--ignore-scripts")
WANTED = {"wrangler": {"integrity": "sha512-w"}, "miniflare": {"integrity": "sha512-m"}}


def lock(folder: Path, name: str, entries: dict[str, dict[str, Any]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    below = {f"node_modules/{path}": entry for path, entry in entries.items()}
    (folder / name).write_text(json.dumps({"packages": {"": {}, **below}}), "utf-8")


def keep(cache: Path, entries: dict[str, dict[str, Any]]) -> Path:
    """A kept tree that holds these packages, each with one file, and a shim for wrangler."""
    kept = cache / "packages-0123456789abcdef" / "node_modules"
    lock(kept, ".package-lock.json", entries)
    for name in entries:
        (kept / name).mkdir(parents=True)
        (kept / name / "index.js").write_text(name, "utf-8")
    (kept / ".bin").mkdir()
    for name in ("wrangler", "other"):
        (kept / ".bin" / name).symlink_to(f"../{name}/index.js")
    return kept


@pytest.mark.parametrize(
    ("file", "text", "command"),
    [
        ("package-lock.json", "{}", NPM),
        (
            "pnpm-lock.yaml",
            "lockfileVersion: '9.0'",
            ("pnpm", "install", "--frozen-lockfile", "--ignore-scripts"),
        ),
        ("yarn.lock", "# yarn lockfile v1\n", ("yarn", "install", "--frozen-lockfile", "--ignore-scripts")),
        ("yarn.lock", "__metadata:\n  version: 8\n", ("yarn", "install", "--immutable", "--mode=skip-build")),
        ("README.md", "", ()),
    ],
)
def test_the_lockfile_says_how_packages_are_installed(
    tmp_path: Path, file: str, text: str, command: tuple[str, ...]
) -> None:
    (tmp_path / file).write_text(text, "utf-8")
    assert command_for(tmp_path) == command


def test_what_another_project_has_installed_is_shared_without_a_copy(tmp_path: Path) -> None:
    kept = keep(tmp_path / "cache", {**WANTED, "other": {"integrity": "sha512-o"}})
    project = tmp_path / "project"
    lock(project, "package-lock.json", {**WANTED, "fsevents": {"integrity": "sha512-f", "optional": True}})
    assert packages.lend(project, tmp_path / "cache")
    there = project / "node_modules"
    assert sorted(path.name for path in there.iterdir()) == [".bin", "miniflare", "wrangler"]
    assert (there / "wrangler" / "index.js").samefile(kept / "wrangler" / "index.js")
    assert [shim.name for shim in (there / ".bin").iterdir()] == ["wrangler"]


@pytest.mark.parametrize(
    "asked",
    [
        {"wrangler": {"integrity": "sha512-another"}},
        {**WANTED, "more": {"integrity": "sha512-x"}},
        {"wrangler": {"version": "4.156.0"}},
        {**WANTED, "app": {"link": True}},
        {},
    ],
    ids=["another content", "one more", "no integrity", "a workspace", "nothing"],
)
def test_what_is_not_the_same_is_never_shared(tmp_path: Path, asked: dict[str, dict[str, Any]]) -> None:
    keep(tmp_path / "cache", WANTED)
    lock(tmp_path / "project", "package-lock.json", asked)
    assert not packages.lend(tmp_path / "project", tmp_path / "cache")
    assert not (tmp_path / "project" / "node_modules").exists()


@pytest.mark.parametrize(
    "text", ["", "[" * 9000, "3", "{}", '{"packages": 3}', '{"packages": {"node_modules/a": 3}}']
)
def test_a_lockfile_that_cannot_be_read_shares_nothing(tmp_path: Path, text: str) -> None:
    keep(tmp_path / "cache", WANTED)
    (tmp_path / "package-lock.json").write_text(text, "utf-8")
    assert not packages.lend(tmp_path, tmp_path / "cache")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "pyproject.toml").write_text(
        '[tool.release]\napp = { name = "a" }\nworkers = [{ name = "a" }]\n'
        'environments.production = { url = "https://a.example.com" }\n',
        "utf-8",
    )
    return load(tmp_path)


def asking(config: Config, *command: str) -> Config:
    return msgspec.structs.replace(config, rehearsal=Rehearsal(install=command))


def test_packages_are_installed_once_and_then_linked(tmp_path: Path, config: Config) -> None:
    said: list[str] = []
    program = 'mkdir -p node_modules/a && echo "$$" > node_modules/a/index.js'
    (tmp_path / "package-lock.json").write_text("{}", "utf-8")
    with_command = asking(config, "sh", "-c", program)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        packages.install(with_command, tmp_path / name, tmp_path / "cache", os.environ, said.append)
    first, second = (tmp_path / name / "node_modules" / "a" / "index.js" for name in ("first", "second"))
    assert first.samefile(second)
    assert len(said) == 1


def test_a_project_without_a_lockfile_and_a_command_installs_nothing(tmp_path: Path, config: Config) -> None:
    packages.install(config, tmp_path, tmp_path / "cache", {}, pytest.fail)


@pytest.mark.parametrize(
    ("command", "said"),
    [(("no-such-program", "ci"), "no-such-program is not installed"), (("false",), "`false` ended with 1")],
)
def test_a_command_that_fails_is_named(
    tmp_path: Path, config: Config, command: tuple[str, ...], said: str
) -> None:
    with pytest.raises(StageError, match=said) as caught:
        packages.install(asking(config, *command), tmp_path, tmp_path / "cache", os.environ, lambda _: None)
    assert caught.value.advice
    assert not (tmp_path / "node_modules").exists()


PNPM = """
mkdir -p node_modules/.pnpm/wrangler@4.7.0/node_modules/wrangler/wrangler-dist apps/api/node_modules
echo cli > node_modules/.pnpm/wrangler@4.7.0/node_modules/wrangler/wrangler-dist/cli.js
ln -s ../../../node_modules/.pnpm/wrangler@4.7.0/node_modules/wrangler apps/api/node_modules/wrangler
ln -s ../../../packages/lib apps/api/node_modules/lib
"""
NESTED = """
mkdir -p node_modules/a apps/api/node_modules/a apps/api/src/node_modules/own packages/lib/node_modules
ln -s ../apps/api node_modules/api; echo old > node_modules/a/index.js; echo new > apps/api/node_modules/a/index.js
echo own > apps/api/src/node_modules/own/index.js; ln -s ../api/node_modules apps/linked
"""
HOISTED = """
mkdir -p node_modules/.store/a node_modules/a; echo a > node_modules/a/index.js
mkdir -p apps/api; ln -s ../../node_modules apps/api/node_modules
"""
LAYOUTS = {
    "pnpm": (PNPM, "apps/api/node_modules/wrangler/wrangler-dist/cli.js", "cli"),
    "npm, nested": (NESTED, "apps/api/node_modules/a/index.js", "new"),
    "deeper": (NESTED, "apps/api/src/node_modules/own/index.js", "own"),
    "a linked folder": (HOISTED, "apps/api/node_modules/a/index.js", "a"),
}


def monorepo(folder: Path) -> Path:
    """A clone with a lockfile and two workspaces, in which nothing is installed."""
    for name in ("apps/api", "packages/lib"):
        (folder / name).mkdir(parents=True)
        (folder / name / "package.json").write_text("{}", "utf-8")
    (folder / "pnpm-lock.yaml").write_text("lockfileVersion: '9.0'", "utf-8")
    return folder


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_later_stage_finds_the_packages_of_each_workspace(
    tmp_path: Path, config: Config, layout: str
) -> None:
    script, path, text = LAYOUTS[layout]
    first, second = monorepo(tmp_path / "first"), monorepo(tmp_path / "second")
    asked = asking(config, "sh", "-c", script)
    packages.install(asked, first, tmp_path / "cache", os.environ, lambda _: None)
    links = {path.relative_to(first): path.readlink() for path in first.rglob("*") if path.is_symlink()}
    links = {path: target for path, target in links.items() if "node_modules" in path.parts}
    packages.install(asked, second, tmp_path / "cache", os.environ, pytest.fail)
    shutil.rmtree(first)
    assert (second / path).read_text() == f"{text}\n"
    assert {path: (second / path).readlink() for path in links} == links


def test_wrangler_is_found_in_a_workspace_of_a_later_stage(tmp_path: Path, config: Config) -> None:
    for name in ("first", "second"):
        clone = monorepo(tmp_path / name)
        packages.install(
            asking(config, "sh", "-c", PNPM), clone, tmp_path / "cache", os.environ, lambda _: None
        )
        assert wrangler(clone / "apps" / "api").is_file()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("bun.lock", "{}"),
        (".npmrc", "node-linker=hoisted"),
        ("pnpm-workspace.yaml", "nodeLinker: hoisted"),
        ("package.json", '{"packageManager": "pnpm@11.0.0"}'),
    ],
)
def test_what_changes_where_packages_lie_installs_them_again(
    tmp_path: Path, config: Config, file: str, text: str
) -> None:
    first, second = monorepo(tmp_path / "first"), monorepo(tmp_path / "second")
    (second / file).write_text(text, "utf-8")
    said: list[str] = []
    for clone in (first, second):
        packages.install(asking(config, "sh", "-c", PNPM), clone, tmp_path / "cache", os.environ, said.append)
    assert len(said) == 2


def test_the_version_that_a_release_raises_installs_nothing_again(tmp_path: Path, config: Config) -> None:
    asked = asking(config, "sh", "-c", PNPM)
    for name, version in (("first", "1.0.0"), ("second", "1.1.0")):
        clone = monorepo(tmp_path / name)
        (clone / "package.json").write_text(json.dumps({"version": version}), "utf-8")
        tell = pytest.fail if name == "second" else list[str]().append
        packages.install(asked, clone, tmp_path / "cache", os.environ, tell)


def test_a_copy_that_was_not_finished_is_neither_taken_nor_lent(tmp_path: Path, config: Config) -> None:
    first, second = monorepo(tmp_path / "first"), monorepo(tmp_path / "second")
    asked, said = asking(config, "sh", "-c", PNPM), list[str]()
    packages.install(asked, first, tmp_path / "cache", os.environ, said.append)
    (whole,) = (tmp_path / "cache").iterdir()
    half = whole.rename(whole.with_name(f".{whole.name}.4711"))
    lock(half / "node_modules", ".package-lock.json", WANTED)
    lock(second, "package-lock.json", WANTED)
    assert not packages.lend(second, tmp_path / "cache")
    packages.install(asked, second, tmp_path / "cache", os.environ, said.append)
    assert len(said) == 2


def test_what_git_tracks_below_node_modules_stays_as_it_is_checked_out(
    tmp_path: Path, config: Config
) -> None:
    first, second = monorepo(tmp_path / "first"), monorepo(tmp_path / "second")
    for clone, text in ((first, "old"), (second, "new")):
        (clone / "node_modules" / "tracked").mkdir(parents=True)
        (clone / "node_modules" / "tracked" / "index.js").write_text(text)
        packages.install(
            asking(config, "sh", "-c", PNPM), clone, tmp_path / "cache", os.environ, lambda _: None
        )
    assert (second / "node_modules" / "tracked" / "index.js").read_text() == "new"


def test_what_node_compiled_of_wrangler_on_one_stage_is_there_on_the_next(
    double: Double, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        clone = tmp_path / name
        clone.mkdir()
        Stage(double.root, tmp_path / "stage", double.environ, tmp_path / "cache")._share_compiled(clone)
    (tmp_path / "first" / ".release" / "cache" / "node" / "compiled").write_text("x")
    assert (tmp_path / "second" / ".release" / "cache" / "node" / "compiled").read_text() == "x"
