"""The end of a run: the lock is given back, the work tree is left in order, and what is true now is said."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from release.decide.branch_findings import findings
from release.decide.decide import Nothing
from release.decide.findings import unfinished
from release.decide.single_step import LEAVES_NOTHING
from release.errors import ReleaseError
from release.formats.version import TagPattern
from release.model.deployment import Health, WorkerDeployment
from release.model.outcome import EXIT_CODES, NOTHING, SAME
from release.model.packaging import ours
from release.model.record import Record
from release.model.registry import Package
from release.model.repository import Remote
from release.model.unread import Unread
from release.observe.history import aftermath
from release.observe.world import look_again
from release.run import lock
from release.run.effects.work_tree import catch_up, follow, restore
from release.run.explain import explained, is_migrated, next_command
from release.run.unrun import last_release, of_plan, why_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.config import Config
    from release.model.outcome import Ending, Failure, Outcome, StepResult
    from release.model.problem import Problem
    from release.model.record import Remark
    from release.model.release import Release
    from release.model.world import World
    from release.plan.preview import Preview
    from release.systems.ops import Ops

LAST = "verify"


def caught_up(ops: Ops, preview: Preview) -> None:
    """Bring a checkout to the release that was made from it, where the run that made it was killed after its last write."""
    decision, world = preview.decision, preview.world
    release = (
        last_release(decision, world, ops.config)
        if isinstance(decision, Nothing) and decision.released
        else None
    )
    if release:
        catch_up(ops, world, release)


def succeeded(
    ops: Ops, preview: Preview, world: World, results: Sequence[StepResult], *, only: str | None
) -> Outcome:
    """Every step is done: the release is complete, or the one step was."""
    landed = is_recorded(preview, world)
    is_complete = only in {None, LAST}
    _give_back(ops, preview, world, "released" if is_complete else "recorded" if landed else "running")
    is_release = preview.kind != "repair" and only not in LEAVES_NOTHING
    if landed and preview.release and is_release:
        follow(ops, preview.world, preview.release)
    if not is_release or only not in {None, LAST, "record"}:
        return replace(
            outcome(ops, preview, "done", results), why=f"The step {only} is done", live=world.live
        )
    ended = outcome(ops, preview, "released" if landed else "deployed", results)
    return replace(
        ended, live=world.live, remarks=_kept(preview, world), findings=_found(ops, preview, world)
    )


def failed(
    ops: Ops, preview: Preview, world: World, results: Sequence[StepResult], failure: Failure
) -> Outcome:
    """A step failed: say whether production changed, and leave everything so that a rerun finishes it."""
    recorded = is_recorded(preview, world) and preview.kind != "repair"
    restore(ops, preview.world, preview.release)
    world = look_again(ops, world, ("package",) if ops.config.target else ("live", "database"))
    changed = recorded or has_changed(preview, world)
    with contextlib.suppress(ReleaseError):
        world = _give_back(ops, preview, world, "recorded" if recorded else "failed", changed=changed)
    pending = None if recorded else unfinished(preview.world, ops.config)
    full = explained(failure, preview, world, changed=changed, recorded=recorded, pending=pending)
    ended = outcome(ops, preview, "unrecorded" if changed or pending else "failed", results, full)
    kept = _kept(preview, world)
    found = _found(ops, preview, world)
    following = next_command(preview, world, recorded=recorded)
    return replace(ended, next=following, live=world.live, remarks=kept, findings=found)


def abandon(ops: Ops, preview: Preview, world: World) -> None:
    """Something unforeseen broke the run: leave the tree and the lock in order as far as that goes."""
    restore(ops, preview.world, preview.release)
    with contextlib.suppress(ReleaseError):
        _give_back(ops, preview, world, "failed")


def outcome(
    ops: Ops,
    preview: Preview,
    ending: Ending,
    results: Sequence[StepResult],
    failure: Failure | None = None,
) -> Outcome:
    """The outcome of a run that was begun."""
    back = preview.decision.rolled_back
    before = (("before", f"{back.to} was live: {back.name} was rolled back"),) if back else ()
    return replace(
        of_plan(preview, ending, why_of(preview)),
        steps=tuple(results),
        failure=failure,
        next=None if EXIT_CODES[ending] == 0 else preview.command,
        was=was(ops.config, preview),
        before=preview.world.live,
        is_tagged=_is_tagged(preview),
        urls=(*_places(ops, preview), *_page(ops, preview, ending)),
        # What a release has changed is newer than any rollback.
        rolled_back=back if ending in {"failed", "blocked"} else None,
        state=before if ending == "released" else (),
    )


def _found(ops: Ops, preview: Preview, world: World) -> tuple[Problem, ...]:
    """What the recorded release finds of itself on the branch; nothing where that cannot be read."""
    release, remote = preview.release, world.remote
    if release is None or not isinstance(remote, Remote) or not is_recorded(preview, world):
        return ()
    try:
        return findings(aftermath(ops, remote, release), release, ops.config)
    except ReleaseError:
        return ()


def was(config: Config, preview: Preview) -> str:
    """What was live in the environment before this run, in words; empty where there is no release or no worker."""
    release, live = preview.release, preview.world.live
    if release is None or not live:
        return ""
    if all(
        isinstance(one, WorkerDeployment) and one.release == (release.tag, release.commit)
        for one in live.values()
    ):
        return SAME
    health, pattern = preview.world.health, TagPattern(config.app.tag)
    answers = f" that answers as {health.version}" if isinstance(health, Health) and health.version else ""
    served = {name: _served(one, pattern, release, answers) for name, one in live.items()}
    alike = set(served.values())
    return alike.pop() if len(alike) == 1 else ", ".join(f"{name} {what}" for name, what in served.items())


def _served(
    live: WorkerDeployment | Unread | None, pattern: TagPattern, release: Release, answers: str
) -> str:
    if live is None:
        return NOTHING
    if isinstance(live, Unread):
        return "unknown"
    if live.version_id is None:
        return "several versions at once"
    if live.release is None:
        return f"an untagged version{answers}"
    tag, commit = live.release
    version = pattern.version(tag) or tag
    has_number = release.commit != release.base and version != release.version
    return version if has_number else f"{version} ({commit[:7]})"


def _is_tagged(preview: Preview) -> bool:
    """Whether the very commit that was deployed carries a release's tag."""
    release, remote = preview.release, preview.world.remote
    if release is None or not isinstance(remote, Remote):
        return False
    return release.commit == release.base and remote.tags.get(release.tag) == release.base


