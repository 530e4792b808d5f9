"""Lands a release in git: branch, tag and record in one atomic push, also when the branch moved on meanwhile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from release import bump
from release.errors import EffectError
from release.ops.content import read_base, record_commit

if TYPE_CHECKING:
    from release.effects import PushRelease
    from release.gitobjects import GitObject
    from release.model import Release
    from release.ops import Ops, Tell

TRIES = 5
_PROTECTED = re.compile(r"GH006|GH013|protected branch|through a pull request", re.IGNORECASE)


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
        tag_too = [] if effect.is_tagged else [f"{tagged.oid}:{tag}"]
        specs = [f"{commit}:{branch}", *tag_too, f"{recorded}:{ops.record_ref}"]
        tell(f"pushing {release.tag} and {effect.branch} in one atomic push")
        answer = ops.git.push(specs, {ops.record_ref: effect.held})
        if answer is None:
            return
        refused, seen, tip = answer, tip, ops.git.remote_refs(branch).get(branch)
        if tip == seen and _is_protected(ops, answer):
            _propose(ops, effect, specs, commit)
        if tip == seen:
            break
        tell(f"{effect.branch} moved meanwhile: once more")
    raise EffectError(f"The push of {release.tag} was refused: {refused}.")


def _is_protected(ops: Ops, refused: str) -> bool:
    """Whether the branch takes only pull requests: GitHub's rules say so, or its refusal of the push does."""
    return _PROTECTED.search(refused) is not None or ops.github.takes_only_pull_requests(ops.config.branch)


def _propose(ops: Ops, effect: PushRelease, specs: list[str], commit: str) -> NoReturn:
    """Land tag and record alone, and bring the bump to the branch by a pull request. Raises EffectError that names it."""
    release, head = effect.release, f"release/{effect.release.tag}"
    _, *tag_and_record = specs
    refused = ops.git.push([f"+{commit}:refs/heads/{head}", *tag_and_record], {ops.record_ref: effect.held})
    if refused is not None:
        raise EffectError(f"The push of {release.tag} was refused: {refused}.")
    url = ops.github.pull_request(
        head,
        effect.branch,
        f"chore(release): {release.app} {release.version}",
        f"{release.tag} is live and tagged. This brings its version to {effect.branch}.\n\n{bump.TRAILER}: {release.tag}\n",
    )
    raise EffectError(
        f"{effect.branch} takes only pull requests; the tag is on the remote, and this one brings the version: {url}",
        "Merge it, then run the same command again: it finishes the release.",
    )


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
