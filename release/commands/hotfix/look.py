"""How far a hotfix is: read from git and GitHub, each time anew."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from release.commands.hotfix.next_action import State
from release.decide.findings import previous, rolled_back, unfinished
from release.errors import BlockedError, UsageError
from release.formats.suggestion import unknown
from release.formats.version import bumped
from release.model.bump import TRAILER
from release.model.record import Record
from release.model.repository import Commit, Remote
from release.model.unread import Unread
from release.observe.world import observe
from release.systems.git.branches import branch_at, commit_named
from release.systems.github import actions
from release.systems.github.commit_checks import commit_checks
from release.systems.github.pulls import newest_pull

if TYPE_CHECKING:
    from release.commands.hotfix.next_action import Relation
    from release.model.world import World
    from release.systems.github.pulls import Pull
    from release.systems.ops import Ops

PREFIX = "hotfix/"
MOST_RUNS = 20


@dataclass(frozen=True)
class Hotfix:
    """What is fixed: the last release, its commit, and the number that comes. `is_released`: it has come already."""

    tag: str
    commit: str
    coming: str
    is_released: bool = False

    @property
    def branch(self) -> str:
        """The hotfix's branch."""
        return f"{PREFIX}{self.coming}"


def hotfix_of(ops: Ops, tag: str) -> Hotfix:
    """What a hotfix of this tag is about. Raises UsageError for a tag that is none, BlockedError where it cannot be made."""
    world = observe(ops)
    for part in (world.checkout, world.remote, world.record):
        if isinstance(part, Unread):
            raise BlockedError(part.because, part.advice or "Run the same command again.")
    remote = world.remote
    last = previous(world, ops.config)
    if not isinstance(remote, Remote) or last is None:
        raise BlockedError("Nothing was ever released.", "Release it: inv release --bump patch")
    if tag not in remote.tags:
        known = [last[1], *(one for one in remote.tags if one != last[1])]
        raise UsageError(unknown("release", tag, known), f"A hotfix is of the last one: inv hotfix {last[1]}")
    coming = ops.config.app.pattern.tag(_next(world, ops, ops.config.app.pattern.version(tag) or last[0]))
    begun = unfinished(world, ops.config)
    if begun is not None and begun.tag != coming:
        raise BlockedError(
            f"{begun.tag} was begun and is not finished.", "Finish it first: inv release --bump patch"
        )
    if tag != last[1] and not (last[1] == coming and _was_merged(ops, coming)):
        raise BlockedError(f"{tag} is not the last release: {last[1]} is.", f"inv hotfix {last[1]}")
    return Hotfix(tag, remote.tags[tag], coming, is_released=last[1] == coming and begun is None)


def look(ops: Ops, of: Hotfix, wanted: tuple[str, ...]) -> State:
    """How far it is now; `wanted` are the commits to pick. Raises CannotReadError, and UsageError for an unknown commit."""
    remote, tip = _fetched(ops, of)
    local = branch_at(ops.git, of.branch)
    at = local or remote
    own = _since(ops, of, at)
    on_main = {one.sha for one in _since(ops, of, tip)} if own else set()
    _, branch, dirty = ops.git.status()
    seen = State(
        tag=of.tag,
        coming=of.coming,
        branch=of.branch,
        main=ops.config.branch,
        local=local,
        remote=remote,
        relation=_relation(ops, local, remote),
        is_from_tag=at is None or ops.git.contains(of.commit, at),
        own=own,
        strange=tuple(one for one in own if one.sha in on_main),
        picks=_untaken(ops, wanted, at, of.commit),
        is_checked_out=branch == of.branch,
        dirty=dirty,
        pull=newest_pull(ops.github, of.branch, ops.config.branch),
        tip=tip,
        ignored=ops.config.checklist.ci_ignore,
    )
    return _with_github(ops, seen)


