"""The outcomes without a run: a plan, nothing to do, something in the way; and what every outcome says of its plan."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.decide.branch_findings import findings
from release.decide.decide import Go, Nothing
from release.model.outcome import Outcome, StepResult
from release.model.release import Release
from release.model.repository import History
from release.model.step import Done, Stuck

if TYPE_CHECKING:
    from release.config import Config
    from release.model.outcome import Ending, StepEnding
    from release.model.world import World
    from release.plan.plan import Forecast
    from release.plan.preview import Preview
    from release.systems.ops import Ops


def without_run(preview: Preview, config: Config) -> Outcome:
    """The outcome where there is nothing to carry out, or something is in the way."""
    decision, history = preview.decision, preview.world.history
    if not isinstance(decision, Nothing):
        return replace(of_plan(preview, "blocked"), problems=preview.problems, next=preview.command)
    release = last_release(decision, preview.world, config)
    found = findings(history.aftermath, release, config) if release and isinstance(history, History) else ()
    nothing = of_plan(preview, "nothing", decision.why)
    return replace(nothing, release=release, is_so=decision.released, findings=found)


def planned(preview: Preview, ops: Ops) -> Outcome:
    """The outcome of a plan: each step as it stands, and the writes of the release that would follow."""
    if preview.release is None or preview.plan is None or preview.problems:
        return without_run(preview, ops.config)
    steps = tuple(_planned_step(one) for one in preview.forecasts)
    outcome = of_plan(preview, "planned", why_of(preview))
    return replace(outcome, steps=steps, urls=(ops.url,) if ops.url else ())


def _planned_step(one: Forecast) -> StepResult:
    if isinstance(one.look, Stuck):
        return StepResult(one.step.name, "stuck", 0.0, one.look.what, one.writes)
    ending: StepEnding = "skipped" if isinstance(one.look, Done) else "todo"
    return StepResult(one.step.name, ending, 0.0, one.look.detail, one.writes)


def last_release(decision: Nothing, world: World, config: Config) -> Release | None:
    """The release that is the last one, where one was made."""
    if decision.last is None:
        return None
    return Release.of(decision.last, world.environment, is_package=config.target is not None)


def of_plan(preview: Preview, ending: Ending, why: str = "") -> Outcome:
    """What every ending says of the plan that it is the end of."""
    return Outcome(
        ending,
        preview.kind,
        preview.world.environment,
        preview.release,
        preview.plan.hash if preview.plan else None,
        why,
        warnings=preview.warnings,
        questions=preview.questions,
        remarks=preview.remarks,
        proof=preview.proof,
        verdict=preview.verdict,
        changes=preview.changes,
        rolled_back=preview.decision.rolled_back,
    )


def why_of(preview: Preview) -> str:
    """Why the release starts or goes on, where it does."""
    return preview.decision.why if isinstance(preview.decision, Go) else ""
