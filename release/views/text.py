"""The words of plan and outcome, for any terminal or log (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from release.decide import Go, Nothing
from release.model import Base, Database, Health, History, Problem
from release.outcome import Outcome, StepResult
from release.plan import Outlook
from release.preflight import Prospect
from release.step import Done, Stuck

MARKS = {"ok": "ok  ", "skipped": "same", "failed": "FAIL", "todo": "    ", "stuck": "FAIL"}


def plan_lines(prospect: Prospect) -> Iterator[str]:
    """The plan: what, from where, each step with what it will do, and from which step on production changes."""
    release, plan = prospect.release, prospect.plan
    if release is None or plan is None or not isinstance(prospect.decision, Go):
        return
    before = release.previous or "first release"
    yield f"{release.app} {before} -> {release.version}   {release.base[:7]}   to {release.environment}   plan {plan.short}"
    yield f"  {' · '.join(_facts(prospect))}"
    yield ""
    first = True
    for number, one in enumerate(prospect.outlooks, 1):
        yield _step_line(number, one, first=first and _writes(one))
        first = first and not _writes(one)


def problem_lines(problems: tuple[Problem, ...]) -> Iterator[str]:
    """All problems at once, each with what to do."""
    for problem in problems:
        yield f"  {problem.what}"
        yield from (f"    {line}" for line in problem.advice.splitlines())


def result_line(result: StepResult) -> str:
    """One finished step."""
    seconds = f"{result.seconds:6.1f} s" if result.outcome != "skipped" else ""
    first, *rest = result.detail.splitlines() or [""]
    head = f"{MARKS[result.outcome]} {result.name:<15} {first}"
    return "\n".join([f"{head:<88}{seconds}".rstrip(), *(f"     {line}" for line in rest)])


def outcome_lines(outcome: Outcome) -> Iterator[str]:
    """The end: what is true now, and the next command."""
    release = outcome.release
    if outcome.outcome == "nothing":
        yield f"Nothing to release: {outcome.why}."
    elif outcome.outcome == "blocked" and outcome.failure is None:
        count = len(outcome.problems)
        yield f"Not released: {count} problem{'' if count == 1 else 's'}. Nothing was written."
        yield from problem_lines(outcome.problems)
    elif outcome.failure is not None:
        yield from _failure_lines(outcome)
    elif outcome.outcome in {"released", "deployed"} and release:
        took = sum(step.seconds for step in outcome.steps)
        what = f"{release.tag} is released" if outcome.outcome == "released" else f"{release.base[:7]} is deployed"
        yield f"{what} to {release.environment}, in {took:.1f} s."
        yield from (f"  {url}" for url in outcome.urls)
    if outcome.next:
        yield f"  next        {outcome.next}"


def _facts(prospect: Prospect) -> Iterator[str]:
    world, decision = prospect.world, prospect.decision
    if isinstance(decision, Go):
        yield decision.why if decision.kind == "start" else f"{decision.kind}: {decision.why}"
    if isinstance(world.base, Base) and isinstance(world.database, Database):
        count = sum(m.name not in world.database.applied for m in world.base.migrations)
        yield f"{count or 'no'} migration{'' if count == 1 else 's'} pending"
    if isinstance(world.health, Health):
        health = world.health
        yield f"{world.environment} runs {health.version}" if health.problem is None else f"{world.environment}: {health.problem}"
    if isinstance(world.history, History) and not world.history.contained:
        yield "not on the remote branch"


def _writes(one: Outlook) -> bool:
    return bool(one.writes) and one.step.changes


def _step_line(number: int, one: Outlook, *, first: bool) -> str:
    mark = "!" if _writes(one) else " "
    detail = one.look.what if isinstance(one.look, Stuck) else one.look.detail
    if isinstance(one.look, Done):
        detail = f"nothing to do: {detail}" if detail else "nothing to do"
    line = f"  {mark} {number:>2} {one.step.name:<15} {detail.splitlines()[0] if detail else ''}"
    return f"{line:<84} from here on production changes" if first else line.rstrip()


def _failure_lines(outcome: Outcome) -> Iterator[str]:
    failure = outcome.failure
    if failure is None:
        return
    if outcome.outcome == "blocked":
        yield f"Not released. {failure.what}"
    else:
        yield failure.meaning
    yield from (f"  {line}" for line in failure.advice.splitlines())
    for label, fact in failure.state:
        yield f"  {label:<11} {fact}"


__all__ = ["Nothing", "outcome_lines", "plan_lines", "problem_lines", "result_line"]