def _fetched(ops: Ops, of: Hotfix) -> tuple[str | None, str]:
    """The commits of the hotfix's branch and of main at the remote, which this checkout holds then, as it does the tag's."""
    tag, main, branch = f"refs/tags/{of.tag}", f"refs/heads/{ops.config.branch}", f"refs/heads/{of.branch}"
    refs = {**ops.git.remote_refs(main, branch), tag: of.commit}
    missing = [ref for ref in (tag, main, branch) if ref in refs and ops.git.object(refs[ref]) is None]
    if missing:
        ops.git.fetch(*missing)
    return refs.get(branch), refs.get(main, "")


def _since(ops: Ops, of: Hotfix, at: str | None) -> tuple[Commit, ...]:
    return ops.git.log([at], [of.commit], trailer=TRAILER) if at else ()


def beside(ops: Ops, now: State, since: str) -> tuple[Commit, ...]:
    """What else on main would ship with the hotfix: its commits since the tag that the branch does not hold in some form."""
    if not now.tip:
        return ()
    at = now.local or now.remote
    done = ops.git.run(
        "log",
        "-z",
        "--no-merges",
        "--cherry-pick",
        "--right-only",
        f"--format=%H%x00%s%x00%(trailers:key={TRAILER},valueonly,separator=%x20)",
        f"{at}...{now.tip}" if at else now.tip,
        f"^{since}",
        "--",
    )
    fields = done.out.decode(errors="replace").split("\0")
    found = zip(fields[0::3], fields[1::3], fields[2::3], strict=False)
    return tuple(Commit(sha, subject) for sha, subject, lands in found if not lands.strip())


def _with_github(ops: Ops, now: State) -> State:
    """The same, with what CI says of the commit that is waited for, and the run that releases it."""
    if not now.is_merged:
        head = now.pull.head.sha if now.pull and now.pull.state == "open" else None
        return replace(now, checks=commit_checks(ops.github, head)) if head else now
    run = _run_since(ops, now.pull)
    return replace(now, run=run, checks=None if run else commit_checks(ops.github, now.tip))


def _run_since(ops: Ops, pull: Pull | None) -> actions.Run | None:
    """The newest run of the workflow that releases, started after the pull request was merged."""
    found = actions.runs(ops.github, most=MOST_RUNS, event="workflow_dispatch")
    workflow = f"/{ops.config.approval.workflow}"
    since = (pull.merged_at or "") if pull else ""
    ours = (one for one in found if one.path.partition("@")[0].endswith(workflow) and one.created_at >= since)
    return next(ours, None)


def _relation(ops: Ops, local: str | None, remote: str | None) -> Relation:
    if local == remote:
        return "same"
    if local is None:
        return "behind"
    if remote is None or ops.git.contains(remote, local):
        return "ahead"
    return "behind" if ops.git.contains(local, remote) else "apart"


def _untaken(ops: Ops, wanted: tuple[str, ...], at: str | None, since: str) -> tuple[str, ...]:
    """The commits to pick that the branch does not hold yet, by itself or by the line that `cherry-pick -x` leaves."""
    commits = []
    for name in wanted:
        commit = commit_named(ops.git, name)
        if commit is None:
            raise UsageError(
                f"There is no commit {name} in this checkout.", "Fetch it (git fetch), or check its id."
            )
        commits.append(commit)
    if at is None:
        return tuple(commits)
    taken = ops.git.run("log", "--format=%H%n%B", at, f"^{since}", "--").out.decode(errors="replace")
    return tuple(one for one in dict.fromkeys(commits) if one not in taken)


def _next(world: World, ops: Ops, version: str) -> str:
    record = world.record if isinstance(world.record, Record) else None
    burnt = {*(record.burnt if record else ()), *rolled_back(world, ops.config)}
    coming = bumped(version, "patch")
    while coming in burnt:
        coming = bumped(coming, "patch")
    return coming


def _was_merged(ops: Ops, coming: str) -> bool:
    """Whether the last release came from a hotfix of the one before it."""
    pull = newest_pull(ops.github, f"{PREFIX}{coming}", ops.config.branch)
    return pull is not None and pull.merged_at is not None
