"""Preflight: from a request to a plan with all its problems. It only reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from release import sequences
from release.checks.checklist import excused, is_item
from release.decide import decide as decisions
from release.decide import single_step as alone
from release.decide.asked import typed, ways_on
from release.errors import ReleaseError
from release.model.evidence import Verdict
from release.model.problem import Problem
from release.model.record import Record, Remark
from release.model.repository import Checkout, Remote
from release.model.step import Todo
from release.observe.baseline import read_past
from release.observe.rows import counted
from release.observe.world import observe
from release.plan.plan import Plan, drifted, make_plan, of_approved, outlook, stuck
from release.policy.verdict import judge, level_of, overruled
from release.policy.verdict import problems as policy_problems
from release.sequences import Kind
from release.systems.github.deployments import is_kept_by_actions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.extensions import Extensions
    from release.model.problem import Severity
    from release.model.release import Release
    from release.model.request import Request, Wanted
    from release.model.step import Check, Step
    from release.model.world import World
    from release.plan.plan import Outlook
    from release.systems.ops import Ops


@dataclass(frozen=True)
class Prospect:
    """What an invocation is about to do: the decision, the plan, each step's outlook, and all problems.

    `command` is what was asked for, as it is typed; `plan` and `release` are None where there is nothing to carry out.
    `warnings` are told and change nothing; `questions` are asked before the approval; `remarks` are kept with the
    release. `verdict` is what the change demands of its number, None where no number is asked for. `only` is the one
    step to carry out; `differs` is told before the approval: what was begun is not what was asked for.
    """

    world: World
    decision: decisions.Decision
    command: str
    release: Release | None = None
    plan: Plan | None = None
    outlooks: tuple[Outlook, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    questions: tuple[Problem, ...] = ()
    remarks: tuple[Remark, ...] = ()
    verdict: Verdict | None = None
    only: str | None = None
    differs: Problem | None = None

    @property
    def kind(self) -> str:
        """The decision in a word: start, finish, supersede, repair, nothing or blocked."""
        if isinstance(self.decision, decisions.Go):
            return self.decision.kind
        return "nothing" if isinstance(self.decision, decisions.Nothing) else "blocked"


def survey(
    ops: Ops,
    extensions: Extensions,
    request: Request,
    *,
    approved: Plan | None = None,
    through: str | None = None,
    deploying: bool = False,
    only: str | None = None,
    said: bool = True,
) -> Prospect:
    """Observe, decide, plan and check for one request. Nothing is written, nothing is raised for a bad world.

    `approved` is a plan that must still be today's; `through` decides an ambiguous backfill; `deploying`
    plans a deployment without a number. `only` is the one step that will be carried out, and `said` is false where
    no bump was typed with it.
    """
    world = observe(ops)
    command = typed(ops.config, request, deploying=deploying, only=only, said=said, through=through)
    asked, verdict = request, None
    if not deploying and not ops.config.target and request.environment == ops.config.production:
        verdict = _judged(ops, extensions, world)
        request = level_of(verdict, request)
    decide = partial(_decided, ops, world, asked.level, approved)
    decision = decisions.decide_deploy(world, request, ops.config) if deploying else decide(request)
    if only and not said:
        decision, request = alone.settled(decide, world, request)
        asked = request
    if only and isinstance(decision, decisions.Nothing):
        decision = alone.repair(world, decision, only, ops.config) or decision
    if isinstance(decision, decisions.Blocked):
        return Prospect(world, decision, command, problems=decision.problems)
    if isinstance(decision, decisions.Nothing):
        return Prospect(world, decision, command)
    steps = _steps(ops, extensions, decision, world, through, deploying=deploying, only=only)
    try:
        outlooks = outlook(steps, world, decision.release)
    except ReleaseError as error:
        return Prospect(
            world, decision, command, decision.release, problems=(Problem("plan", error.what, error.advice),)
        )
    plan = _begun(world, decision.release) or make_plan(outlooks, world, decision.release, asked)
    binding = verdict if verdict and decision.kind not in {"finish", "repair"} else Verdict()
    binding = alone.without_number(binding) if only in alone.NUMBERLESS else binding
    checks = [
        one for one in extensions.checks(request.environment) if decision.kind != "repair" or not is_item(one)
    ]
    checked = check(checks, steps, outlooks, world, decision.release)
    found = (
        *excused(checked, request, decision.release),
        *(Problem(name, look.what, look.advice) for name, look in stuck(outlooks)),
        *policy_problems(binding, decision.release, request, ops.config),
        *drifted(approved, plan),
        *_detached(ops, world, decision, approved=approved is not None or deploying),
    )
    is_asked = approved is not None or not said or only in alone.NUMBERLESS
    said_of = decision.differs if not is_asked else None
    differs = ways_on(ops.config, said_of, decision.release.base, asked, only) if said_of else None
    return Prospect(
        world,
        decision,
        command,
        decision.release,
        plan,
        outlooks,
        _of(found, "block"),
        (*((differs,) if differs else ()), *_of(found, "warn")),
        _of(found, "ask"),
        (*_remarks(request, overruled(binding, decision.release, ops.config)), *_skipped(found)),
        verdict,
        only,
        differs if said_of and said_of.level else None,
    )


def check(
    checks: Sequence[Check],
    steps: Sequence[Step],
    outlooks: Sequence[Outlook],
    world: World,
    release: Release,
) -> tuple[Problem, ...]:
    """The problems of all checks that guard a step which still has something to do."""
    todo = {one.step.name.split()[0] for one in outlooks if isinstance(one.look, Todo)} or {
        s.name for s in steps
    }
    found: list[Problem] = []
    for one in checks:
        if one.guards and not one.guards & todo:
            continue
        try:
            found += one.find(world, release)
        except ReleaseError as error:
            found.append(Problem(one.name, error.what, error.advice))
        except Exception as error:  # noqa: BLE001 - a plugin's check that breaks blocks, and says so
            found.append(
                Problem(one.name, f"The check broke: {type(error).__name__}: {error}", "Repair the plugin.")
            )
    return tuple(found)


def _judged(ops: Ops, extensions: Extensions, world: World) -> Verdict:
    """What the change demands; nothing where no release can be compared with."""
    past = read_past(ops, world)
    if past is None:
        return Verdict()
    return counted(ops, world, judge(world, past, ops.config, extensions.evidence(world, past)))


def _remarks(request: Request, overruled: str) -> tuple[Remark, ...]:
    """The reasons that were given; that of an underbump says what it overrules."""
    return tuple(
        msgspec.structs.replace(one, what=overruled) if one.kind == "underbump" else one
        for one in request.remarks
    )


def _of(found: Sequence[Problem], level: Severity) -> tuple[Problem, ...]:
    return tuple(one for one in found if one.level == level)


def _skipped(found: Sequence[Problem]) -> tuple[Remark, ...]:
    """What the checks left out, each with the reason."""
    return tuple(
        Remark(kind="skip", what=f"{one.check}: {one.what}", why=one.advice) for one in _of(found, "skip")
    )


def _detached(ops: Ops, world: World, go: decisions.Go, *, approved: bool) -> tuple[Problem, ...]:
    """HEAD may be detached only where an approved plan names the commit, or nothing is built from it."""
    checkout = world.checkout
    from_head = go.kind not in {"finish", "repair"}
    if approved or not from_head or not isinstance(checkout, Checkout) or checkout.branch is not None:
        return ()
    return (
        Problem(
            "branch",
            f"HEAD is detached at {checkout.head[:7]}; releases are made from {ops.config.branch}.",
            f"git switch {ops.config.branch}, then run the same command again; or release an approved plan (--plan FILE).",
        ),
    )


def _decided(
    ops: Ops, world: World, said: Wanted, approved: Plan | None, request: Request
) -> decisions.Decision:
    decision = decisions.decide(world, request, ops.config, said)
    if approved and isinstance(decision, decisions.Nothing):
        return of_approved(approved, decision, world)
    return decision


def _steps(
    ops: Ops,
    extensions: Extensions,
    go: decisions.Go,
    world: World,
    through: str | None,
    *,
    deploying: bool,
    only: str | None,
) -> tuple[Step, ...]:
    notes = None if deploying else extensions.notes(go.release)
    setting = sequences.Setting(
        _kind(ops, go, world, deploying=deploying),
        ops.config,
        ops.name,
        number_was_live=go.relive or deploying,
        through=through,
        notes=notes,
        has_deployment=not is_kept_by_actions(ops.environ, go.release),
    )
    core = sequences.sequence(setting)
    if go.kind == "repair":
        return tuple(step for step in core if step.name == only)
    return extensions.with_steps(core, ops.name, _whole(setting) if go.kind == "finish" else ())


def _whole(setting: sequences.Setting) -> sequences.Sequence:
    """The sequence of which this one is the rest: plugins' steps may stand beside steps that are left out."""
    kind = Kind.PACKAGE if setting.kind in sequences.OF_PACKAGE else Kind.RELEASE
    return sequences.sequence(replace(setting, kind=kind))


def _kind(ops: Ops, go: decisions.Go, world: World, *, deploying: bool) -> Kind:
    """The sequence that a decision asks for."""
    if deploying:
        return Kind.STAGING
    recorded = isinstance(world.remote, Remote) and go.release.tag in world.remote.tags
    if go.kind != "finish":
        return Kind.PACKAGE if ops.config.target else Kind.RELEASE
    if ops.config.target:
        return Kind.PACKAGE_RECORDED if recorded else Kind.PACKAGE_UNRECORDED
    return Kind.RECORDED if recorded else Kind.UNRECORDED


def _begun(world: World, release: Release) -> Plan | None:
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
