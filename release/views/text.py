"""The words of a plan, of problems and of finished steps, for any terminal or log (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.decide.decide import Go
from release.decide.single_step import NUMBERLESS
from release.model.deployment import Database
from release.model.repository import Base, Checkout, History
from release.model.rolled_back import facts
from release.model.step import Done, Stuck
from release.model.trailers import remark
from release.model.unread import Unread
from release.policy.words import evidence_words, tells_loss, window_words
from release.views.line import Line, fact_lines, paragraph

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.evidence import Evidence, Verdict
    from release.model.outcome import StepResult
    from release.model.problem import Problem
    from release.model.record import Remark
    from release.model.registry import Package
    from release.model.release import Release
    from release.model.world import World
    from release.plan.plan import Outlook, Plan
    from release.plan.preview import Prospect
    from release.views.line import Tone

WIDTH = 100  # columns after which a log line has its seconds, unless it is longer itself
NAME = 16  # columns of a step's name
BRIEF = 0.05  # seconds: below, a time is shown as 0.0
SHORT = 7
MARKS: dict[str, tuple[str, Tone]] = {
    "ok": ("ok", "good"),
    "skipped": ("same", "dim"),
    "failed": ("FAIL", "bad"),
    "todo": ("todo", "plain"),
    "stuck": ("FAIL", "bad"),
}


def plan_lines(prospect: Prospect, width: int | None = None) -> Iterator[Line]:
    """The plan: what, from where, and each step with what it will do; `!` marks those that change production.

    Nothing where there is no plan. `width` is in columns; None leaves long lines whole.
    """
    release, plan = prospect.release, prospect.plan
    if release is None or plan is None or not isinstance(prospect.decision, Go):
        return
    alone = prospect.only if prospect.kind == "repair" or prospect.only in NUMBERLESS else None
    yield from paragraph(_heading(release, plan, prospect.world, alone), width, tone="strong")
    yield from paragraph(" · ".join(_facts(prospect, prospect.decision)), width, "  ")
    yield from fact_lines(facts(prospect.decision.rolled_back), width)
    yield from verdict_lines(prospect.verdict, width)
    yield Line()
    changed = False
    for number, one in enumerate(prospect.outlooks, 1):
        if changes(one) and not changed:
            changed = True
            yield Line(f"       from here on {_changing(one, release)}:", "warn")
        yield _step_line(number, one)
    if prospect.warnings or prospect.remarks or prospect.questions:
        yield Line()
    yield from warning_lines(prospect.warnings, prospect.remarks, width)
    for question in prospect.questions:
        yield from paragraph(f"who approves vouches: {question.what}", width, "  ? ", "warn")
        if question.check != "ask":  # the tool's own question has its own way out
            yield from paragraph(question.advice, width, "    ", "dim")


def verdict_lines(verdict: Verdict | None, width: int | None = None) -> Iterator[Line]:
    """What each source demands and why, and whether the way back stays open; nothing where no source was asked."""
    if verdict is None or not verdict.evidence:
        return
    yield from paragraph(f"the change demands {verdict.least or 'no particular number'}", width, "  ")
    for one in verdict.evidence:
        first, *rest = evidence_words(one)
        yield from paragraph(f"{one.source:<8} {first}", width, "    ", _weight(one, first))
        for line in rest:
            yield from paragraph(line, width, "             ", _weight(one, line))
    for said in window_words(verdict.window):
        yield from paragraph(f"{'rollback':<8} {said}", width, "    ", "dim")


def _weight(one: Evidence, line: str) -> Tone:
    return "bad" if tells_loss(one, line) else "dim"


def changes(one: Outlook) -> bool:
    """Whether a step will write to the environment."""
    return bool(one.writes) and one.step.changes


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


def problem_lines(problems: tuple[Problem, ...], width: int | None = None) -> Iterator[Line]:
    """All problems at once, each with where it is and what to do."""
    for number, problem in enumerate(problems, 1):
        at = f"{problem.file}{f':{problem.line}' if problem.line else ''}" if problem.file else ""
        where = f"{at}: " if at and at not in problem.what else ""
        first, *rest = paragraph(f"{where}{problem.what}", width, "     ")
        yield Line(f"  {number:>2} {first.text[5:]}", "bad", lead=4)
        yield from rest
        yield from paragraph(problem.advice, width, "     ", "dim")


def warning_lines(
    warnings: tuple[Problem, ...], remarks: tuple[Remark, ...], width: int | None = None
) -> Iterator[Line]:
    """What is told beside a plan and keeps nobody from it: warnings with their advice, and what is done otherwise."""
    for warning in warnings:
        yield from paragraph(f"{warning.check}: {warning.what}", width, "  ? ", "warn")
        yield from paragraph(warning.advice, width, "    ", "dim")
    for one in remarks:
        yield from paragraph(remark(one), width, "  ~ ", "warn")


def result_lines(result: StepResult, width: int = WIDTH) -> Iterator[Line]:
    """One finished step and what it took; further lines of its detail are quoted behind a bar."""
    mark, tone = MARKS[result.outcome]
    first, *rest = result.detail.splitlines() or [""]
    head = f"{mark:<5}{result.name:<{NAME - 1}} {first}".rstrip()
    took = f"{result.seconds:.1f} s" if result.outcome in {"ok", "failed"} else ""
    room = width - len(head) - len(took)
    yield Line(f"{head}{' ' * max(room, 2)}{took}".rstrip(), tone, lead=4)
    yield from (Line(f"     | {line.strip()}", "dim", lead=6) for line in rest)


def took(steps: tuple[StepResult, ...]) -> str:
    """What each step that acted took, in order; those that took no time to speak of are left out."""
    acted = (step for step in steps if step.outcome in {"ok", "failed"} and step.seconds >= BRIEF)
    return " · ".join(f"{step.name} {step.seconds:.1f} s" for step in acted)


def _heading(release: Release, plan: Plan, world: World, alone: str | None) -> str:
    """What goes where; of a step that gives no number, the step in its place."""
    parts = [f"{release.app} {release.version}", level(release)]
    if alone:
        name = release.app if alone in NUMBERLESS else release.tag
        parts = [f"{name}, the step {alone} alone"]
    elif level(release) and release.previous:
        parts[0] = f"{release.app} {release.previous} -> {release.version}"
    checkout = world.checkout
    branch = checkout.branch if isinstance(checkout, Checkout) and checkout.head == release.base else None
    parts += [
        f"{release.base[:SHORT]}{f' on {branch}' if branch else ''}",
        "to its registry" if release.is_package else f"to {release.environment}",
        f"plan {plan.short}",
    ]
    return "   ".join(part for part in parts if part)


def _facts(prospect: Prospect, go: Go) -> Iterator[str]:
    world = prospect.world
    yield go.why if go.kind == "start" else f"{go.kind}: {go.why}"
    if (
        isinstance(world.base, Base)
        and isinstance(world.database, Database)
        and any(map(changes, prospect.outlooks))
    ):
        count = sum(migration.name not in world.database.applied for migration in world.base.migrations)
        yield f"{count or 'no'} migration{'' if count == 1 else 's'} pending"
    yield _condition(world)
    if isinstance(world.history, History) and not world.history.contained:
        yield "not on the remote branch"


def _condition(world: World) -> str:
    if world.package is not None:
        return _on_registry(world.package)
    health = world.health
    if health is None:
        return f"{world.environment} serves nothing"
    if isinstance(health, Unread):
        return f"the health of {world.environment} could not be read"
    if health.problem is not None:
        return f"{world.environment} is not healthy: {health.problem}"
    return f"{world.environment} runs {health.version or 'an unknown version'} and is healthy"


def _on_registry(package: Package | Unread) -> str:
    if isinstance(package, Unread):
        return "the registry could not be read"
    has = f"has {package.latest} as latest" if package.latest else "does not have it yet"
    return f"{package.registry} {has}"


def _changing(one: Outlook, release: Release) -> str:
    """What starts to change with this step: where workers and database stay, git and GitHub alone."""
    if release.is_package and any(write.system == "npm" for write in one.writes):
        return "the registry changes"
    elsewhere = {write.system for write in one.writes} <= {"git", "github"}
    return "git and GitHub change" if elsewhere else f"{release.environment} changes"


def _step_line(number: int, one: Outlook) -> Line:
    mark, tone = ("!", "warn") if changes(one) else (" ", "plain")
    detail = one.look.what if isinstance(one.look, Stuck) else one.look.detail
    if isinstance(one.look, Stuck):
        mark, tone = "x", "bad"
    elif isinstance(one.look, Done):
        detail, tone = f"nothing to do{f': {detail}' if detail else ''}", "dim"
    first = detail.splitlines()[0] if detail else ""
    checked: Tone = tone  # type: ignore[assignment]
    return Line(
        f"  {mark} {number:>2} {one.step.name:<{NAME - 1}} {first}".rstrip(),
        checked,
        lead=0 if tone == "dim" else 4,
    )


__all__ = [
    "changes",
    "level",
    "plan_lines",
    "problem_lines",
    "result_lines",
    "took",
    "verdict_lines",
    "warning_lines",
]
