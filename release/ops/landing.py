"""Lands a release in git: branch, tag and record in one atomic push, also when the branch moved on meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release import bump
from release.errors import EffectError
from release.ops.content import read_base, record_commit

if TYPE_CHECKING:
    from release.effects import PushRelease
    from release.gitobjects import GitObject
    from release.model import Release
    from release.ops import Ops, Tell

TRIES = 5


def push(ops: Ops, effect: PushRelease, tip: str | None, tell: Tell) -> None:
    """Push tag, branch and record onto `tip`. A branch that moved is read and tried again, never lowered or forced.

    Raises EffectError when the remote refuses; whether anything arrived, the remote's refs say.
    """
    release, config = effect.release, ops.config
    branch, tag = f"refs/heads/{effect.branch}", f"refs/tags/{release.tag}"
    refused = "the branch moved at every try"
    for _ in range(TRIES):
        commit, objects = _branch_commit(ops, release, tip)
        message = effect.message or f"{release.app} {release.version}\n"
        tagged = bump.annotated_tag(
            release.commit, release.tag, _seconds(ops, release), message, config.identity
        )
        recorded, record = record_commit(effect.record, int(ops.clock.now()), release.commit)
        ops.git.store([*objects, tagged, *record])
        specs = [f"{commit}:{branch}", f"{tagged.oid}:{tag}", f"+{recorded}:{ops.record_ref}"]
        tell(f"pushing {release.tag} and {effect.branch} in one atomic push")
        answer = ops.git.push(specs, {ops.record_ref: effect.held})
        if answer is None:
            return
        refused, seen, tip = answer, tip, ops.git.remote_refs(branch).get(branch)
        if tip == seen:
            break
        tell(f"{effect.branch} moved meanwhile: once more")
    raise EffectError(f"The push of {release.tag} was refused: {refused}.")


def bump_objects(ops: Ops, release: Release) -> tuple[GitObject, ...]:
    """The objects of the release's bump commit, made again from its base. Raises EffectError when they differ."""
    if ops.git.object(release.base) is None:
        ops.git.fetch(release.base)
    base = read_base(ops.git, release.base, ops.config)
    made = bump.bump(base, release.version, release.tag, ops.config.app, ops.config.identity)
    if made.commit != release.commit:
        raise EffectError(
            f"The bump of {release.base[:7]} to {release.version} is {made.commit[:7]} here; deployed was {release.commit[:7]}.",
            "Identity, manifest or lockfile settings in [tool.release] changed since: put them back for this release.",
        )
    return made.objects


def _branch_commit(ops: Ops, release: Release, tip: str | None) -> tuple[str, tuple[GitObject, ...]]:
    objects = bump_objects(ops, release)
    if tip is None or tip == release.base:
        return release.commit, objects
    if ops.git.object(tip) is None:
        ops.git.fetch(f"refs/heads/{ops.config.branch}")
    if ops.git.object(release.commit) is not None and ops.git.contains(release.commit, tip):
        return tip, objects
    at = read_base(ops.git, tip, ops.config)
    merged = bump.landing(
        at,
        release.commit,
        release.version,
        release.tag,
        ops.config.app,
        ops.config.identity,
        linear=ops.config.linear_history,
    )
    return merged.commit, (*objects, *merged.objects)


def _seconds(ops: Ops, release: Release) -> int:
    return read_base(ops.git, release.base, ops.config).seconds
