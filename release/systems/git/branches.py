"""A branch made beside the work tree: from a commit, with other commits picked onto it; the checkout stays as it is."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from release.errors import BlockedError, EffectError
from release.systems.git.client import Git
from release.systems.machine.local_folder import local_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.config import Identity
    from release.systems.ops import Ops

SHOWN = 8


def branch_at(git: Git, branch: str) -> str | None:
    """The commit of a branch of this checkout, None where there is none."""
    found = git.object(f"refs/heads/{branch}")
    return found[0] if found else None


def point(git: Git, branch: str, commit: str, was: str | None) -> None:
    """Make or move a branch that is not checked out. Raises EffectError where it is no longer what it was."""
    done = git.run("update-ref", f"refs/heads/{branch}", commit, was or "")
    if done.code:
        raise EffectError(f"git cannot move {branch}: {git.said(done.err)}", "Run the same command again.")


def advance(git: Git, commit: str) -> None:
    """Move the branch that is checked out forward, files and all; git itself refuses to overwrite. Raises BlockedError."""
    done = git.run("merge", "--quiet", "--ff-only", commit)
    if done.code:
        raise BlockedError(
            f"The branch that is checked out cannot follow: {git.said(done.err)}",
            "Commit your changes, or stash them (git stash -u), then run the same command again.",
        )


def switch(git: Git, branch: str) -> None:
    """Check a branch out. Raises BlockedError where git refuses, for it would overwrite something."""
    done = git.run("switch", "--quiet", branch)
    if done.code:
        raise BlockedError(
            f"git cannot switch to {branch}: {git.said(done.err)}",
            "Commit your changes, or stash them (git stash -u), then run the same command again.",
        )


def commit_named(git: Git, name: str) -> str | None:
    """The commit that a person names by its id, whole or shortened, a tag or a branch; None where there is none."""
    done = git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return None if done.code else done.out.decode().strip()


def picked(ops: Ops, branch: str, onto: str, commits: Sequence[str]) -> str:
    """The commit that results from picking others onto one, made in a folder of its own that is removed again.

    Raises BlockedError with the files that conflict; nothing has changed then.
    """
    folder = local_folder(ops.root) / "hotfix"
    shutil.rmtree(folder, ignore_errors=True)
    ops.git.prune_worktrees()
    ops.git.worktree(folder, onto)
    there = Git(folder, ops.config.remote, {**ops.environ, **_committer(ops.git, ops.config.identity)})
    try:
        for commit in commits:
            _pick(there, branch, commit)
        return there.status()[0]
    finally:
        there.close()
        shutil.rmtree(folder, ignore_errors=True)
        ops.git.prune_worktrees()


def _pick(there: Git, branch: str, commit: str) -> None:
    done = there.run("cherry-pick", "-x", "--allow-empty", commit)
    if done.code == 0:
        return
    names = there.run("diff", "--name-only", "-z", "--diff-filter=U").out.decode(errors="replace")
    files = [name for name in names.split("\0") if name]
    there.run("cherry-pick", "--abort")
    if not files:
        raise BlockedError(
            f"{commit[:7]} cannot be picked: {there.said(done.err)}",
            f"Nothing was changed. Pick it yourself: git switch {branch}, git cherry-pick {commit[:7]}",
        )
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    raise BlockedError(
        f"{commit[:7]} conflicts in {', '.join(files[:SHOWN])}{more}. Nothing was changed.",
        f"Pick it yourself, with those files put right: git switch {branch}, git cherry-pick -x {commit[:7]}; "
        "then run the same command again without --pick.",
    )


def _committer(git: Git, identity: Identity) -> dict[str, str]:
    """The configured identity, where git has none."""
    if git.run("var", "GIT_COMMITTER_IDENT").code == 0:
        return {}
    return {"GIT_COMMITTER_NAME": identity.name, "GIT_COMMITTER_EMAIL": identity.email}
