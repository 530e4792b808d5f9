"""Preflight: from a request to a plan with all its problems. It only reads."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from release.checks.checklist import excused, is_item
from release.decide import decide as decisions
from release.decide import single_step as alone
from release.decide.asked import typed, ways_on
from release.errors import ReleaseError
from release.frozen import Frozen
from release.model.evidence import Verdict
from release.model.problem import Problem
from release.model.record import Remark
from release.model.repository import Checkout
from release.observe.baseline import read_baseline
from release.observe.rows import counted
from release.observe.steady import smoked
from release.observe.world import observe
from release.plan.checking import check
from release.plan.courses import steps_of
from release.plan.plan import (
    drifted,
    forecast,
    make_plan,
    of_approved,
    plan_begun,
    proof,
    setting_changes,
    stuck,
)
from release.policy.verdict import judge, level_of, overruled
from release.policy.verdict import problems as policy_problems

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.config import Config
    from release.extensions import Extensions
    from release.model.configuration import WorkerChanges
    from release.model.options import Options
    from release.model.problem import Severity
    from release.model.release import Release
    from release.model.request import Request
    from release.model.world import World
    from release.plan.plan import Forecast, Plan
    from release.policy.migrations import Grading
    from release.systems.ops import Ops


class Preview(Frozen, frozen=True):
    """What an invocation is about to do: the decision, the plan, each step's forecast, and all problems.

    `command` is what was asked for, as it is typed; `plan` and `release` are None where there is nothing to carry out.
    `warnings` are told and change nothing; `questions` are asked before the approval; `remarks` are kept with the
    release. `verdict` is what the change demands of its number, None where no number is asked for. `only` is the one
    step to carry out; `differs` is told before the approval: what was begun is not what was asked for. `proof` says what
    the smoke check proves where the health route does not tell what serves; else it is empty. `changes` are those that
    deploys make besides the code.
    """

    world: World
    decision: decisions.Decision
    command: str
    release: Release | None = None
    plan: Plan | None = None
    forecasts: tuple[Forecast, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    questions: tuple[Problem, ...] = ()
    remarks: tuple[Remark, ...] = ()
    verdict: Verdict | None = None
    only: str | None = None
    differs: Problem | None = None
    proof: str = ""
    changes: tuple[WorkerChanges, ...] = ()

    @property
    def kind(self) -> str:
        """The decision in a word: start, finish, supersede, repair, nothing or blocked."""
        if isinstance(self.decision, decisions.Go):
            return self.decision.kind
        return "nothing" if isinstance(self.decision, decisions.Nothing) else "blocked"


class _Case(Frozen, frozen=True):
    """What is surveyed: the words, the world that they met, and what is made of them on the way to a plan.

    `request` is what was asked for, with an auto settled by the `verdict`; `approved` is a plan that must still be today's.
    """

    ops: Ops
    extensions: Extensions
    options: Options
    approved: Plan | None
    world: World
    request: Request
    verdict: Verdict | None = None

    @property
    def config(self) -> Config:
        """The configuration that it is surveyed by."""
        return self.ops.config

    @property
    def is_numberless(self) -> bool:
        """Whether the one step to carry out needs no number."""
        return self.options.only in alone.NUMBERLESS


def survey(ops: Ops, extensions: Extensions, options: Options, approved: Plan | None = None) -> Preview:
    """Observe, decide, plan and check for one request. Nothing is written, nothing is raised for a bad world.

    `approved` is a plan that must still be today's.
    """
    case = _judged(_Case(ops, extensions, options, approved, smoked(ops, observe(ops)), options.request))
    case, go = _decided(case)
    preview = Preview(case.world, go, _command(ops.config, options), only=options.only)
    if isinstance(go, decisions.Blocked):
        return replace(preview, problems=go.problems)
    if isinstance(go, decisions.Nothing):
        return preview
    preview = replace(preview, release=go.release)
    steps = steps_of(case.ops, case.extensions, case.options, case.world, go)
    try:
        forecasts = forecast(steps, case.world, go.release)
    except ReleaseError as error:
        return replace(preview, problems=(Problem("plan", error.what, error.advice),))
    changes = setting_changes(forecasts, case.world)
    plan = plan_begun(case.world, go.release) or make_plan(
        forecasts, case.world, go.release, case.options.request, changes
    )
    preview = replace(preview, plan=plan, forecasts=forecasts, verdict=case.verdict, changes=changes)
    return _checked(case, go, preview)


def _judged(case: _Case) -> _Case:
    """What the change demands, and the bump by it; nothing is demanded where no release can be compared with."""
    ops, world = case.ops, case.world
    if case.options.deploying or case.config.target or case.request.environment != case.config.production:
        return case
    past = read_baseline(ops, world)
    verdict = Verdict()
    if past is not None:
        evidence = case.extensions.evidence(world, past)
        verdict = counted(ops, world, judge(world, past, ops.config, evidence, _grading(case)))
    return replace(case, verdict=verdict, request=level_of(verdict, case.request))


def _grading(case: _Case) -> Grading | None:
    """What grades pending migrations, where the policy asks for that."""
    if case.config.policy.schema == "off":
        return None
    from release.observe.grades import kept_grades

    return kept_grades(case.config.root)


def _decided(case: _Case) -> tuple[_Case, decisions.Decision]:
    """The decision, and the case with the bump that it was made for: a step without `--bump` finds its own."""
    options, world = case.options, case.world
    if options.deploying:
        return case, decisions.decide_deploy(world, case.request, case.config)
    if options.only and not options.said:
        decision, found = alone.found_bump(partial(_decision, case), world, case.request)
        case = replace(case, request=found, options=replace(options, request=found))
    else:
        decision = _decision(case, case.request)
    if options.only and isinstance(decision, decisions.Nothing):
        decision = alone.repair(world, decision, options.only, case.config) or decision
    return case, decision


def _decision(case: _Case, request: Request) -> decisions.Decision:
    decision = decisions.decide(case.world, request, case.config, case.options.request.level)
    if case.approved and isinstance(decision, decisions.Nothing):
        return of_approved(case.approved, decision, case.world)
    return decision


def _command(config: Config, options: Options) -> str:
    """What was asked for, as it is typed."""
    return typed(
        config,
        options.request,
        deploying=options.deploying,
        only=options.only,
        said=options.said,
        through=options.through,
    )


def _checked(case: _Case, go: decisions.Go, preview: Preview) -> Preview:
    """The plan with all that was found of it, each where it belongs."""
    binding = _binding(case, go)
    found = _found(case, go, preview, binding)
    differs = _differs(case, go)
    given = _remarks(case.request, overruled(binding, go.release, case.config))
    left_out = (
        Remark(kind="skip", what=f"{one.check}: {one.what}", why=one.advice) for one in _of(found, "skip")
    )
    return replace(
        preview,
        problems=_of(found, "block"),
        warnings=(*((differs,) if differs else ()), *_of(found, "warn")),
        questions=_of(found, "ask"),
        remarks=(*given, *left_out),
        differs=differs if go.differs and go.differs.level else None,
        proof=proof(case.ops, preview.forecasts),
    )


def _binding(case: _Case, go: decisions.Go) -> Verdict:
    """What of the verdict binds the number: nothing of it where the number was given before, or none is."""
    verdict = case.verdict
    if verdict is None or go.kind in {"finish", "repair"}:
        return Verdict()
    return alone.without_number(verdict) if case.is_numberless else verdict


def _found(case: _Case, go: decisions.Go, preview: Preview, binding: Verdict) -> tuple[Problem, ...]:
    """All that the checks, the steps, the policy and the approved plan have against it."""
    checks = case.extensions.checks(case.request.environment)
    if go.kind == "repair":
        checks = tuple(one for one in checks if not is_item(one))
    return (
        *excused(check(checks, preview.forecasts, case.world, go.release), case.request, go.release),
        *(Problem(name, look.what, look.advice) for name, look in stuck(preview.forecasts)),
        *policy_problems(binding, go.release, case.request, case.config),
        *(drifted(case.approved, preview.plan) if preview.plan else ()),
        *_detached(case, go),
    )


def _differs(case: _Case, go: decisions.Go) -> Problem | None:
    """How what was begun is not what was asked for; nothing where the plan was approved, or no number is asked for."""
    options = case.options
    if go.differs is None or case.approved or not options.said or case.is_numberless:
        return None
    return ways_on(case.config, go.differs, go.release.base, options.request, options.only)


def _remarks(request: Request, overruled: str) -> tuple[Remark, ...]:
    """The reasons that were given; that of an underbump says what it overrules."""
    return tuple(
        msgspec.structs.replace(one, what=overruled) if one.kind == "underbump" else one
        for one in request.remarks
    )


def _of(found: Sequence[Problem], level: Severity) -> tuple[Problem, ...]:
    return tuple(one for one in found if one.level == level)


def _detached(case: _Case, go: decisions.Go) -> tuple[Problem, ...]:
    """HEAD may be detached only where an approved plan names the commit, or nothing is built from it."""
    checkout = case.world.checkout
    is_named = case.approved is not None or case.options.deploying or go.kind in {"finish", "repair"}
    if is_named or not isinstance(checkout, Checkout) or checkout.branch is not None:
        return ()
    branch = case.config.branch
    return (
        Problem(
            "branch",
            f"HEAD is detached at {checkout.head[:7]}; releases are made from {branch}.",
            f"git switch {branch}, then run the same command again; or release an approved plan (--plan FILE).",
        ),
    )
