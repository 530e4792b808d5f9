"""A release deployed once more from its tag, where Cloudflare no longer lists its versions."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from release.config import load
from release.errors import EffectError
from release.model.release import Release
from release.systems.machine.local_folder import local_folder
from release.systems.npm.node import wrangler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from release.systems.ops import Ops


def redeploy(ops: Ops, worker: str, tag: str, message: str, tell: Callable[[str], None]) -> None:
    """Check the tag out beside the work tree and deploy one worker from it. Raises EffectError."""
    version = ops.config.app.pattern.version(tag)
    refs = ops.git.remote_refs(f"refs/tags/{tag}", f"refs/tags/{tag}^{{}}")
    commit = refs.get(f"refs/tags/{tag}^{{}}") or refs.get(f"refs/tags/{tag}")
    if version is None or commit is None:
        raise EffectError(f"The remote has no release {tag}.", "To list the releases: git ls-remote --tags")
    if ops.git.object(commit) is None:
        ops.git.fetch(f"refs/tags/{tag}")
    folder = local_folder(ops.root) / "rollback" / tag
    tell(f"{worker}: Cloudflare lists no version of {tag}; deploying it from its tag")
    ops.git.worktree(folder, commit)
    try:
        _lend_modules(ops.root, folder, ops.config.worker(worker).path)
        there = load(folder)
        release = Release(there.app.name, ops.name, commit, None, None, version, tag, commit)
        then, environment = there.placed(worker, ops.name), there.environment(ops.name)
        if then.script != ops.script(worker):
            raise EffectError(
                f"{tag} deploys {worker} as {then.script}, which is not the {ops.script(worker)} of today.",
                f"Deploying it would leave {ops.script(worker)} as it is: roll back to a release since the change of name.",
            )
        ops.wrangler.at(folder).deploy(then, environment.wrangler, release, message, tell)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        ops.git.prune_worktrees()


def _lend_modules(root: Path, folder: Path, worker: str) -> None:
    """Let the tag's tree use the packages that are installed in this checkout."""
    wrangler(root / worker)  # says what to type where it is missing
    for parent in (root / worker, *(root / worker).parents):
        modules = parent / "node_modules"
        if not modules.is_relative_to(root) or not modules.is_dir():
            continue
        to = folder / modules.relative_to(root)
        if to.parent.is_dir() and not to.exists():
            to.symlink_to(modules)
