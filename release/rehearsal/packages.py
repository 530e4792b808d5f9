"""The npm packages of a clone, with each workspace's own: installed once for each lockfile, then hard-linked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release.errors import UsageError
from release.rehearsal.checkout import StageError
from release.systems.npm.managers import WITHOUT_SCRIPTS, command_for, lockfiles, reachable
from release.systems.npm.node import node

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.config import Config

Say = Callable[[str], None]
_SETTINGS = (".npmrc", "pnpm-workspace.yaml", ".yarnrc", ".yarnrc.yml", ".pnpmfile.cjs", "bunfig.toml")
_OF_MANIFEST = ("packageManager", "workspaces", "pnpm", "overrides", "resolutions")
_MODULES = "node_modules"
_NOT_OURS = frozenset({".git", ".release", ".wrangler"})


def install(config: Config, root: Path, cache: Path, environ: Mapping[str, str], say: Say) -> None:
    """Fill every node_modules of a clone: from what is kept for this lockfile, else by its command, once.

    Raises StageError when the command fails.
    """
    folder = root / config.rehearsal.install_in
    command = config.rehearsal.install or command_for(folder)
    if not command:
        return
    kept = cache / f"packages-{_digest(folder, command)}"
    if kept.is_dir():
        link_tree(kept, folder)
        return
    if WITHOUT_SCRIPTS not in command or not lend(folder, cache):
        say(f"installing the packages once: {' '.join(command)}")
        _run(command, folder, environ)
    _keep(folder, kept)


def lend(folder: Path, cache: Path) -> bool:
    """Fill `folder`'s node_modules from a kept tree that has all that its package-lock.json asks for; whether one has."""
    wanted = _packages(folder / "package-lock.json")
    if not wanted or any(entry.get("link") for entry in wanted.values()):
        return False
    for kept in sorted(cache.glob(f"[!.]*-*/{_MODULES}")):
        there = _packages(kept / ".package-lock.json")
        if all(_serves(there.get(path), entry) for path, entry in wanted.items()):
            _lend(kept, [path for path in wanted if path in there], folder / _MODULES)
            return True
    return False


def link_tree(source: Path, to: Path) -> None:
    """Copy by hard links (instant, no space), by content where the two lie on different disks. What is there stays."""
    shutil.copytree(source, to, symlinks=True, copy_function=_link, dirs_exist_ok=True)


def take(fresh: Path, kept: Path) -> None:
    """Give a whole folder its last name, unless another stage was quicker."""
    try:
        fresh.rename(kept)
    except OSError:
        if not kept.is_dir():
            raise
        shutil.rmtree(fresh)


def _link(source: str, to: str) -> None:
    try:
        os.link(source, to)
    except FileExistsError:
        return
    except OSError:
        shutil.copy2(source, to)


def _digest(folder: Path, command: tuple[str, ...]) -> str:
    """What decides which packages lie where: lockfiles, the settings of their programs, and the command."""
    settings = [folder / name for name in _SETTINGS if (folder / name).is_file()]
    parts = [b"%b %b" % (path.name.encode(), path.read_bytes()) for path in (*lockfiles(folder), *settings)]
    try:
        manifest = json.loads((folder / "package.json").read_bytes())
        parts.append(json.dumps([manifest.get(key) for key in _OF_MANIFEST]).encode())
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    return hashlib.sha256(b"\0".join([*parts, " ".join(command).encode()])).hexdigest()[:16]


def _module_folders(folder: Path) -> Iterator[Path]:
    """Each node_modules of a monorepo: the root's, and those of its workspaces."""
    for at, names, _ in os.walk(folder):
        if _MODULES in names:
            yield Path(at) / _MODULES
        names[:] = [name for name in names if name != _MODULES and name not in _NOT_OURS]


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


def _keep(folder: Path, kept: Path) -> None:
    """Keep what was installed; a copy that was not finished has another name, and is never taken for one."""
    fresh = kept.with_name(f".{kept.name}.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    for modules in _module_folders(folder):
        to = fresh / modules.relative_to(folder)
        if modules.is_symlink():
            to.parent.mkdir(parents=True, exist_ok=True)
            to.symlink_to(modules.readlink())
        else:
            link_tree(modules, to)
    if fresh.is_dir():
        take(fresh, kept)
