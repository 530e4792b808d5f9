"""How HEAD, the remote branch and the last release lie to each other: one walk of git answers every question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.errors import CannotReadError, ReleaseError
from release.formats.git_objects import commit_fields
from release.formats.manifest import value_at
from release.formats.version import TagPattern, highest, parse, precedes
from release.frozen import Frozen
from release.model.bump import TRAILER, VERSION_KEY
from release.model.repository import Aftermath, History
from release.systems.git.client import MOST_COMMITS
from release.systems.git.folders import changing, have

if TYPE_CHECKING:
    from release.formats.git_objects import Commit as Fields
    from release.model.release import Release
    from release.model.repository import Checkout, Commit, Remote
    from release.systems.ops import Ops

NEAR = 100  # commits that are looked at one by one
EVERYTHING = 2_147_483_647  # git's word for a depth without end


class Walk(Frozen, frozen=True):
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


class Last(Frozen, frozen=True):
    """The last release, as the remote's tag has it.

    `is_hidden`: this checkout is shallow and does not reach it. It is older than what is there, or there by itself.
    """

    version: str
    tag: str
    commit: str
    is_hidden: bool


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
    found = highest(remote.tags, TagPattern(ops.config.app.tag))
    _fetch(ops, checkout, remote, found[1] if found else None)
    if found is None:
        walk = _walk(ops, (head, tip), None)
        return History(_holds(ops, walk, tip, head), walk.of(head))
    last = _last(ops, found, remote.tags[found[1]], head)
    walk = _walk(ops, (head, tip), None if last.is_hidden else last.commit)
    contained = head == last.commit or _holds(ops, walk, tip, head)
    unreleased = () if _is_released(walk, head, tip, last, contained=contained) else walk.of(head)
    return History(
        contained,
        unreleased,
        is_on_branch=last.is_hidden or _has_last(ops, walk, tip, last),
        aftermath=Aftermath(
            _dropped(ops, walk, head if unreleased else tip, last), _ahead(ops, tip, last.version)
        ),
    )


def _last(ops: Ops, found: tuple[str, str], commit: str, head: str) -> Last:
    # its migrations were compared, where a shallow checkout has it by itself
    is_hidden = ops.git.object(commit) is None or (commit != head and ops.git.is_cut(commit))
    return Last(*found, commit, is_hidden)


def _is_released(walk: Walk, head: str, tip: str, last: Last, *, contained: bool) -> bool:
    """Whether HEAD holds nothing beyond the last release: it is that, or behind it."""
    if head == last.commit:
        return True
    # nothing of what a shallow checkout shows lies beyond the tag
    return last.is_hidden and not contained and not set(walk.of(head)) & set(walk.of(tip))


def is_on_branch(ops: Ops, remote: Remote, release: Release) -> bool:
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


def holds(ops: Ops, tip: str, commit: str) -> bool:
    """Whether a commit is in the history of the branch's `tip`; what a shallow checkout hides of it is fetched."""
    if ops.git.object(tip) is None:
        ops.git.fetch(f"refs/heads/{ops.config.branch}")
    if commit in _near(ops, tip) or (ops.git.object(commit) is not None and ops.git.contains(commit, tip)):
        return True
    if not ops.git.shallow:
        return False
    ops.git.fetch(f"refs/heads/{ops.config.branch}", depth=EVERYTHING)
    return ops.git.object(commit) is not None and ops.git.contains(commit, tip)


def stands_for(ops: Ops, tip: str, release: Release) -> bool:
    """Whether the branch's `tip` holds the release already: an answer that was lost makes no second commit."""
    line = f"{TRAILER}: {release.tag}"
    near = _near(ops, tip)
    if release.commit in near or any(one and line in one.message.splitlines() for one in near.values()):
        return True
    return ops.git.object(release.commit) is not None and ops.git.contains(release.commit, tip)


def _near(ops: Ops, tip: str) -> dict[str, Fields | None]:
    """The newest commits of `tip`, read without a process; None for one that is named as a parent and was not read."""
    seen: dict[str, Fields | None] = {tip: None}
    ahead = [tip]
    while ahead and len(seen) < NEAR:
        sha = ahead.pop(0)
        found = ops.git.object(sha)
        seen[sha] = fields = commit_fields(found[2]) if found else None
        fresh = [parent for parent in (fields.parents if fields else ()) if parent not in seen]
        seen.update(dict.fromkeys(fresh))
        ahead += fresh
    return seen


