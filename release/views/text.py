"""The words of a plan, of problems and of finished steps, for any terminal or log (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.decide.single_step import NUMBERLESS
from release.model.trailers import remark
from release.policy.words import evidence_words, tells_loss, window_words
from release.views.line import Line, fact_lines, paragraph
from release.views.plan_facts import level, plan_facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.configuration import WorkerChanges
    from release.model.evidence import Evidence, Verdict
    from release.model.outcome import StepResult
    from release.model.problem import Problem
    from release.model.record import Remark
    from release.model.release import Release
    from release.plan.preview import Preview
    from release.views.line import Tone
    from release.views.plan_facts import PlanFacts, StepFacts

WIDTH = 100  # columns after which a log line has its seconds, unless it is longer itself
NAME = 16  # columns of a step's name
BRIEF = 0.05  # seconds: below, a time is shown as 0.0
SHORT = 7
CHANGES = "besides its code, this deploy changes"
MARKS: dict[str, tuple[str, Tone]] = {
    "ok": ("ok", "good"),
    "skipped": ("same", "dim"),
    "failed": ("FAIL", "bad"),
    "todo": ("todo", "plain"),
    "stuck": ("FAIL", "bad"),
}
PLANNED: dict[str, tuple[str, Tone]] = {"todo": (" ", "plain"), "done": (" ", "dim"), "stuck": ("x", "bad")}


def plan_lines(preview: Preview, width: int | None = None) -> Iterator[Line]:
    """The plan: what, from where, and each step with what it will do; `!` marks those that change production.

    Nothing where there is no plan. `width` is in columns; None leaves long lines whole.
    """
    shown = plan_facts(preview)
    if shown is None:
        return
    yield from paragraph(_heading(shown), width, tone="strong")
    yield from paragraph(" · ".join(_facts(shown)), width, "  ")
    if shown.proof:
        yield from paragraph(shown.proof, width, "  ", "warn")
    yield from fact_lines(shown.back, width)
    yield from _verdict_lines(shown.verdict, width)
    yield Line()
    yield from _step_lines(shown, width)
    yield from change_lines(shown.changes, width)
    if shown.warnings or shown.remarks or shown.questions:
        yield Line()
    yield from warning_lines(shown.warnings, shown.remarks, width)
    for question in shown.questions:
        yield from paragraph(f"who approves vouches: {question.what}", width, "  ? ", "warn")
        if question.check != "ask":  # the tool's own question has its own way out
            yield from paragraph(question.advice, width, "    ", "dim")


def change_lines(
    changes: tuple[WorkerChanges, ...], width: int | None = None, doing: str = CHANGES
) -> Iterator[Line]:
    """What deploys change besides the code, worker by worker, under what they are `doing`; nothing where there is nothing."""
    for one in changes:
        yield Line()
        yield Line(f"  {one.worker}: {doing}", "strong")
        lost = {change.text for change in one.changes if change.loss}
        for text in one.lines:
            yield from paragraph(text[2:], width, f"    {text[:2]}", "bad" if text in lost else "plain")


def demand(verdict: Verdict) -> str:
    """Which bump a change needs."""
    return (
        f"this change needs at least a {verdict.least} bump"
        if verdict.least
        else "this change needs no particular bump"
    )


def _verdict_lines(verdict: Verdict | None, width: int | None) -> Iterator[Line]:
    """What each source demands and why, and whether the way back stays open; nothing where no source was asked."""
    if verdict is None:
        return
    yield from paragraph(demand(verdict), width, "  ")
    for one in verdict.evidence:
        first, *rest = evidence_words(one)
        yield from paragraph(f"{one.source:<8} {first}", width, "    ", _weight(one, first))
        for line in rest:
            yield from paragraph(line, width, "             ", _weight(one, line))
    for said in window_words(verdict.window):
        yield from paragraph(f"{'rollback':<8} {said}", width, "    ", "dim")


def _weight(one: Evidence, line: str) -> Tone:
    return "bad" if tells_loss(one, line) else "dim"


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
    """What a plan shows and is not blocked by: warnings with their advice, and what is done otherwise."""
    for warning in warnings:
        yield from paragraph(f"{warning.check}: {warning.what}", width, "  ? ", "warn")
        yield from paragraph(warning.advice, width, "    ", "dim")
    for one in remarks:
        yield from paragraph(remark(one), width, "  ~ ", "warn")


def result_lines(result: StepResult, width: int = WIDTH, columns: int | None = None) -> Iterator[Line]:
    """One finished step and what it took, at `width`; further lines of its detail are quoted behind a bar.

    `columns` are those of a terminal, in which a long detail goes on below itself; None leaves it whole.
    """
    mark, tone = MARKS[result.outcome]
    first, *rest = result.detail.splitlines() or [""]
    head = f"{mark:<5}{result.name:<{NAME - 1}} {first}".rstrip()
    took = f"{result.seconds:.1f} s" if result.outcome in {"ok", "failed"} else ""
    if columns is not None and len(head) + len(took) + 2 > columns:
        within = columns - (len(took) + 2 if took else 0)
        begun, *more = _hanging(f"{mark:<5}{result.name:<{NAME - 1}} ", first, within, tone)
        yield Line(f"{begun.text:<{within}}{f'  {took}' if took else ''}".rstrip(), tone, lead=4)
        yield from more
        yield from (Line(f"     | {line.strip()}", "dim", lead=6) for line in rest)
        return
    room = width - len(head) - len(took)
    yield Line(f"{head}{' ' * max(room, 2)}{took}".rstrip(), tone, lead=4)
    yield from (Line(f"     | {line.strip()}", "dim", lead=6) for line in rest)


def took(steps: tuple[StepResult, ...]) -> str:
    """What each step that acted took, in order; those that took no time to speak of are left out."""
    acted = (step for step in steps if step.outcome in {"ok", "failed"} and step.seconds >= BRIEF)
    return " · ".join(f"{step.name} {step.seconds:.1f} s" for step in acted)


def _heading(shown: PlanFacts) -> str:
    """What goes where; of a step that gives no number, the step in its place."""
    release, number = shown.release, shown.level
    parts = [f"{release.app} {release.version}", number]
    if shown.alone:
        name = release.app if shown.alone in NUMBERLESS else release.tag
        parts = [f"{name}, the step {shown.alone} alone"]
    elif number and release.previous:
        parts[0] = f"{release.app} {release.previous} -> {release.version}"
    parts += [
        f"{release.base[:SHORT]}{f' on {shown.branch}' if shown.branch else ''}",
        "to its registry" if release.is_package else f"to {release.environment}",
        f"plan {shown.plan.short}",
    ]
    return "   ".join(part for part in parts if part)


def _facts(shown: PlanFacts) -> Iterator[str]:
    yield shown.why if shown.kind == "start" else f"{shown.kind}: {shown.why}"
    if shown.pending is not None and any(step.changes for step in shown.steps):
        count = len(shown.pending)
        yield f"{count or 'no'} migration{'' if count == 1 else 's'} pending"
    yield shown.condition
    if not shown.is_contained:
        yield "not on the remote branch"


def _step_lines(shown: PlanFacts, width: int | None) -> Iterator[Line]:
    """Each step, and above the first that changes something what starts to change with it."""
    first = next((step for step in shown.steps if step.changes), None)
    for number, step in enumerate(shown.steps, 1):
        if step is first:
            yield Line(f"       steps below change {_changing(step, shown.release)}:", "warn")
        yield from _step_line(number, step, width)


def _changing(step: StepFacts, release: Release) -> str:
    """What starts to change with this step: where workers and database stay, git and GitHub alone."""
    systems = {write.system for write in step.writes}
    if release.is_package and "npm" in systems:
        return "the registry"
    return "git and GitHub" if systems <= {"git", "github"} else release.environment


def _step_line(number: int, step: StepFacts, width: int | None) -> Iterator[Line]:
    mark, tone = PLANNED[step.state]
    if step.changes and step.state == "todo":
        mark, tone = "!", "warn"
    head = f"  {mark} {number:>2} {step.name:<{NAME - 1}} "
    yield from _hanging(head, step.detail, width, tone)


def _hanging(head: str, detail: str, width: int | None, tone: Tone) -> Iterator[Line]:
    """A row whose detail goes on below itself, broken at words; in few columns below its name."""
    lead = 0 if tone == "dim" else 4
    indent = " " * (len(head) if width is None or width >= 2 * len(head) else 7)
    first, *rest = list(paragraph(detail, width, indent)) or [Line()]
    if width is not None and len(first.text) - len(indent) + len(head) > width and indent != " " * len(head):
        yield Line(head.rstrip(), tone, lead)
        rest = [first, *rest]
    else:
        yield Line(f"{head}{first.text.removeprefix(indent)}".rstrip(), tone, lead)
    yield from (Line(one.text, "dim" if lead == 0 else "plain") for one in rest)


__all__ = [
    "change_lines",
    "level",
    "plan_lines",
    "problem_lines",
    "result_lines",
    "took",
    "warning_lines",
]
