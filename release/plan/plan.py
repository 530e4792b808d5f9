"""The plan: a release's frozen intent. Its hash is what an approver approves."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec

from release.decide.configuration import changes_of
from release.decide.decide import Blocked, Nothing
from release.errors import BlockedError, UsageError
from release.frozen import Frozen
from release.model.deployment import WorkerDeployment
from release.model.health import rule_of
from release.model.problem import Problem
from release.model.record import Record
from release.model.repository import Remote
from release.model.request import Request
from release.model.step import Stuck, Todo
from release.model.stores import ledger, stores
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from release.model.configuration import WorkerChanges
    from release.model.release import Release, Write
    from release.model.step import Look, Step
    from release.model.world import World
    from release.systems.ops import Ops

SHORT = 7
_UNSAID = (
    b',"finish":false',
    b',"accept":[]',
    b',"changes":[]',
)  # a text has its quotes escaped, and never reads so
NOTICE = "plan"  # the title of the annotation with which a workflow shows a plan, before its hash


class PlannedWrite(msgspec.Struct, frozen=True, kw_only=True):
    """One external write of the unbroken run."""

    step: str
    system: str
    target: str
    what: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided, and the state it starts from; nothing of a run's progress.

    `migrations` maps each pending file to its sha256, `serving` each worker to the version id that serves
    before (empty: none), `ledger` is the last applied migration, of several databases the last one of each. `changes` are
    those of the workers' settings, in lines.
    """

    app: str
    environment: str
    base: str
    previous: str | None
    version: str
    tag: str
    commit: str
    steps: tuple[str, ...]
    writes: tuple[PlannedWrite, ...]
    migrations: dict[str, str]
    serving: dict[str, str]
    ledger: str | None
    request: Request = Request()
    changes: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """sha256 of the canonical JSON, 64 hexadecimal digits.

        A word that was not said is left out: a plan from before there was such a word stays the same plan.
        """
        document = msgspec.json.encode(self, order="deterministic")
        for word in _UNSAID:
            document = document.replace(word, b"")
        return hashlib.sha256(document).hexdigest()

    @property
    def short(self) -> str:
        """The hash as people read it."""
        return self.hash[:SHORT]


class Forecast(Frozen, frozen=True):
    """One step of a plan as it stands now: what its look says, and the writes that it would make."""

    step: Step
    look: Look
    writes: tuple[Write, ...]


def forecast(steps: Sequence[Step], world: World, release: Release) -> tuple[Forecast, ...]:
    """What each step would find and write if all before it succeeded: the run without the acts (pure)."""
    seen = []
    for step in steps:
        look = step.look(world, release)
        writes: tuple[Write, ...] = ()
        if isinstance(look, Todo):
            for effect in look.effects:
                writes += effect.writes(step.name)
                world = effect.expect(world)
        seen.append(Forecast(step, look, writes))
    return tuple(seen)


def make_plan(
    forecasts: Sequence[Forecast],
    world: World,
    release: Release,
    request: Request | None = None,
    changes: Sequence[WorkerChanges] = (),
) -> Plan:
    """The plan of a release that starts from `world`; `request` is what was asked for."""
    pending = {store.file(one.name): one.sha256 for store in stores(world) for one in store.pending}
    serving = {
        name: (live.version_id or "") if isinstance(live, WorkerDeployment) else ""
        for name, live in world.live.items()
    }
    writes = (write for one in forecasts for write in one.writes)
    return Plan(
        app=release.app,
        environment=release.environment,
        base=release.base,
        previous=release.previous,
        version=release.version,
        tag=release.tag,
        commit=release.commit,
        steps=tuple(one.step.name for one in forecasts),
        writes=tuple(
            PlannedWrite(step=w.step, system=w.system, target=w.target, what=w.what) for w in writes
        ),
        migrations=pending,
        serving=serving,
        ledger=ledger(world),
        request=request or Request(release.environment),
        changes=tuple(f"{one.worker}: {line}" for one in changes for line in one.lines),
    )


