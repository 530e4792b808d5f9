"""Lands a release in git: branch, tag and record in one atomic push, also when the branch moved on or was rewritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from release.errors import CannotReadError, EffectError, ReleaseError
from release.frozen import Frozen
from release.model import bump
from release.observe.history import holds, stands_for
from release.systems.git.content import read_base, record_commit
from release.systems.git.refusal import SIGNED, is_for_pulls, reason, takes

if TYPE_CHECKING:
    from release.formats.git_objects import GitObject
    from release.model.effects import PushRelease
    from release.model.release import Release
    from release.systems.git.refusal import Reason
    from release.systems.ops import Ops, Tell

TRIES = 5


class Form(Frozen, frozen=True):
    """The commit that the branch gets, and the objects to store. `commit` is None where the branch can get none, because.

    `is_merge`: it has the bump commit as second parent. `told`: what is said of it.
    """

    commit: str | None
    objects: tuple[GitObject, ...]
    is_merge: bool = False
    told: str = ""
    because: str = ""
    advice: str = ""


def push(ops: Ops, effect: PushRelease, tip: str | None, tell: Tell) -> None:
    """Push tag, branch and record onto `tip`. A branch that moved is read and tried again, never lowered or forced.

    Raises EffectError when the remote refuses; whether anything arrived, the remote's refs say.
    """
    release, branch = effect.release, f"refs/heads/{effect.branch}"
    linear, refused, why = ops.config.linear_history, "the branch moved at every try", None
    for _ in range(TRIES):
        form = _form(ops, release, tip, linear=linear)
        others = _tag_and_record(ops, effect, form)
        if form.commit is None or tip is None:
            _without_branch(ops, effect, form, others)
        if form.told:
            tell(form.told)
        tell(f"pushing {release.tag} and {effect.branch} in one atomic push")
        specs = [f"{form.commit}:{branch}", *others]
        answer = ops.git.push(specs, {ops.record_ref: effect.held, branch: tip})
        if answer is None:
            return
        refused, why = answer, reason(answer)
        seen, tip = tip, ops.git.remote_refs(branch).get(branch)
        if tip != seen:
            tell(f"{effect.branch} moved meanwhile: once more")
            continue
        if not form.is_merge or why not in {None, "linear"}:
            _propose(ops, effect, form, others, refused)
            break
        tell(f"{effect.branch} does not take a merge commit ({refused}): once more without one")
        linear = True
    advice = SIGNED if why == "signed" else ""
    raise EffectError(f"The push of {release.tag} was refused: {refused}.", advice)


def _tag_and_record(ops: Ops, effect: PushRelease, form: Form) -> list[str]:
    """Store what is pushed; the refspecs beside the branch's."""
    release = effect.release
    message = effect.message or f"{release.app} {release.version}\n"
    seconds = read_base(ops.git, release.base, ops.config).seconds
    tagged = bump.annotated_tag(release.commit, release.tag, seconds, message, ops.config.identity)
    recorded, record = record_commit(effect.record, int(ops.clock.now()), release.commit)
    ops.git.store([*form.objects, tagged, *record])
    tag_too = [] if effect.is_tagged else [f"{tagged.oid}:refs/tags/{release.tag}"]
    return [*tag_too, f"{recorded}:{ops.record_ref}"]


def _propose(ops: Ops, effect: PushRelease, form: Form, others: list[str], refused: str) -> None:
    """Where a pull request is the way in: land tag and record alone, and open one. Raises EffectError that names it."""
    why: Reason | None = reason(refused)
    if not is_for_pulls(why):
        if why is not None or not ops.github.takes_only_pull_requests(ops.config.branch):
            return
        why = "pulls"
    release, head = effect.release, f"release/{effect.release.tag}"
    _land_alone(ops, effect, [f"+{form.commit}:refs/heads/{head}", *others])
    said = f"{effect.branch} {takes(why or 'pulls')}"
    try:
        url = ops.github.pull_request(
            head,
            effect.branch,
            f"chore(release): {release.app} {release.version}",
            f"{release.tag} is live and tagged. This brings its version to {effect.branch}.\n\n{bump.TRAILER}: {release.tag}\n",
        )
    except ReleaseError as error:
        raise EffectError(
            f"{said}. The tag is on the remote, and {head} holds the version for {effect.branch}; {error.what}\n"
            f"The server said: {refused}",
            f"Bring {head} to {effect.branch} by a pull (or merge) request of your own, then run the same command again: "
            "it finishes the release.",
        ) from error
    raise EffectError(
        f"{said}; the tag is on the remote, and this one brings the version: {url}\nThe server said: {refused}",
        "Merge it, then run the same command again: it finishes the release.",
    )


def _without_branch(ops: Ops, effect: PushRelease, form: Form, others: list[str]) -> NoReturn:
    """Land tag and record where the branch can get nothing. Raises EffectError that says why, and the way on."""
    _land_alone(ops, effect, others)
    raise EffectError(f"{form.because} {effect.release.tag} is on the remote all the same.", form.advice)


def _land_alone(ops: Ops, effect: PushRelease, specs: list[str]) -> None:
    refused = ops.git.push(specs, {ops.record_ref: effect.held})
    if refused is not None:
        raise EffectError(f"The push of {effect.release.tag} was refused: {refused}.")


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


def _form(ops: Ops, release: Release, tip: str | None, *, linear: bool) -> Form:
    """The bump commit itself where the branch stands still; else the tip with the version raised.

    The bump commit is its second parent only where the branch holds the base: else git would take what a force-push
    removed for merged, with a tree that lacks it.
    """
    objects, branch = bump_objects(ops, release), ops.config.branch
    if tip == release.base:
        return Form(release.commit, objects)
    if tip is None:
        return _gone(ops, release, objects)
    if ops.git.object(tip) is None:
        ops.git.fetch(f"refs/heads/{branch}")
    if stands_for(ops, tip, release):
        return Form(tip, objects)
    is_held = holds(ops, tip, release.base)
    try:
        at = read_base(ops.git, tip, ops.config)
        made = bump.landing(
            at,
            release.commit,
            release.version,
            release.tag,
            ops.config.app,
            ops.config.identity,
            linear=linear or not is_held,
        )
    except ReleaseError as error:
        if ops.git.object(tip) is None:
            raise CannotReadError(
                f"{branch} moved while it was read.", "Run the same command again."
            ) from error
        return _unversioned(release, branch, error, objects)
    told = "" if is_held else f"{branch} no longer contains {release.base[:7]}: it gets the version alone"
    return Form(made.commit, (*objects, *made.objects), is_merge=is_held and not linear, told=told)


def _gone(ops: Ops, release: Release, objects: tuple[GitObject, ...]) -> Form:
    remote, branch = ops.config.remote, ops.config.branch
    return Form(
        None,
        objects,
        because=f"{remote} has no branch {branch} any more, and none was made.",
        advice=f"If it was renamed, set `branch` in [tool.release] there. If it was deleted, bring it back: "
        f"git push {remote} {release.tag}^{{}}:refs/heads/{branch}. Then run the same command again: it finishes the release.",
    )


def _unversioned(release: Release, branch: str, error: ReleaseError, objects: tuple[GitObject, ...]) -> Form:
    return Form(
        None,
        objects,
        because=f"The version on {branch} cannot be raised: {error.what}",
        advice=f"Bring {release.version} to {branch} in a commit whose message ends with the line "
        f'"{bump.TRAILER}: {release.tag}", then run the same command again: it finishes the release.',
    )
