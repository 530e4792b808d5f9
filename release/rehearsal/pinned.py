"""What a stage runs that no team has to have: packages pinned by a lockfile of this tool's own, installed once for all stages."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from typing import TYPE_CHECKING

from release.errors import EffectError
from release.rehearsal import packages
from release.rehearsal.checkout import StageError
from release.systems.machine import shell
from release.systems.npm.node import node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILES = ("package.json", "package-lock.json", ".npmrc")
INSTALL = ("npm", "ci", "--ignore-scripts", "--include=optional")  # workerd itself is an optional package
DEADLINE = 600.0


def installed(
    lock: Path, name: str, cache: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Path:
    """The node_modules of the lockfile in the folder `lock`, below `cache`; `name` is what a person calls it.

    What another project has installed is linked, the rest is npm's work. A folder has its last name only when it is whole.
    Raises StageError when npm fails.
    """
    digest = hashlib.sha256(b"".join((lock / file).read_bytes() for file in FILES)).hexdigest()[:16]
    kept = cache / f"{lock.name}-{digest}"
    if kept.is_dir():
        return kept / "node_modules"
    fresh = cache / f".{kept.name}.{secrets.token_hex(4)}"
    fresh.mkdir(parents=True)
    try:
        for file in FILES:
            shutil.copyfile(lock / file, fresh / file)
        if not packages.lend(fresh, cache):
            say(f"installing the rehearsal's {name} once")
            _install(fresh, name, environ)
        packages.take(fresh, kept)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return kept / "node_modules"


def _install(folder: Path, name: str, environ: Mapping[str, str]) -> None:
    """Raise StageError, with npm's own words, when it does not install."""
    env = {**environ, "PATH": f"{node(environ).parent}:{environ.get('PATH', '')}"}
    advice = "The first rehearsal downloads packages: check the network and `npm config get registry`, then run again."
    try:
        done = shell.capture(INSTALL, cwd=folder, env=env, deadline=DEADLINE)
    except EffectError as error:
        raise StageError(f"The rehearsal's {name} cannot be installed: {error.what}", advice) from error
    if done.code:
        raise StageError(f"The rehearsal's {name} cannot be installed:\n{done.err[-800:].strip()}", advice)
