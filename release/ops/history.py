"""How HEAD, the remote branch and the last release lie to each other: one walk of git answers every question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.bump import TRAILER, VERSION_KEY
from release.errors import CannotReadError, ReleaseError
from release.manifest import value_at
from release.model import History
from release.ops.git import MOST_COMMITS
from release.version import TagPattern, highest, precedes

if TYPE_CHECKING:
    from release.model import Checkout, Commit, Release, Remote
    from release.ops import Ops


@dataclass(frozen=True)
class Walk:
    """The commits that some tips hold beyond the commit `released`, newest first.

    `complete` is false where there were more than one release can have.
    """

    commits: tuple[Commit, ...]
    released: str | None = None
    complete: bool = True

    def of(self, tip: str) -> tuple[Commit, ...]:
        """Those of them that `tip` holds."""
        by_id = {commit.sha: commit for commit in self.commits}
        held: set[str] = set()
        ahead = [tip]
        while ahead:
            sha = ahead.pop()
            if sha in by_id and sha not in held:
                held.add(sha)
                ahead += by_id[sha].parents
        return tuple(commit for commit in self.commits if commit.sha in held)

    def holds(self, tip: str, commit: str) -> bool | None:
        """Whether `commit`, a tip itself or the release, is in the history of `tip`; None where this walk does not tell."""
        within = self.of(tip)
        if tip == commit or any(commit == one.sha or commit in one.parents for one in within):
            return True
        if not self.complete:
            return None
        if commit == self.released or any(commit == one.sha for one in self.commits):
            return False
        # a tip that is not beyond the release is behind it, and so behind all that hold the release
        return True if self.released and self.holds(tip, self.released) else None


def read_history(ops: Ops, checkout: Checkout, remote: Remote) -> History:
    """Whether the branch holds HEAD, what came since the last tag, and whether that tag's release has landed.

    Fetches what this checkout lacks; of a shallow one only the commits since the tag. Raises CannotReadError.
    """
    head, tip = checkout.head, remote.tip
    if tip is None:
        raise CannotReadError(
            f"The remote {ops.config.remote} has no branch {ops.config.branch}.",
            "Check `branch` and `remote` in [tool.release].",
        )
    last = highest(remote.tags, TagPattern(ops.config.app.tag))
    _fetch(ops, checkout, remote, last[1] if last else None)
    tagged = remote.tags[last[1]] if last else None
    # older than a shallow checkout: not there, or there by itself, since its migrations were compared
    beyond_reach = tagged is not None and (
        ops.git.object(tagged) is None or (tagged != head and ops.git.is_cut(tagged))
    )
    walk = _walk(ops, (head, tip), None if beyond_reach else tagged)
    contained = head == tagged or _holds(ops, walk, tip, head)
    mine = walk.of(head)
    # nothing of what a shallow checkout shows lies beyond the tag: HEAD is behind it
    released = head == tagged or (beyond_reach and not contained and not set(mine) & set(walk.of(tip)))
    landed = (
        last is not None and tagged is not None and (beyond_reach or _has_last(ops, walk, tip, last, tagged))
    )
    return History(contained, () if released else mine, landed)


def has_landed(ops: Ops, remote: Remote, release: Release) -> bool:
    """Whether the tag is there and the branch holds the bump commit, or a commit that stands for it by a trailer."""
    if remote.tags.get(release.tag) != release.commit or remote.tip is None:
        return False
    if remote.tip == release.commit:
        return True
    if ops.git.object(remote.tip) is None or ops.git.object(release.commit) is None:
        ops.git.fetch(f"refs/heads/{ops.config.branch}", f"refs/tags/{release.tag}")
    since = _walk(ops, (remote.tip,), release.base).commits
    if any(release.commit == one.sha or release.tag in one.lands for one in since):
        return True
    return _holds_version(ops, remote.tip, release.version)


def _has_last(ops: Ops, walk: Walk, tip: str, last: tuple[str, str], commit: str) -> bool:
    """The same of the last release, by the walk: a plan and the run after it must not differ in this."""
    version, tag = last
    stands_for_it = any(tag in one.lands for one in walk.of(tip))
    return stands_for_it or _holds(ops, walk, tip, commit) or _holds_version(ops, tip, version)


def _holds_version(ops: Ops, tip: str, version: str) -> bool:
    """Whether the branch has this version or a later one: a squashed pull request may keep neither commit nor trailer."""
    found = ops.git.object(f"{tip}:{ops.config.app.manifest}")
    try:
        there = value_at(found[2], VERSION_KEY, ops.config.app.manifest) if found else ""
        return bool(there) and not precedes(there, version)
    except (ReleaseError, ValueError):
        return False


def _walk(ops: Ops, tips: tuple[str, ...], released: str | None) -> Walk:
    known = [tip for tip in dict.fromkeys(tips) if ops.git.object(tip) is not None]
    commits = ops.git.log(known, [released] if released else [], trailer=TRAILER)
    return Walk(commits, released, complete=len(commits) < MOST_COMMITS)


def _holds(ops: Ops, walk: Walk, tip: str, commit: str) -> bool:
    found = walk.holds(tip, commit)
    if (
        found is None
    ):  # it is older than the last release, which is not on the branch: rare, and worth a process
        known = ops.git.object(tip) is not None and ops.git.object(commit) is not None
        found = known and ops.git.contains(commit, tip)
    return found


def _fetch(ops: Ops, checkout: Checkout, remote: Remote, last_tag: str | None) -> None:
    """Get what is missing of branch, record and last release: one process, or none."""
    branch, tag = f"refs/heads/{ops.config.branch}", f"refs/tags/{last_tag}"
    tagged = remote.tags[last_tag] if last_tag else None
    if checkout.shallow and tagged and tagged != remote.tip:
        record = [ops.record_ref] if remote.record else []
        ops.git.fetch(branch, *record, shallow_exclude=tag)
        return
    wanted = {branch: remote.tip, ops.record_ref: remote.record, tag: None if checkout.shallow else tagged}
    missing = [ref for ref, oid in wanted.items() if oid and ops.git.object(oid) is None]
    if missing:
        ops.git.fetch(*missing)