def _kept(preview: Preview, world: World) -> tuple[Remark, ...]:
    """The remarks that are kept with this release, what a person ticked among them."""
    record, release = world.record, preview.release
    is_ours = isinstance(record, Record) and release is not None and record.subject == release.subject
    return record.remarks if isinstance(record, Record) and is_ours else preview.remarks


def _places(ops: Ops, preview: Preview) -> tuple[str, ...]:
    """Where what was released can be seen: the environment's address, or the package's on its registry."""
    package = preview.world.package
    if isinstance(package, Package) and preview.release:
        return (f"{package.page}/{preview.release.version}",)
    return (ops.url,) if ops.url else ()


def _page(ops: Ops, preview: Preview, ending: Ending) -> tuple[str, ...]:
    is_there = ending == "released" and preview.release is not None
    return (ops.github.release_page(preview.release.tag),) if is_there and preview.release else ()


def has_changed(preview: Preview, world: World) -> bool:
    """Whether the environment is not what it was when the plan was made; what cannot be read counts as changed."""
    plan, release = preview.plan, preview.release
    if plan is None or release is None:
        return False
    if world.package is not None:
        return isinstance(world.package, Unread) or ours(world, release.version, release.commit) is not None
    for name, before in plan.serving.items():
        live = world.live.get(name)
        if isinstance(live, Unread) or ((live.version_id or "") if live else "") != before:
            return True
    return any(isinstance(one, Unread) for one in world.databases.values()) or is_migrated(preview, world)


def is_recorded(preview: Preview, world: World) -> bool:
    """Whether the tag of this release is on the remote; a deployment has none of its own, whatever its commit is tagged."""
    release = preview.release
    if release is None or release.commit == release.base or not isinstance(world.remote, Remote):
        return False
    return world.remote.tags.get(release.tag) == release.commit


def _give_back(ops: Ops, preview: Preview, world: World, ending: str, *, changed: bool = True) -> World:
    """Give the lock back, and keep in the record how it ended; a run that changed nothing leaves no memory.

    Nor does a step that leaves nothing behind, nor a repair: the record still tells of the release before.
    """
    record = world.record
    if not isinstance(record, Record) or record.holder is None:
        return world
    before = preview.world.record if isinstance(preview.world.record, Record) else None
    if preview.kind == "repair" or preview.only in LEAVES_NOTHING:
        ending = before.outcome if before else "released"
    elif not changed:
        record = before or Record(environment=ops.name, nonce="")
        ending = record.outcome
    return lock.swap(ops, world, msgspec.structs.replace(record, holder=None, outcome=ending))
