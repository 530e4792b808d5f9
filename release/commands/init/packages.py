"""The npm side of a monorepo: package manager, scripts, and where the version stands."""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.commands.init.repository import Repository

Entries = list[tuple[str, tuple[str, ...]]]  # file, and the keys that lead to the version in it
LOCKFILES = {
    "pnpm-lock.yaml": "pnpm",
    "bun.lock": "bun",
    "bun.lockb": "bun",
    "yarn.lock": "yarn",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
}
CHECKS = ("build", "test", "lint")
_DEPLOY = re.compile(
    r"(npx |pnpm (exec |dlx )?|yarn (exec )?|bunx |bun x |bun run )?wrangler (deploy|publish)\b"
)
_SHELL = re.compile(r"[|&;<>$`*?()]")


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
        for name, manager in LOCKFILES.items():
            if beside(folder, name) in repository.files:
                return Packages(
                    folder or ".", manager, _scripts(manifest(repository, beside(folder, "package.json")))
                )
    root = manifest(repository, "package.json")
    named = str(root.get("packageManager", "npm")).partition("@")[0]
    return Packages(".", named if named in LOCKFILES.values() else "npm", _scripts(root))


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


def build_before_deploy(scripts: Mapping[str, str]) -> tuple[str, ...]:
    """The one command that a deploy script runs before wrangler, where it is a plain one."""
    for name, text in scripts.items():
        before, _, last = text.rpartition("&&")
        if name.startswith("deploy") and before and _is_deploy(last.strip()) and not _SHELL.search(before):
            return tuple(shlex.split(before))
    return ()


def scripts_of(repository: Repository, folder: str) -> Mapping[str, str]:
    """The scripts of a folder's package.json."""
    return _scripts(manifest(repository, beside(folder, "package.json")))


def _is_deploy(command: str) -> bool:
    return (
        re.match(
            r"(npx |pnpm (exec |dlx )?|yarn (exec )?|bunx |bun x |bun run )?wrangler (deploy|publish)\b",
            command,
        )
        is not None
    )


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
