"""The npm packages of a clone: installed once for each lockfile, then hard-linked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from release.errors import UsageError
from release.rehearsal.checkout import StageError
from release.systems.npm.managers import WITHOUT_SCRIPTS, command_for, lockfiles, reachable
from release.systems.npm.node import node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.config import Config

Say = Callable[[str], None]


def install(config: Config, root: Path, cache: Path, environ: Mapping[str, str], say: Say) -> None:
    """Fill the node_modules of a clone: from what is kept for this lockfile, else by its command, once.

    Raises StageError when the command fails.
    """
    folder = root / config.rehearsal.install_in
    command = config.rehearsal.install or command_for(folder)
    if not command:
        return
    locks = lockfiles(folder)
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + " ".join(command).encode())
    kept = cache / f"node_modules-{digest.hexdigest()[:16]}"
    if kept.is_dir():
        link_tree(kept, folder / "node_modules")
        return
    if WITHOUT_SCRIPTS not in command or not lend(folder, cache):
        say(f"installing the packages once: {' '.join(command)}")
        _run(command, folder, environ)
    if (folder / "node_modules").is_dir():
        _keep(folder / "node_modules", kept)


def lend(folder: Path, cache: Path) -> bool:
    """Fill `folder`'s node_modules from a kept tree that has all that its package-lock.json asks for; whether one has."""
    wanted = _packages(folder / "package-lock.json")
    if not wanted or any(entry.get("link") for entry in wanted.values()):
        return False
    for kept in sorted(cache.glob("node_modules-*")):
        there = _packages(kept / ".package-lock.json")
        if all(_serves(there.get(path), entry) for path, entry in wanted.items()):
            _lend(kept, [path for path in wanted if path in there], folder / "node_modules")
            return True
    return False


def link_tree(source: Path, to: Path) -> None:
    """Copy by hard links (instant, no space), by content where the two lie on different disks."""
    try:
        shutil.copytree(source, to, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(source, to, symlinks=True)


def _packages(lock: Path) -> dict[str, dict[str, Any]]:
    """The entries of an npm lockfile below node_modules: path -> what is there."""
    try:
        entries = json.loads(lock.read_bytes())["packages"]
        return {path: dict(entry) for path, entry in entries.items() if path.startswith("node_modules/")}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _serves(there: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """The same content; what is for other machines only may be missing."""
    if there is None:
        return bool(wanted.get("optional"))
    return "integrity" in wanted and there.get("integrity") == wanted["integrity"]


def _lend(kept: Path, paths: list[str], to: Path) -> None:
    names = [path.removeprefix("node_modules/") for path in paths]
    for name in names:
        if "/node_modules/" not in name:  # a package inside of another comes with it
            link_tree(kept / name, to / name)
    (to / ".bin").mkdir(parents=True, exist_ok=True)
    for shim in (kept / ".bin").iterdir():
        if shim.is_symlink() and (to / ".bin" / shim.readlink()).exists():
            (to / ".bin" / shim.name).symlink_to(shim.readlink())


def _run(command: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> None:
    path = f"{node(environ).parent}:{environ.get('PATH', '')}"
    try:
        command = reachable(command, folder, {"PATH": path})
    except UsageError as error:
        raise StageError(error.what, error.advice) from None
    program = shutil.which(command[0], path=path) or command[0]
    done = subprocess.run(
        [program, *command[1:]],
        cwd=folder,
        env={**environ, "PATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise StageError(
            f"`{' '.join(command)}` ended with {done.returncode}:\n{done.stdout[-1500:]}",
            "Repair it, then run again.",
        )


def _keep(tree: Path, kept: Path) -> None:
    fresh = kept.with_name(f"{kept.name}.{os.getpid()}")
    link_tree(tree, fresh)
    try:
        fresh.rename(kept)
    except OSError:  # another stage was quicker
        shutil.rmtree(fresh)
