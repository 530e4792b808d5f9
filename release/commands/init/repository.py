"""What git says of the repository that adopts the tool."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.errors import EffectError, UsageError
from release.systems.machine import shell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Repository:
    """A checkout: every file that git does not ignore (paths with "/"), its tags, release branch and remote."""

    root: Path
    files: frozenset[str]
    tags: tuple[str, ...]
    branch: str
    remote: str

    def text(self, path: str) -> str | None:
        """The text of one of its files; None where there is none, or none that is UTF-8."""
        try:
            return (self.root / path).read_text("utf-8") if path in self.files else None
        except (OSError, UnicodeDecodeError):
            return None


def look(root: Path, environ: Mapping[str, str]) -> Repository:
    """Look at the repository in `root`. Raises UsageError where it is none, or only a folder of one."""
    top = _said(root, environ, "rev-parse", "--show-prefix")
    if top is None:
        raise UsageError(f"{root} is in no git repository.", "Go to the monorepo's folder; or: git init")
    if top:
        raise UsageError(
            f"{root} is a folder of a repository, not its top.",
            f"cd {'../' * top.count('/')} and run it there.",
        )
    listed = _said(root, environ, "ls-files", "-z", "--cached", "--others", "--exclude-standard") or ""
    remotes = (_said(root, environ, "remote") or "").split()
    remote = "origin" if "origin" in remotes or not remotes else remotes[0]
    return Repository(
        root=root,
        files=frozenset(name for name in listed.split("\0") if name and (root / name).is_file()),
        tags=tuple((_said(root, environ, "tag", "--list") or "").split()),
        branch=_branch(root, environ, remote),
        remote=remote,
    )


def _branch(root: Path, environ: Mapping[str, str], remote: str) -> str:
    """The remote's own default branch, else main or master where there is one, else the one that is checked out."""
    head = _said(root, environ, "symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD")
    if head:
        return head.removeprefix(f"{remote}/")
    branches = (_said(root, environ, "branch", "--list", "--format=%(refname:short)") or "").split("\n")
    known = next((name for name in ("main", "master") if name in branches), None)
    return known or _said(root, environ, "symbolic-ref", "--quiet", "--short", "HEAD") or "main"


def _said(root: Path, environ: Mapping[str, str], *words: str) -> str | None:
    """What a git command says; None where it fails."""
    # this process's own git directory (a hook's, say) is not the one that is looked at
    env = {
        name: value
        for name, value in environ.items()
        if not re.match(r"GIT_(DIR|WORK_TREE|INDEX_FILE)$", name)
    }
    try:
        done = shell.capture(("git", *words), cwd=root, env={**env, "LC_ALL": "C"})
    except EffectError as error:
        raise UsageError(error.what, error.advice) from None
    return None if done.code else done.out.decode(errors="surrogateescape").strip("\n")