def setting_changes(forecasts: Sequence[Forecast], world: World) -> tuple[WorkerChanges, ...]:
    """What the deploys of a plan change besides the code, of each worker that is still to be deployed."""
    todo = {one.step.name.removeprefix("deploy ") for one in forecasts if isinstance(one.look, Todo)}
    found = (
        changes_of(name, sides)
        for name, sides in world.settings.items()
        if name in todo and not isinstance(sides, Unread)
    )
    return tuple(one for one in found if one.lines)


def stuck(forecasts: Sequence[Forecast]) -> tuple[tuple[str, Stuck], ...]:
    """The steps that cannot go on as the world is now."""
    return tuple((one.step.name, one.look) for one in forecasts if isinstance(one.look, Stuck))


def proof(ops: Ops, forecasts: Sequence[Forecast]) -> str:
    """What the smoke check of a plan proves, where the health route does not tell what serves; else empty."""
    smokes = any(one.step.name == "smoke" and isinstance(one.look, Todo) for one in forecasts)
    return rule_of(ops.environment).weaker(ops.settle, ops.environment.smoke.streak) if smokes else ""


def drift(approved: Plan, now: Plan) -> tuple[str, ...]:
    """What differs between an approved plan and today's, in words; none when they are the same."""
    told = []
    for name in approved.__struct_fields__:
        then, today = getattr(approved, name), getattr(now, name)
        if then != today:
            told.append(f"{name} was {_brief(then)}, is {_brief(today)}")
    return tuple(told)


def of_approved(approved: Plan, nothing: Nothing, world: World) -> Nothing | Blocked:
    """What is left of an approved plan where there is nothing to release: it was released, or something else was."""
    if isinstance(world.remote, Remote) and world.remote.tags.get(approved.tag) == approved.commit:
        return Nothing(f"{approved.tag} is released already", nothing.last, released=True)
    last = nothing.last.tag if nothing.last else "something else"
    return Blocked(
        (
            Problem(
                "plan",
                f"Plan {approved.short} is to release {approved.tag}, but meanwhile {last} was released.",
                "Nothing of it is left to do; plan again when there are new commits.",
            ),
        )
    )


def drifted(approved: Plan | None, plan: Plan) -> tuple[Problem, ...]:
    """One problem where the approved plan is not today's."""
    differences = drift(approved, plan) if approved and approved.hash != plan.hash else ()
    if not approved or not differences:
        return ()
    return (
        Problem(
            "plan",
            f"The world is no longer what plan {approved.short} was approved for: {'; '.join(differences)}.",
            "Plan again (inv plan --output FILE) and have that approved.",
        ),
    )


def plan_begun(world: World, release: Release) -> Plan | None:
    """The plan under which this very release was begun: a run that is half done is no drift."""
    record = world.record
    if (
        not isinstance(record, Record)
        or record.unfinished is None
        or record.unfinished.commit != release.commit
    ):
        return None
    try:
        return msgspec.json.decode(record.plan, type=Plan)
    except msgspec.MsgspecError:
        return None


def read_plan(path: Path) -> Plan:
    """The plan in a file that `inv plan --output` wrote. Raises UsageError when it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read: {error.strerror}.", "Make one: inv plan --output FILE"
        ) from None
    except (msgspec.MsgspecError, RecursionError) as error:
        raise UsageError(f"{path} is not a plan: {error}.", "Make one: inv plan --output FILE") from None


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan for `read_plan`. Raises BlockedError when the file cannot be written."""
    try:
        path.write_bytes(
            msgspec.json.format(msgspec.json.encode(plan, order="deterministic"), indent=2) + b"\n"
        )
    except OSError as error:
        raise BlockedError(f"{path} cannot be written: {error.strerror}.", "Name another file.") from None


def _brief(value: object) -> str:
    text = msgspec.json.encode(value, order="deterministic").decode()
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004
