"""The bare repository behind the forge, read and changed with git's plumbing."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ZERO = "0" * 40

# anonymous wants and filters as GitHub allows them; no background gc that would outlive a test
_CONFIG = """[core]
\trepositoryformatversion = 0
\tfilemode = true
\tbare = true
[http]
\treceivepack = true
[receive]
\tautogc = false
[gc]
\tauto = 0
[uploadpack]
\tallowAnySHA1InWant = true
\tallowFilter = true
"""
_COMMIT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%B"
_COMMIT_FIELDS = 10
_SHORTEST_SHA = 4


@dataclass(frozen=True)
class Person:
    """Who wrote or committed, and when (ISO 8601)."""

    name: str
    email: str
    date: str


@dataclass(frozen=True)
class Commit:
    """A commit as git tells it."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str

    @property
    def subject(self) -> str:
        """The message's first line."""
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class Ref:
    """A ref: full name, the object that it names, and that object's type (commit or tag)."""

    name: str
    sha: str
    type: str


class GitError(Exception):
    """A git command failed: its arguments and what it said."""


def isolated_environment() -> dict[str, str]:
    """The environment for git on the server: no configuration but the repository's own, C locale."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }


class Bare:
    """One bare repository in a folder, made when it is not there."""

    def __init__(self, folder: Path, default_branch: str = "main") -> None:
        """Open the repository at `folder`; writes the few files that make one, without a process."""
        self.folder = folder
        self.default_branch = default_branch
        if not (folder / "HEAD").exists():
            for part in ("objects/info", "objects/pack", "refs/heads", "refs/tags", "hooks", "info"):
                (folder / part).mkdir(parents=True, exist_ok=True)
            (folder / "config").write_text(_CONFIG, "utf-8")
            (folder / "HEAD").write_text(f"ref: refs/heads/{default_branch}\n", "utf-8")

    @cached_property
    def backend(self) -> str:
        """The path of git's CGI program `git-http-backend`."""
        return f"{self.git('--exec-path').strip()}/git-http-backend"

    def git(self, *arguments: str, stdin: str = "", extra: Mapping[str, str] | None = None) -> str:
        """Run git in the repository; its stdout. Raises GitError when it fails."""
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=isolated_environment() | {"GIT_DIR": str(self.folder)} | dict(extra or {}),
            input=stdin.encode(errors="surrogateescape"),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise GitError(f"git {' '.join(arguments)}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="surrogateescape")

    def refs(self, prefix: str = "refs/") -> list[Ref]:
        """Every ref whose full name starts with `prefix`, by name."""
        whole = prefix[: prefix.rindex("/")]
        lines = self.git(
            "for-each-ref", "--format=%(refname) %(objectname) %(objecttype)", whole
        ).splitlines()
        return [Ref(*line.split(" ")) for line in lines if line.startswith(prefix)]

    def ref(self, name: str) -> Ref | None:
        """The ref of exactly this full name."""
        return next((ref for ref in self.refs(name) if ref.name == name), None)

    def resolve(self, revision: str) -> str | None:
        """The commit that a branch, a tag, a full ref or a SHA (4 digits or more) names."""
        if not revision or revision.startswith("-") or any(sign in revision for sign in "^~:@{ \n"):
            return None
        names = [f"refs/heads/{revision}", f"refs/tags/{revision}", revision]
        if len(revision) < _SHORTEST_SHA:
            del names[-1]
        asked = "".join(f"{name}^{{commit}}\n" for name in names)
        told = self.git("cat-file", "--batch-check=%(objectname)", stdin=asked).splitlines()
        # of what there is not, it says "NAME missing" or "NAME ambiguous"
        return next((line for line in told if " " not in line), None)

    def commits(self, *arguments: str, paths: Sequence[str] = ()) -> list[Commit]:
        """The commits that `git log` shows for these arguments, newest first."""
        words = self.git("log", "-z", f"--format={_COMMIT}", *arguments, "--", *paths).split("\0")
        return list(_read_commits(words))

    def commit(self, revision: str) -> Commit | None:
        """The commit that a revision names."""
        sha = self.resolve(revision)
        return self.commits("-1", sha)[0] if sha else None

    def ahead_behind(self, base: str, head: str) -> tuple[int, int]:
        """How many commits `head` has that `base` lacks, and the other way round."""
        behind, ahead = self.git("rev-list", "--left-right", "--count", f"{base}...{head}").split()
        return int(ahead), int(behind)

    def merge_base(self, one: str, other: str) -> str | None:
        """Their best common ancestor."""
        try:
            return self.git("merge-base", one, other).split()[0]
        except GitError:
            return None

    def contains(self, tip: str, sha: str) -> bool:
        """Whether `sha` is `tip` or an ancestor of it."""
        return self.merge_base(tip, sha) == sha

    def update_ref(self, name: str, new: str, old: str | None = None) -> None:
        """Point a ref at an object; `old` is what it must be before (ZERO: absent). Raises GitError."""
        self.git("update-ref", name, new, *([old] if old else []))

    def delete_ref(self, name: str) -> None:
        """Remove a ref."""
        self.git("update-ref", "-d", name)

    def merged_tree(self, base: str, head: str) -> str | None:
        """The tree of `head` merged into `base`; None when they conflict. Needs git 2.38."""
        try:
            return self.git("merge-tree", "--write-tree", base, head).split()[0]
        except GitError:
            return None

    def commit_tree(self, tree: str, parents: Sequence[str], message: str, by: Person) -> str:
        """Make a commit without touching a ref; its SHA."""
        identity = {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", by.name), ("EMAIL", by.email), ("DATE", by.date))
        }
        flags = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, stdin=message, extra=identity).strip()


def _read_commits(words: list[str]) -> Iterator[Commit]:
    for start in range(0, len(words) - _COMMIT_FIELDS + 1, _COMMIT_FIELDS):
        sha, tree, parents, *people, message = words[start : start + _COMMIT_FIELDS]
        author, committer = Person(*people[:3]), Person(*people[3:])
        yield Commit(sha, tree, tuple(parents.split()), author, committer, message.rstrip("\n"))
