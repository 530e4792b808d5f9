"""What a plan shows, as one value: the terminal, a log and the job summary only put it into lines (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from release.decide.decide import Go
from release.decide.single_step import NUMBERLESS
from release.frozen import Frozen
from release.model.health import NO_ROUTE, live_mark
from release.model.repository import Checkout, History
from release.model.rolled_back import facts
from release.model.step import Done, Stuck
from release.model.stores import pending
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.model.configuration import WorkerChanges
    from release.model.evidence import Verdict
    from release.model.problem import Problem
    from release.model.record import Remark
    from release.model.registry import Package
    from release.model.release import Release, Write
    from release.model.repository import Commit
    from release.model.world import World
    from release.plan.plan import Forecast, Plan
    from release.plan.preview import Preview

OF_MIGRATIONS = frozenset(
    {None, "backfill", "migrate"}
)  # steps for which it counts what is pending; None: all of them


class StepFacts(Frozen, frozen=True):
    """A step of a plan: what it will do, in a line, and whether that writes to the environment."""

    name: str
    state: Literal["todo", "done", "stuck"]
    detail: str
    changes: bool
    writes: tuple[Write, ...]


class PlanFacts(Frozen, frozen=True):
    """A plan for people. `alone` is the step that runs alone and gives no number, `branch` the one that is shipped from.

    `pending` are the migrations that are not applied, None where that is unknown; `condition` is how what is live does,
    `back` what a rollback took away, as label and fact, `proof` what the smoke check proves where that is not a version,
    `changes` what deploys change besides the code.
    """

    release: Release
    plan: Plan
    kind: str
    why: str
    level: str
    alone: str | None
    branch: str | None
    pending: tuple[str, ...] | None
    condition: str
    commits: tuple[Commit, ...]
    is_contained: bool
    back: tuple[tuple[str, str], ...]
    verdict: Verdict | None
    steps: tuple[StepFacts, ...]
    questions: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    remarks: tuple[Remark, ...]
    proof: str = ""
    changes: tuple[WorkerChanges, ...] = ()


def plan_facts(preview: Preview) -> PlanFacts | None:
    """What the plan shows; None where there is no plan."""
    release, plan, go, world = preview.release, preview.plan, preview.decision, preview.world
    if release is None or plan is None or not isinstance(go, Go):
        return None
    is_alone = preview.kind == "repair" or preview.only in NUMBERLESS
    history = world.history if isinstance(world.history, History) else None
    shown = [one for one in preview.forecasts if preview.only in {None, one.step.name}]
    return PlanFacts(
        release,
        plan,
        go.kind,
        go.why,
        level(release),
        preview.only if is_alone else None,
        _branch(world, release),
        pending(world) if preview.only in OF_MIGRATIONS else None,
        condition(world),
        history.unreleased if history else (),
        history is None or history.contained,
        tuple(facts(go.rolled_back)),
        preview.verdict if preview.verdict and preview.verdict.evidence and not is_alone else None,
        tuple(_step(one) for one in shown or preview.forecasts),
        preview.questions,
        preview.warnings,
        preview.remarks,
        preview.proof,
        preview.changes,
    )


def level(release: Release) -> str:
    """patch, minor or major, as the two versions say; `first release`; empty where no number is raised."""
    if release.commit == release.base:
        return ""
    if release.previous is None:
        return "first release"
    before, after = release.previous.split(".")[:2], release.version.split(".")[:2]
    if before[0] != after[0]:
        return "major"
    return "minor" if before != after else "patch"


def _step(one: Forecast) -> StepFacts:
    changes = bool(one.writes) and one.step.changes
    if isinstance(one.look, Stuck):
        return StepFacts(one.step.name, "stuck", _first(one.look.what), changes, one.writes)
    detail = one.look.detail
    if not isinstance(one.look, Done):
        return StepFacts(one.step.name, "todo", _first(detail), changes, one.writes)
    said = _first(f"nothing to do{f': {detail}' if detail else ''}")
    return StepFacts(one.step.name, "done", said, changes, one.writes)


def _first(text: str) -> str:
    return (text.splitlines() or [""])[0]


def _branch(world: World, release: Release) -> str | None:
    checkout = world.checkout
    return checkout.branch if isinstance(checkout, Checkout) and checkout.head == release.base else None


def condition(world: World) -> str:
    """How the environment does, or what the registry has, in a few words."""
    if world.package is not None:
        return _on_registry(world.package)
    health = world.health
    if health is None or (health == NO_ROUTE and not any(world.live.values())):
        return f"{world.environment} serves nothing"
    if isinstance(health, Unread):
        return f"the health of {world.environment} could not be read"
    if health.problem is not None:
        return f"{world.environment} is not healthy: {health.problem}"
    mark = live_mark(world.live)
    runs = f"{world.environment} runs {health.version or (mark and mark[0]) or 'an unknown version'}"
    return f"{runs} and is healthy" if health.asked else f"{runs}; it has no health route"


def _on_registry(package: Package | Unread) -> str:
    if isinstance(package, Unread):
        return "the registry could not be read"
    has = f"has {package.latest} as latest" if package.latest else "does not have it yet"
    return f"{package.registry} {has}"
