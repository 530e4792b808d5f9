"""What the health route says during a rollback, held against what is live now and what was before (pure but for git)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from release.formats.git_objects import commit_fields
from release.model.health import is_one
from release.model.repository import names
from release.observe.readiness import answer as observed

if TYPE_CHECKING:
    from release.model.deployment import Health
    from release.systems.git.client import Git

Mark = tuple[str, str] | None  # version and commit


@dataclass(frozen=True)
class Seen:
    """The last thing that the health route said: healthy or not, something else than what is live, or nothing at all.

    `ending` is what a rollback that ended well says of it, where that is not that it is healthy.
    """

    kind: Literal["healthy", "unhealthy", "another", "silent"]
    detail: str
    version: str | None = None
    ending: str = ""


def known(before: Seen, now: Seen) -> Seen:
    """What is known after one more answer: what was wrong stays known where nothing answers any more."""
    return before if now.kind == "silent" and before.kind not in {"silent", "healthy"} else now


def unasked(environment: str) -> Seen:
    """Nothing was asked: Cloudflare's word is all there is."""
    served = f"every worker of {environment} serves it; there is no health route to ask"
    return Seen("healthy", served, ending=served)


def judged(health: Health, wanted: Mark, left: Mark, version_ids: tuple[str, ...]) -> Seen:
    """One answer, held against what is live now (version, commit, Cloudflare's ids), and what was before."""
    version, commit, version_id = health.version, health.commit, health.version_id
    if not health.answered:
        return Seen("silent", health.problem or "no answer")
    if health.problem is not None:
        return Seen("unhealthy", health.problem)
    if version_id is not None and not is_one(version_id, version_ids):
        return Seen("another", f"it still answers as version {version_id[:8]}")
    told = (version, commit) != (None, None)
    is_old = (
        left is not None
        and told
        and version in {left[0], None}
        and (commit is None or names(commit, left[1]))
    )
    if wanted is None:
        said = version or f"commit {(commit or '')[:7]}"
        return Seen("another", f"it still answers as {said}") if is_old else healthy(version)
    if version not in {wanted[0], None}:
        return Seen(
            "another",
            f"it still answers as {version}" if is_old else f"it answers as {version}, not {wanted[0]}",
        )
    if commit is not None and not names(commit, wanted[1]):
        still = "still answers" if is_old else "answers"
        return Seen("another", f"it {still} as commit {commit[:7]}, not {wanted[1][:7]}")
    return healthy(version or wanted[0])


def as_built(git: Git, health: Health, marks: tuple[Mark, ...]) -> Health:
    """The same answer, in which the commit that a release was built from is that release's own."""
    commit = health.commit
    if commit is None or any(mark and names(commit, mark[1]) for mark in marks):
        return health
    for mark in marks:
        found = observed(partial(git.object, mark[1])) if mark else None
        if (
            mark
            and isinstance(found, tuple)
            and any(names(commit, one) for one in commit_fields(found[2]).parents)
        ):
            return replace(health, commit=mark[1])
    return health


def healthy(version: str | None) -> Seen:
    return Seen("healthy", f"{version or 'what is live'} is healthy", version)
