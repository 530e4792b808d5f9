"""Pull requests of one branch at GitHub: found, opened, merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from release.systems.github.rest import Rest

READS = "read its pull requests"


class Head(msgspec.Struct, frozen=True):
    """Where a pull request comes from: the branch and its commit."""

    ref: str
    sha: str


class Pull(msgspec.Struct, frozen=True, kw_only=True):
    """A pull request. `state` is open or closed; `merged_at` is None unless it was merged."""

    number: int
    html_url: str
    state: str
    head: Head
    title: str = ""
    merged_at: str | None = None
    merge_commit_sha: str | None = None


class _Merged(msgspec.Struct, frozen=True):
    sha: str


def newest_pull(github: Rest, head: str, base: str) -> Pull | None:
    """The newest pull request from a branch to another, whatever became of it."""
    owner = github.repository.partition("/")[0]
    asked = {"state": "all", "head": f"{owner}:{head}", "base": base}
    found = github.pages("/pulls", Pull, READS, most=1, **asked)
    return found[0] if found else None


def open_pull(github: Rest, head: str, base: str, title: str, body: str) -> Pull:
    """A new pull request. Raises EffectError."""
    wanted = {"head": head, "base": base, "title": title, "body": body}
    return github.write("POST", "/pulls", Pull, "open a pull request", wanted)


def merge_pull(github: Rest, pull: Pull, *, squash: bool) -> str:
    """Merge the very commit that was looked at; the commit that the base has then. Raises EffectError."""
    wanted = {"sha": pull.head.sha, "merge_method": "squash" if squash else "merge"}
    path = f"/pulls/{pull.number}/merge"
    return github.write("PUT", path, _Merged, "merge a pull request", wanted).sha
