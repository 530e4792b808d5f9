"""How a job of GitHub Actions gets the program that installs a repository's packages, where its machine has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.errors import UsageError
from release.systems.npm.managers import BERRY, command_for, manager

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

INSTALL = "      - name: Install the packages\n"  # before this step the program has to be there
_LOCKFILE_VERSION = re.compile(r"^lockfileVersion:\s*['\"]?(\d+)", re.MULTILINE)
_NO_LOCKFILE = "# zizmor: ignore[adhoc-packages] no lockfile holds the program that reads it"
_PNPM = {"5": "7", "6": "8", "9": "10"}  # the version of its lockfile -> a pnpm that takes it as it is


def with_program(text: str, config: Config) -> str:
    """The same workflow with a step that brings pnpm, yarn or bun before each install; npm comes with Node."""
    commands = _commands(config)
    if not commands:
        return text
    name, *lines = commands
    step = f"      - name: {name}\n        run: {lines[0]}\n"
    if len(lines) > 1:
        step = f"      - name: {name}\n        run: |\n" + "".join(f"          {line}\n" for line in lines)
    return text.replace(INSTALL, step + INSTALL)


def _commands(config: Config) -> tuple[str, ...]:
    """The step's name, and what it runs."""
    folder = config.root / config.rehearsal.install_in
    try:
        command = config.rehearsal.install or command_for(folder)
    except UsageError:
        return ()  # init says so, and `inv install` too
    program = command[0] if command else ""
    said = manager(folder)
    named = said if said.startswith(f"{program}@") else ""
    if program == "bun":
        return ("Bring bun", f"npm install --global {named or 'bun'} {_NO_LOCKFILE}")
    if program not in {"pnpm", "yarn"}:
        return ()
    wanted = "" if named else _without_name(folder, command)
    prepare = (f"corepack prepare {wanted} --activate",) if wanted else ()
    return (f"Bring {program}", "corepack enable", *prepare)


def _without_name(folder: Path, command: tuple[str, ...]) -> str:
    """The version where package.json names none: by the lockfile's own version; empty where corepack's is right."""
    if command[0] == "pnpm":
        lock = folder / "pnpm-lock.yaml"
        found = _LOCKFILE_VERSION.search(lock.read_text("utf-8", "replace")) if lock.is_file() else None
        return f"pnpm@{_PNPM[found[1]]}" if found and found[1] in _PNPM else ""
    rc = folder / ".yarnrc.yml"
    has_own = rc.is_file() and "yarnPath:" in rc.read_text("utf-8", "replace")
    return "yarn@stable" if command == BERRY and not has_own else ""
