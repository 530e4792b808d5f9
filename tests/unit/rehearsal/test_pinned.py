"""What a stage brings along is installed once, from this tool's own lockfiles, and never taken half made."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from release.rehearsal import pinned, registry
from release.rehearsal.checkout import StageError
from release.rehearsal.cloud import workerd

LOCKED = [Path(workerd.__file__).parent, Path(registry.__file__).parent]
WHOLE = "mkdir -p node_modules/miniflare && echo whole > node_modules/miniflare/index.js"


def played(folder: Path, npm: str) -> dict[str, str]:
    """An environment whose npm is a script; it notes each call."""
    folder.mkdir()
    scripts = {"node": "echo v24.0.0", "npm": f'echo "$@" >> {folder}/calls\n{npm}'}
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("folder", LOCKED, ids=lambda folder: folder.name)
def test_a_lockfile_names_no_registry_and_has_a_checksum_for_each_package(folder: Path) -> None:
    entries = json.loads((folder / "package-lock.json").read_bytes())["packages"]
    assert [name for name, entry in entries.items() if "resolved" in entry] == []
    assert [name for name, entry in entries.items() if name and "integrity" not in entry] == []


def test_the_runtime_has_a_workerd_for_every_usual_machine() -> None:
    entries = json.loads((LOCKED[0] / "package-lock.json").read_bytes())["packages"]
    kinds = ("darwin-64", "darwin-arm64", "linux-64", "linux-arm64", "windows-64")
    assert {f"node_modules/@cloudflare/workerd-{kind}" for kind in kinds} <= set(entries)


def test_it_is_installed_once_for_all_stages_also_where_npm_leaves_optional_packages_out(
    tmp_path: Path,
) -> None:
    environ, said = played(tmp_path / "bin", WHOLE), list[str]()
    found = {workerd.install(tmp_path / "cache", environ, said.append) for _ in range(3)}
    assert [path.joinpath("miniflare", "index.js").read_text() for path in found] == ["whole\n"]
    assert said == ["installing the rehearsal's cloud runtime once"]
    assert (tmp_path / "bin" / "calls").read_text() == "ci --ignore-scripts --include=optional\n"


def test_one_that_fails_half_way_says_why_and_is_made_again(tmp_path: Path) -> None:
    broken = played(tmp_path / "bin", f"{WHOLE}\necho 'npm error ENOSPC: no space left' >&2; exit 1")
    with pytest.raises(StageError, match="cloud runtime cannot be installed:\nnpm error ENOSPC") as caught:
        workerd.install(tmp_path / "cache", broken, lambda _: None)
    assert "check the network" in caught.value.advice
    assert list((tmp_path / "cache").iterdir()) == []
    environ = played(tmp_path / "better", WHOLE)
    assert workerd.install(tmp_path / "cache", environ, lambda _: None).is_dir()


def test_what_a_killed_install_left_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    environ = played(tmp_path / "bin", WHOLE)
    whole = workerd.install(tmp_path / "cache", environ, lambda _: None).parent
    left = whole.rename(tmp_path / "cache" / f".{whole.name}.0a1b2c3d")
    (left / "node_modules" / "miniflare" / "index.js").write_text("half")
    again = workerd.install(tmp_path / "cache", environ, lambda _: None)
    assert (again / "miniflare" / "index.js").read_text() == "whole\n"


def test_what_a_project_has_installed_is_linked_and_npm_is_not_asked(tmp_path: Path) -> None:
    wanted = json.loads((LOCKED[0] / "package-lock.json").read_bytes())["packages"]
    kept = tmp_path / "cache" / "packages-0123456789abcdef" / "node_modules"
    for name in wanted:
        if name:
            (kept.parent / name).mkdir(parents=True, exist_ok=True)
    (kept / ".bin").mkdir()
    (kept / ".package-lock.json").write_text(json.dumps({"packages": wanted}))
    (kept / "miniflare" / "index.js").write_text("kept")
    there = workerd.install(tmp_path / "cache", {"PATH": "/nowhere"}, pytest.fail)
    assert (there / "miniflare" / "index.js").samefile(kept / "miniflare" / "index.js")


def test_another_lockfile_is_another_install(tmp_path: Path) -> None:
    environ = played(tmp_path / "bin", WHOLE)
    lock = tmp_path / "mine"
    lock.mkdir()
    for name in pinned.FILES:
        (lock / name).write_text("{}")
    first = pinned.installed(lock, "x", tmp_path / "cache", environ, lambda _: None)
    (lock / "package-lock.json").write_text('{"packages": {}}')
    assert pinned.installed(lock, "x", tmp_path / "cache", environ, lambda _: None) != first


def test_without_npm_the_advice_names_it(tmp_path: Path) -> None:
    played(tmp_path / "bin", "")
    (tmp_path / "bin" / "npm").unlink()
    with pytest.raises(StageError, match="npm"):
        workerd.install(tmp_path / "cache", {"PATH": str(tmp_path / "bin")}, lambda _: None)
