"""How the packages of a repository are installed: by lockfile and packageManager, and never by a guess."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import UsageError
from release.systems.npm.managers import BERRY, COMMANDS, by_corepack, command_for, reachable
from release.systems.npm.node import wrangler

if TYPE_CHECKING:
    from pathlib import Path

PNPM = ("pnpm", "install", "--frozen-lockfile", "--ignore-scripts")
CLI = "node_modules/wrangler/wrangler-dist/cli.js"


def lay(root: Path, **files: str) -> Path:
    """Files by name, with __ for a dot."""
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


@pytest.mark.parametrize("lock", sorted(COMMANDS))
def test_each_lockfile_has_its_program(tmp_path: Path, lock: str) -> None:
    (tmp_path / lock).write_text("# yarn lockfile v1\n")
    assert command_for(tmp_path) == COMMANDS[lock]


@pytest.mark.parametrize(
    "files",
    [
        {"yarn__lock": "# made by yarn\n\n__metadata:\n  version: 8\n"},
        {"yarn__lock": "", "_yarnrc": "", "__yarnrc__yml": "nodeLinker: node-modules\n"},
        {"yarn__lock": "", "package__json": '{"packageManager": "yarn@4.1.0+sha512.abc"}'},
    ],
)
def test_yarn_berry_is_told_by_what_it_leaves(tmp_path: Path, files: dict[str, str]) -> None:
    assert command_for(lay(tmp_path, **files)) == BERRY


def test_yarn_classic_may_say_its_version(tmp_path: Path) -> None:
    lay(tmp_path, yarn__lock="# yarn lockfile v1\n", package__json='{"packageManager": "yarn@1.22.22"}')
    assert command_for(tmp_path) == COMMANDS["yarn.lock"]


def test_of_two_lockfiles_the_named_program_s_counts(tmp_path: Path) -> None:
    lay(tmp_path, pnpm_lock="", package__json='{"packageManager": "pnpm@9.1.0"}')
    (tmp_path / "pnpm-lock.yaml").touch()
    (tmp_path / "package-lock.json").touch()
    assert command_for(tmp_path) == PNPM


@pytest.mark.parametrize(
    ("locks", "package", "said"),
    [
        (["pnpm-lock.yaml", "package-lock.json"], "{}", "There are lockfiles of npm and pnpm"),
        (["yarn.lock", "bun.lock"], '{"packageManager": 3}', "There are lockfiles of yarn and bun"),
        (["package-lock.json"], '{"packageManager": "pnpm@9.1.0"}', 'says packageManager "pnpm@9.1.0"'),
        (["deno.lock"], "{}", "deno.lock is the lockfile of a program that is not known"),
    ],
)
def test_what_is_not_clear_is_said(tmp_path: Path, locks: list[str], package: str, said: str) -> None:
    for name in locks:
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=said) as raised:
        command_for(lay(tmp_path, package__json=package))
    assert "[tool.release.rehearsal]" in raised.value.advice


def test_two_lockfiles_of_one_program_are_no_contradiction(tmp_path: Path) -> None:
    for name in ("bun.lock", "bun.lockb"):
        (tmp_path / name).touch()
    assert command_for(tmp_path) == COMMANDS["bun.lock"]


def program(folder: Path, name: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("#!/bin/sh\n")
    (folder / name).chmod(0o755)


def test_corepack_brings_a_program_that_is_not_there(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path / "bin")}
    program(tmp_path / "bin", "corepack")
    assert reachable(PNPM, tmp_path, environ) == ("corepack", *PNPM)
    program(tmp_path / "bin", "pnpm")
    assert reachable(PNPM, tmp_path, environ) == PNPM


@pytest.mark.parametrize("name", ["pnpm@9.1.0", "bun@1.1.0"])
def test_what_is_missing_is_named_with_what_to_type(tmp_path: Path, name: str) -> None:
    lay(tmp_path, package__json=f'{{"packageManager": "{name}"}}')
    with pytest.raises(UsageError, match="is not installed") as raised:
        reachable((name.partition("@")[0], "install"), tmp_path, {"PATH": str(tmp_path)})
    assert f"npm install --global {name}" in raised.value.advice


def test_wrangler_is_found_through_pnpm_s_links(tmp_path: Path) -> None:
    store = tmp_path / "node_modules/.pnpm/wrangler@4.86.0/node_modules/wrangler/wrangler-dist"
    store.mkdir(parents=True)
    (store / "cli.js").touch()
    modules = tmp_path / "apps/api/node_modules"
    modules.mkdir(parents=True)
    (modules / "wrangler").symlink_to(store.parent)
    assert wrangler(tmp_path / "apps/api").samefile(store / "cli.js")


def test_wrangler_that_only_pnpm_s_store_has_is_found(tmp_path: Path) -> None:
    cli = tmp_path / "node_modules/.pnpm" / CLI
    cli.parent.mkdir(parents=True)
    cli.touch()
    assert wrangler(tmp_path / "apps/api") == cli


def test_a_missing_wrangler_says_what_this_repository_types(tmp_path: Path) -> None:
    (tmp_path / "pnpm-lock.yaml").touch()
    with pytest.raises(UsageError) as raised:
        wrangler(tmp_path / "apps/api")
    assert raised.value.advice.endswith("pnpm install.")


def test_plug_n_play_is_named_where_wrangler_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / ".pnp.cjs").touch()
    with pytest.raises(UsageError, match="Plug'n'Play") as raised:
        wrangler(tmp_path / "apps" / "web")
    assert "nodeLinker: node-modules" in raised.value.advice


def test_only_corepack_is_asked_for_what_only_it_has(tmp_path: Path) -> None:
    environ = {"PATH": str(tmp_path / "bin")}
    assert by_corepack(("pnpm", "run", "build"), environ) == ("pnpm", "run", "build")
    program(tmp_path / "bin", "corepack")
    assert by_corepack(("pnpm", "run", "build"), environ) == ("corepack", "pnpm", "run", "build")
    assert by_corepack(("bun", "run", "build"), environ) == ("bun", "run", "build")