def aftermath(ops: Ops, remote: Remote, release: Release) -> Aftermath:
    """What a force-push, or a version set by hand, has made of the branch that a release was to land on."""
    tip = remote.tip
    if tip is None or tip == release.commit:
        return Aftermath()
    dropped = () if holds(ops, tip, release.base) else _lacking(ops, tip, release.base)
    return Aftermath(dropped, _ahead(ops, tip, release.version))


def _dropped(ops: Ops, walk: Walk, at: str, last: Last) -> tuple[Commit, ...]:
    """The commits of the last release that `at` does not hold. Only where a force-push took them away this costs a process."""
    near = {at, *(parent for one in walk.of(at) for parent in _parents(ops, one))}
    if last.commit in near:
        return ()
    have(ops.git, last.tag, last.commit)
    base = _base_of(ops, last.tag, last.commit)
    if base in near or holds(ops, at, base):
        return ()
    if ops.git.object(base) is None:
        ops.git.fetch(f"refs/tags/{last.tag}", depth=EVERYTHING if ops.git.shallow else None)
    return _lacking(ops, at, base)


def _lacking(ops: Ops, tip: str, base: str) -> tuple[Commit, ...]:
    """What `tip` lacks of a commit's history: nothing where it came by the very same content, rebased or reworded.

    Merges are named only where nothing else is: what they brought together says more.
    """
    content = commit_fields(_body(ops, base)).tree
    if content in ops.git.trees(tip, base):
        return ()
    missing = tuple(one for one in ops.git.lacking(tip, base, trailer=TRAILER) if not one.lands)
    if ops.config.target:
        missing = changing(ops.git, ops.config.target.folder, missing, base)
    return tuple(one for one in missing if len(one.parents) < 2) or missing  # noqa: PLR2004


def _parents(ops: Ops, commit: Commit) -> tuple[str, ...]:
    """A commit's parents, also those that a shallow checkout does not have."""
    if commit.parents or not ops.git.is_cut(commit.sha):
        return commit.parents
    return commit_fields(_body(ops, commit.sha)).parents


def _base_of(ops: Ops, tag: str, tagged: str) -> str:
    """What a release shipped: its bump's parent; the commit itself where somebody tagged it by hand."""
    fields = commit_fields(_body(ops, tagged))
    is_bump = f"{TRAILER}: {tag}" in fields.message.splitlines() and len(fields.parents) == 1
    return fields.parents[0] if is_bump else tagged


def _body(ops: Ops, commit: str) -> bytes:
    found = ops.git.object(commit)
    if found is None or found[1] != "commit":
        raise CannotReadError(
            f"git has no commit {commit[:7]} here.", "Fetch it (git fetch), then run again."
        )
    return found[2]


def _ahead(ops: Ops, tip: str, version: str) -> str | None:
    """The branch's version, where it is higher than this one."""
    there = _version_at(ops, tip)
    return there if there and precedes(version, there) else None


def _version_at(ops: Ops, tip: str) -> str | None:
    """The version that the manifest of a commit holds; None where none can be read."""
    found = ops.git.object(f"{tip}:{ops.config.app.manifest}")
    try:
        there = value_at(found[2], VERSION_KEY, ops.config.app.manifest) if found else ""
        parse(there)
    except (ReleaseError, ValueError):
        return None
    return there


def _has_last(ops: Ops, walk: Walk, tip: str, last: Last) -> bool:
    """The same of the last release, by the walk: a plan and the run after it must not differ in this."""
    stands_for_it = any(last.tag in one.lands for one in walk.of(tip))
    return stands_for_it or _holds(ops, walk, tip, last.commit) or _holds_version(ops, tip, last.version)


def _holds_version(ops: Ops, tip: str, version: str) -> bool:
    """Whether the branch has this version or a later one: a squashed pull request may keep neither commit nor trailer."""
    there = _version_at(ops, tip)
    return there is not None and not precedes(there, version)


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
