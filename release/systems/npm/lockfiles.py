"""The lockfiles of npm, pnpm and yarn, and the commands that install exactly what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_SCRIPTS = "--ignore-scripts"
# Lockfile -> how its own program installs exactly what it says. No script of a package runs.
COMMANDS = {
    "package-lock.json": ("npm", "ci", WITHOUT_SCRIPTS),
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
}
BERRY = ("yarn", "install", "--immutable", "--mode=skip-build")  # yarn from version 2 on


def command_for(folder: Path) -> tuple[str, ...]:
    """How the packages of a folder are installed, as its lockfile says; nothing where there is no lockfile."""
    name = next((name for name in COMMANDS if (folder / name).is_file()), None)
    if name == "yarn.lock" and b"yarn lockfile v1" not in (folder / name).read_bytes()[:200]:
        return BERRY
    return COMMANDS[name] if name else ()
