"""The npm side of a monorepo: package manager, scripts, and where the version stands."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from release.systems.npm.managers import COMMANDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.commands.init.repository import Repository

Entries = list[tuple[str, tuple[str, ...]]]  # file, and the keys that lead to the version in it
CHECKS = ("build", "test", "lint")
_RUNNERS = r"(npx |pnpm (exec |dlx )?|yarn (exec )?|bunx |bun x |bun run )?"
_DEPLOY = re.compile(rf"{_RUNNERS}(wrangler (deploy|publish)|opennextjs-cloudflare (deploy|upload))\b")
_ENVIRONMENT = re.compile(r"(?:\bcross-env )?\bCLOUDFLARE_ENV=\S+ ")
_SHELL = re.compile(r"[|&;<>$`*?()]|^\w+=")  # what only a shell can run, NAME=VALUE in front among it


@dataclass(frozen=True)
class Packages:
    """The folder with the lockfile, the program that reads it, and the scripts of that folder's package.json."""

    folder: str
    manager: str
    scripts: Mapping[str, str]

    @property
    def checks(self) -> tuple[tuple[str, ...], ...]:
        """The commands that build, test and lint, as far as there are scripts for them."""
        return tuple((self.manager, "run", name) for name in CHECKS if name in self.scripts)


def packages(repository: Repository, path: str) -> Packages:
    """The packages that the worker in `path` belongs to: those of the nearest lockfile from its folder upwards."""
    folders = [path]
    while folders[-1] not in {"", "."}:
        folders.append(posixpath.dirname(folders[-1]))
    for folder in folders:
        programs = [one[0] for name, one in COMMANDS.items() if beside(folder, name) in repository.files]
        if programs:
            own = manifest(repository, beside(folder, "package.json"))
            named = manager_of(own)
            return Packages(folder or ".", named if named in programs else programs[0], _scripts(own))
    root = manifest(repository, "package.json")
    return Packages(".", manager_of(root) or "npm", _scripts(root))


def manager_of(manifest: dict[str, Any]) -> str:
    """The program that a package.json names as `packageManager`; empty where it names none that is known."""
    named = str(manifest.get("packageManager", "")).partition("@")[0]
    return named if named in {one[0] for one in COMMANDS.values()} else ""


def manifest(repository: Repository, path: str) -> dict[str, Any]:
    """A JSON file as a table; an empty one where it is missing or none."""
    try:
        found = json.loads(repository.text(path) or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def version_places(repository: Repository, folder: str, packages_in: str) -> tuple[str, Entries] | None:
    """The package.json with the version of a worker, and the lockfile entries that repeat it; None where no file has one."""
    for path in dict.fromkeys((beside(folder, "package.json"), beside(packages_in, "package.json"))):
        version = manifest(repository, path).get("version")
        if isinstance(version, str):
            lock = beside(packages_in, "package-lock.json")
            key = posixpath.relpath(posixpath.dirname(path) or ".", packages_in or ".")
            return path, _lock_entries(manifest(repository, lock), lock, "" if key == "." else key, version)
    return None


def build_before_deploy(scripts: Mapping[str, str], manager: str) -> tuple[str, ...]:
    """What a deploy script runs before wrangler, without a CLOUDFLARE_ENV of its own: a release sets that one.

    That of production is taken where there are several.
    """
    for name in sorted(scripts, key=_is_least_of_all):
        before, _, last = scripts[name].rpartition("&&")
        if not name.startswith("deploy") or not _DEPLOY.match(_ENVIRONMENT.sub("", last.strip())):
            continue
        before = _ENVIRONMENT.sub("", before.strip())
        if before:
            return ("sh", "-c", before) if _SHELL.search(before) else tuple(shlex.split(before))
        if f"pre{name}" in scripts:
            return (manager, "run", f"pre{name}")
    return ()


def _is_least_of_all(name: str) -> int:
    of_production = re.search(r"[:.-](prod|production|live)\b", name)
    return 0 if of_production else 1 if name == "deploy" else 2


def scripts_of(repository: Repository, folder: str) -> Mapping[str, str]:
    """The scripts of a folder's package.json."""
    return _scripts(manifest(repository, beside(folder, "package.json")))


def _scripts(found: dict[str, Any]) -> dict[str, str]:
    scripts = found.get("scripts")
    texts = scripts if isinstance(scripts, dict) else {}
    # npm init writes a test that only fails
    return {
        name: text
        for name, text in texts.items()
        if isinstance(text, str) and "no test specified" not in text
    }


def _lock_entries(lock: dict[str, Any], path: str, key: str, version: str) -> Entries:
    entries = lock.get("packages")
    held = entries.get(key) if isinstance(entries, dict) else None
    found: Entries = [(path, ("version",))] if key == "" and lock.get("version") == version else []
    if isinstance(held, dict) and held.get("version") == version:
        found.append((path, ("packages", key, "version")))
    return found


def beside(folder: str, name: str) -> str:
    """The path of a file in a folder of the repository."""
    return name if folder in {"", "."} else f"{folder}/{name}"
