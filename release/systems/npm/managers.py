"""Which program installs a repository's packages, and how: as its lockfile and `packageManager` say."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from release.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WITHOUT_SCRIPTS = "--ignore-scripts"
# Lockfile -> how its own program installs exactly what it says. No script of a package runs.
COMMANDS = {
    "package-lock.json": ("npm", "ci", WITHOUT_SCRIPTS),
    "npm-shrinkwrap.json": ("npm", "ci", WITHOUT_SCRIPTS),
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
    "bun.lock": ("bun", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
    "bun.lockb": ("bun", "install", "--frozen-lockfile", WITHOUT_SCRIPTS),
}
BERRY = ("yarn", "install", "--immutable", "--mode=skip-build")  # yarn from version 2 on
UNKNOWN = ("deno.lock", "vlt-lock.json", "shrinkwrap.yaml", "cnpm-lock.yaml", "lerna-lock.json")
_BY_COREPACK = frozenset({"pnpm", "yarn"})
_MANAGER = re.compile(r"(npm|pnpm|yarn|bun)(?:@(\d+)\S*)?")
_SET_INSTALL = "Or set `install` in [tool.release.rehearsal] to the command that is right."


def command_for(folder: Path) -> tuple[str, ...]:
    """How the packages of a folder are installed, as its lockfile says; nothing where there is no lockfile.

    Raises UsageError where several lockfiles contradict each other and `packageManager` does not choose, or where
    none is of a program that this tool knows.
    """
    found = [name for name in COMMANDS if (folder / name).is_file()]
    programs = list(dict.fromkeys(COMMANDS[name][0] for name in found))
    named = manager(folder)
    wanted = named.partition("@")[0]
    if wanted in programs:
        programs = [wanted]
    if wanted and programs and wanted not in programs:
        raise UsageError(
            f'package.json says packageManager "{named}", and the lockfile is {", ".join(found)}.',
            f"Delete the lockfile that is not used, or correct packageManager. {_SET_INSTALL}",
        )
    if len(programs) > 1:
        raise UsageError(
            f"There are lockfiles of {' and '.join(programs)}: {', '.join(found)}.",
            f"Delete those that are not used, or name the program as packageManager in package.json. {_SET_INSTALL}",
        )
    if not programs:
        _refuse_unknown(folder)
        return ()
    if programs == ["yarn"] and _is_berry(folder, named):
        return BERRY
    return next(COMMANDS[name] for name in found if COMMANDS[name][0] == programs[0])


def lockfiles(folder: Path) -> list[Path]:
    """The lockfiles of a folder."""
    return [folder / name for name in COMMANDS if (folder / name).is_file()]


def manager(folder: Path) -> str:
    """What the folder's package.json calls its package manager, as in pnpm@9.1.0; empty where it says none that is known."""
    import msgspec

    try:
        said = msgspec.json.decode((folder / "package.json").read_bytes())
    except (OSError, msgspec.DecodeError, RecursionError):
        return ""
    named = said.get("packageManager") if isinstance(said, dict) else None
    named = named.partition("+")[0] if isinstance(named, str) else ""
    return named if _MANAGER.fullmatch(named) else ""


def reachable(command: tuple[str, ...], folder: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """The command by a program that is there: its own, else corepack's. Raises UsageError, which says what to type."""
    program, found = command[0], by_corepack(command, environ)
    if found != command or shutil.which(program, path=environ.get("PATH", "")) or "/" in program:
        return found
    named = manager(folder)
    name = named if named.startswith(f"{program}@") else program
    if program in _BY_COREPACK:
        # corepack alone brings yarn from version 2 on: the package of that name at npm ends with version 1
        advice = f"Type: npm install --global corepack && corepack prepare {name} --activate"
        advice = advice if command == BERRY else f"Type: npm install --global {name}"
    else:
        advice = f"Type: npm install --global {name}" if program == "bun" else f"Install {program}"
    raise UsageError(f"{program} is not installed, or not on PATH.", f"{advice}, then run again.")


def by_corepack(command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The same command; by corepack where it is pnpm's or yarn's, and only corepack is there."""
    path, program = environ.get("PATH", ""), command[0]
    is_missing = program in _BY_COREPACK and not shutil.which(program, path=path)
    return ("corepack", *command) if is_missing and shutil.which("corepack", path=path) else command


def _is_berry(folder: Path, named: str) -> bool:
    said = _MANAGER.fullmatch(named)
    if said and said[2]:
        return int(said[2]) > 1
    if (folder / ".yarnrc.yml").is_file():
        return True
    return re.search(rb"^__metadata:", (folder / "yarn.lock").read_bytes()[:2000], re.MULTILINE) is not None


def plugs_and_plays(folder: Path) -> bool:
    """Whether yarn keeps this folder's packages in archives, as it does from version 2 on unless it is told otherwise."""
    settings = folder / ".yarnrc.yml"
    said = settings.read_text("utf-8", "replace") if settings.is_file() else ""
    linker = re.search(r"^nodeLinker:\s*[\"']?([\w-]+)", said, re.MULTILINE)
    return command_for(folder) == BERRY and (linker is None or linker[1] == "pnp")


def _refuse_unknown(folder: Path) -> None:
    for name in UNKNOWN:
        if (folder / name).is_file():
            raise UsageError(
                f"{name} is the lockfile of a program that is not known here.",
                "Set `install` in [tool.release.rehearsal] to the command that installs exactly what it says.",
            )
