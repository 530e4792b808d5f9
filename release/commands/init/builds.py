"""What has to be built before a worker can be deployed: its own bundle, and the workspace packages that it uses."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from release.commands.init import packages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from release.commands.init.packages import Packages
    from release.commands.init.repository import Repository
    from release.commands.init.workers import Found

VITE = "@cloudflare/vite-plugin"  # whose build makes the configuration that is deployed
_INSTALLED = ("postinstall", "prepare")
_HOOKS = re.compile(r"\b(husky|lefthook|prek|pre-commit|simple-git-hooks|git config|wrangler types)\b")
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies")
_BEFORE = ("main", "module", "exports", "browser")  # of a package.json: what a bundler reads
_CODE = ("", ".js", ".mjs", ".cjs", ".ts", ".tsx", "/index.js", "/index.ts")


def build(repository: Repository, worker: Found) -> tuple[str, ...]:
    """The command that makes what wrangler uploads, run in the worker's folder; nothing where git has it all."""
    held = packages.packages(repository, worker.path)
    found = (
        _of_others(repository, worker, held),
        *((held.manager, "run", name) for name in of_install(repository, worker)),
        _own(repository, worker, held.manager),
    )
    commands = [one for one in found if one]
    if len(commands) < 2:  # noqa: PLR2004
        return commands[0] if commands else ()
    return ("sh", "-c", " && ".join(map(shlex.join, commands)))


def unbuilt(repository: Repository, worker: Found) -> tuple[str, ...]:
    """The workspace packages that a worker uses, directly or not, and whose code only their `build` makes; by name, in order."""
    known = _workspace(repository)
    found: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        seen.add(name)
        for one in _dependencies(known[name][1]):
            if one in known and one not in seen:
                visit(one)
                if _is_unbuilt(repository, *known[one]):
                    found.append(one)

    own = packages.beside(worker.path, "package.json")
    start = next((name for name, (folder, _) in known.items() if _manifest(folder) == own), None)
    if start is not None:
        visit(start)
    return tuple(found)


def of_install(repository: Repository, worker: Found) -> tuple[str, ...]:
    """The worker's scripts that a person's install runs, and a release's does not; those for git's hooks are left out."""
    scripts = packages.scripts_of(repository, worker.path)
    return tuple(name for name in _INSTALLED if name in scripts and not _HOOKS.search(scripts[name]))


def _own(repository: Repository, worker: Found, manager: str) -> tuple[str, ...]:
    """The worker's own build: what its deploy script runs before wrangler, else its `build` where git lacks what is deployed."""
    scripts = packages.scripts_of(repository, worker.path)
    before = packages.build_before_deploy(scripts, manager)
    if before or worker.builds or "build" not in scripts:
        return before
    has_main = worker.main is None or worker.main in repository.files
    has_assets = worker.assets is None or any(one.startswith(f"{worker.assets}/") for one in repository.files)
    manifest = packages.manifest(repository, packages.beside(worker.path, "package.json"))
    is_whole = has_main and has_assets and VITE not in set(_dependencies(manifest))
    return () if is_whole else (manager, "run", "build")


def _of_others(repository: Repository, worker: Found, held: Packages) -> tuple[str, ...]:
    names = unbuilt(repository, worker)
    if not names:
        return ()
    if packages.beside(held.folder, "turbo.json") in repository.files:
        return (*_run(held.manager), "turbo", "run", "build", *(f"--filter={name}..." for name in names))
    if packages.beside(held.folder, "nx.json") in repository.files:
        return (*_run(held.manager), "nx", "run-many", "--target=build", f"--projects={','.join(names)}")
    return _by_manager(held.manager, names)


def _run(manager: str) -> tuple[str, ...]:
    """How a manager runs a program of the workspace."""
    return {"npm": ("npm", "exec", "--"), "pnpm": ("pnpm", "exec"), "bun": ("bunx",)}.get(
        manager, (manager, "run")
    )


def _by_manager(manager: str, names: Sequence[str]) -> tuple[str, ...]:
    """How a manager builds these packages, each after those that it uses."""
    if manager == "pnpm":
        return ("pnpm", *(f"--filter={name}" for name in names), "run", "build")
    if manager == "npm":
        return ("npm", "run", "build", *(f"--workspace={name}" for name in names))
    if manager == "bun":
        return ("bun", "run", *(f"--filter={name}" for name in names), "build")
    each = [("yarn", "workspace", name, "run", "build") for name in names]
    return each[0] if len(each) == 1 else ("sh", "-c", " && ".join(map(shlex.join, each)))


def _workspace(repository: Repository) -> dict[str, tuple[str, dict[str, Any]]]:
    """Every package of the repository by its name: its folder, and its package.json."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for path in sorted(repository.files):
        if posixpath.basename(path) == "package.json":
            manifest = packages.manifest(repository, path)
            name = manifest.get("name")
            if isinstance(name, str):
                found.setdefault(name, (posixpath.dirname(path), manifest))
    return found


def _manifest(folder: str) -> str:
    return packages.beside(folder, "package.json")


def _dependencies(manifest: Mapping[str, Any]) -> Iterator[str]:
    for key in _DEPENDENCIES:
        asked = manifest.get(key)
        if isinstance(asked, dict):
            yield from map(str, asked)


def _is_unbuilt(repository: Repository, folder: str, manifest: Mapping[str, Any]) -> bool:
    """Whether a package has a `build`, and says of its code that it lies where git has nothing."""
    scripts = manifest.get("scripts")
    if not isinstance(scripts, dict) or not isinstance(scripts.get("build"), str):
        return False
    entries = {entry for key in _BEFORE for entry in _texts(manifest.get(key))}
    return any(not _is_there(repository, folder, entry) for entry in entries)


def _texts(value: object) -> Iterator[str]:
    """The files that an entry of a package.json names; types are for nobody who bundles."""
    if isinstance(value, str) and "*" not in value and not value.endswith((".d.ts", ".json", ".css")):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            if key != "types":
                yield from _texts(one)


def _is_there(repository: Repository, folder: str, entry: str) -> bool:
    path = posixpath.normpath(posixpath.join(folder, entry))
    return any(f"{path}{end}" in repository.files for end in _CODE)
