"""The clone that a rehearsal releases: this repository at HEAD, a last release, and work on top of it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

from release.config import load
from release.errors import ReleaseError, UsageError
from release.ops.node import node
from release.version import TagPattern, highest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.config import Config

Say = Callable[[str], None]


class StageError(ReleaseError):
    """A stage cannot be set up or is in no state to be used."""


def clone(root: Path, to: Path, environ: Mapping[str, str]) -> Config:
    """Clone the repository at HEAD, on its release branch, with its tags; the clone's configuration is returned."""
    config = load(root)
    git(root, environ, "clone", "--quiet", str(root), str(to))
    git(to, environ, "checkout", "--quiet", "-B", config.branch)
    for key, value in {
        "user.name": config.identity.name,
        "user.email": config.identity.email,
        "gc.auto": "0",
        "commit.gpgsign": "false",
        "tag.gpgsign": "false",
    }.items():
        git(to, environ, "config", key, value)
    return load(to)


def last_release(config: Config, environ: Mapping[str, str], say: Say) -> str:
    """The tag of the last release in the clone, made where there is none; HEAD is then ahead of it.

    A repository that was never released, or has nothing new, gets the patches of `[tool.release.rehearsal]
    unreleased` as its unreleased work. Raises StageError when they do not apply.
    """
    root, pattern = config.root, TagPattern(config.app.tag)
    names = git(root, environ, "tag", "--list", "--merged", "HEAD").split()
    found = highest(names, pattern)
    if found is not None and git(root, environ, "rev-parse", f"{found[1]}^{{commit}}") != git(
        root, environ, "rev-parse", "HEAD"
    ):
        return found[1]
    tag = found[1] if found else pattern.tag(_manifest_version(config))
    if found is None:
        git(root, environ, "tag", "--annotate", tag, "--message", tag, extra=_dated(config))
    patches = (
        sorted((root / config.rehearsal.unreleased).glob("*.patch")) if config.rehearsal.unreleased else []
    )
    if patches:
        say(f"laying {len(patches)} unreleased commits on top of {tag}")
        git(
            root,
            environ,
            "am",
            "--quiet",
            "--committer-date-is-author-date",
            *map(str, patches),
            extra=_committer(config),
        )
    return tag


def install(config: Config, root: Path, cache: Path, environ: Mapping[str, str], say: Say) -> None:
    """Fill the node_modules of a clone: from the cache for this lockfile, else by the configured command, once.

    Raises StageError when the command fails.
    """
    command = config.rehearsal.install
    if not command:
        return
    folder = root / config.rehearsal.install_in
    locks = [
        folder / name
        for name in ("package-lock.json", "yarn.lock", "pnpm-lock.yaml")
        if (folder / name).is_file()
    ]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + " ".join(command).encode())
    kept = cache / f"node_modules-{digest.hexdigest()[:16]}"
    if not kept.is_dir():
        say(f"installing the monorepo's packages once: {' '.join(command)}")
        path = f"{node(environ).parent}:{environ.get('PATH', '')}"
        done = subprocess.run(
            command,
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
        fresh = cache / f"{kept.name}.{os.getpid()}"
        _link_tree(folder / "node_modules", fresh)
        try:
            fresh.rename(kept)
        except OSError:  # another stage was quicker
            shutil.rmtree(fresh)
        return
    _link_tree(kept, folder / "node_modules")


def git(folder: Path, environ: Mapping[str, str], *words: str, extra: Mapping[str, str] | None = None) -> str:
    """What a git command says. Raises StageError."""
    env = {**environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}
    try:
        done = subprocess.run(
            ["git", *words],
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed, or not on PATH.", "Install git.") from None
    if done.returncode:
        raise StageError(f"git {words[0]} failed: {done.stderr.strip()[-800:]}")
    return done.stdout.strip()


def _manifest_version(config: Config) -> str:
    from release.manifest import value_at

    text = (config.root / config.app.manifest).read_bytes()
    return value_at(text, ("version",), config.app.manifest)


def _link_tree(source: Path, to: Path) -> None:
    """Copy by hard links (instant, no space), by content where the two lie on different disks."""
    try:
        shutil.copytree(source, to, symlinks=True, copy_function=os.link)
    except (OSError, shutil.Error):
        shutil.rmtree(to, ignore_errors=True)
        shutil.copytree(source, to, symlinks=True)


def _committer(config: Config) -> dict[str, str]:
    return {"GIT_COMMITTER_NAME": config.identity.name, "GIT_COMMITTER_EMAIL": config.identity.email}


def _dated(config: Config) -> dict[str, str]:
    return {**_committer(config), "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z"}
