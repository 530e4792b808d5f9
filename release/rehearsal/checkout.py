"""The clone that a rehearsal releases: this repository at HEAD, a last release, and work on top of it."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

from release.config import load
from release.errors import ReleaseError, UsageError
from release.formats.version import TagPattern, highest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from release.config import Config

Say = Callable[[str], None]
EMPTY = "fix: something to release"
DATE = "2026-01-05T09:00:00Z"  # of what a stage commits, so that each makes the same ids


class StageError(ReleaseError):
    """A stage cannot be set up or is in no state to be used."""


def top(root: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """The folder of the repository that `root` lies in, and the way from there to `root` ("" or "a/b/")."""
    said = git(root, environ, "rev-parse", "--show-toplevel", "--show-prefix").splitlines()
    return said[0], said[1] if len(said) > 1 else ""


def clone(root: Path, to: Path, environ: Mapping[str, str]) -> Config:
    """Clone the repository at HEAD, on its release branch, with its tags; the clone's configuration is returned.

    A folder within a repository becomes a repository of its own: one commit, no tags. Raises StageError.
    """
    config = load(root)
    whole, within = top(root, environ)
    git(root, environ, "clone", "--quiet", "--origin", config.remote, whole, str(to))
    commit = _folder_alone(to, within, config, environ) if within else "HEAD"
    git(to, environ, "checkout", "--quiet", "-B", config.branch, commit)
    for key, value in {
        "user.name": config.identity.name,
        "user.email": config.identity.email,
        "gc.auto": "0",
        "commit.gpgsign": "false",
        "tag.gpgsign": "false",
    }.items():
        git(to, environ, "config", key, value)
    try:
        return load(to)
    except UsageError as error:
        raise StageError(
            f"A rehearsal releases what is committed, and the configuration in the last commit does not load: {error.what}",
            "Commit it, then run again.",
        ) from None


def lend_configuration(clone: Path, last: Path) -> bool:
    """Give a tree whose own configuration does not load, for it is older than that, today's; whether it was needed."""
    try:
        load(last)
    except UsageError:
        shutil.copyfile(clone / "pyproject.toml", last / "pyproject.toml")
        return True
    return False


def _folder_alone(to: Path, within: str, config: Config, environ: Mapping[str, str]) -> str:
    """A commit whose tree is the folder's at HEAD; the tags of the whole repository are not the folder's."""
    tags = git(to, environ, "tag", "--list").split()
    if tags:
        git(to, environ, "tag", "--delete", *tags)
    try:
        tree = git(to, environ, "rev-parse", "--verify", "--quiet", f"HEAD:{within.rstrip('/')}")
    except StageError:
        raise StageError(
            f"{within} is in no commit yet, and a rehearsal releases what is committed.", "Commit it."
        ) from None
    return git(
        to, environ, "commit-tree", tree, "-m", f"chore: {within.rstrip('/')} as it is", extra=_signed(config)
    )


def worktree(root: Path, to: Path, tag: str, environ: Mapping[str, str]) -> None:
    """Check a tag out beside a clone; what a start left there that was killed goes first. Raises StageError."""
    shutil.rmtree(to, ignore_errors=True)
    git(root, environ, "worktree", "prune")
    git(root, environ, "worktree", "add", "--quiet", "--detach", str(to), tag)


def last_release(config: Config, environ: Mapping[str, str], say: Say) -> str:
    """The tag of the last release in the clone, made where there is none; HEAD is then ahead of it.

    A repository that was never released, or has nothing new, gets the patches of `[tool.release.rehearsal]
    unreleased` as its unreleased work, an empty commit where there are none. Raises StageError when they do not apply.
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
    _lay_work(config, tag, environ, say)
    return tag


def _lay_work(config: Config, tag: str, environ: Mapping[str, str], say: Say) -> None:
    root, folder = config.root, config.rehearsal.unreleased
    patches = sorted((root / folder).glob("*.patch")) if folder else []
    if patches:
        say(f"laying {len(patches)} unreleased commits on top of {tag}")
        words = ("am", "--quiet", "--committer-date-is-author-date", *map(str, patches))
        git(root, environ, *words, extra=_committer(config))
    else:
        say(f"nothing is unreleased: laying an empty commit on top of {tag}")
        git(root, environ, "commit", "--quiet", "--allow-empty", "--message", EMPTY, extra=_signed(config))


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
    from release.formats.manifest import value_at

    text = (config.root / config.app.manifest).read_bytes()
    return value_at(text, ("version",), config.app.manifest)


def _committer(config: Config) -> dict[str, str]:
    return {"GIT_COMMITTER_NAME": config.identity.name, "GIT_COMMITTER_EMAIL": config.identity.email}


def _dated(config: Config) -> dict[str, str]:
    return {**_committer(config), "GIT_COMMITTER_DATE": DATE}


def _signed(config: Config) -> dict[str, str]:
    """Who and when, of a commit that a stage makes."""
    author = {"GIT_AUTHOR_NAME": config.identity.name, "GIT_AUTHOR_EMAIL": config.identity.email}
    return {**_dated(config), **author, "GIT_AUTHOR_DATE": DATE}
