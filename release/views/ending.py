"""The words of an ending: what is true now, and the next command (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.model.outcome import NOTHING, SAME
from release.model.rolled_back import facts
from release.views.line import Line, fact, fact_lines, paragraph
from release.views.text import SHORT, problem_lines, took, warning_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.outcome import Failure, Outcome


def outcome_lines(outcome: Outcome, width: int | None = None) -> Iterator[Line]:
    """How it ended. `width` is in columns; None leaves long lines whole, as a log wants them."""
    if outcome.outcome == "nothing":
        yield from paragraph(_nothing(outcome), width, tone="strong")
        yield from fact_lines((*outcome.state, *facts(outcome.rolled_back)), width)
    elif outcome.outcome == "planned":
        yield from paragraph("Plan only; nothing was changed.", width, tone="strong")
    elif outcome.failure is not None:
        yield from _failure(outcome, outcome.failure, width)
    elif outcome.outcome == "blocked":
        count = len(outcome.problems)
        yield from paragraph(
            f"Blocked by {count} problem{'' if count == 1 else 's'}. Nothing was changed.",
            width,
            tone="strong",
        )
        yield from problem_lines(outcome.problems, width)
    else:
        yield from _summary(outcome, width)
    if outcome.findings:
        yield Line()
        yield from warning_lines(outcome.findings, (), width)
    if outcome.next:
        yield Line()
        # Where nothing changed, something is to be repaired first.
        label = "then" if outcome.outcome in {"failed", "blocked"} else "next"
        yield from fact(label, outcome.next, width, tone="strong")


def _nothing(outcome: Outcome) -> str:
    head, _, rest = outcome.why.partition(" ")
    why = f"{head.capitalize() if head.isalpha() else head} {rest}".strip()
    what = "Nothing to do." if outcome.exit_code == 0 else "Nothing to release."
    return f"{what} {why}." if why else what


def _summary(outcome: Outcome, width: int | None) -> Iterator[Line]:
    release = outcome.release
    seconds = f", in {sum(step.seconds for step in outcome.steps):.1f} s" if outcome.steps else ""
    yield from paragraph(f"{_done(outcome)}{seconds}.", width, tone="good")
    if release is not None and outcome.outcome == "released":
        before = "" if "before" in dict(outcome.state) else _before(outcome)
        yield from fact("version", f"{release.version}{before}", width)
        yield from fact("tag", f"{release.tag} on {release.commit[:SHORT]}", width)
    if release is not None and outcome.outcome == "deployed" and outcome.was:
        yield from fact("was", "the same commit" if outcome.was == SAME else outcome.was, width)
    for number, url in enumerate(outcome.urls):
        yield from fact("" if number else "live at", url, width)
    yield from fact_lines((*outcome.state, *facts(outcome.rolled_back)), width)
    if times := took(outcome.steps):
        yield from fact("took", times, width)


def _before(outcome: Outcome) -> str:
    """What was live before, as far as it is known; a package has its former number instead."""
    release = outcome.release
    if outcome.was == SAME:
        return " (already live)"
    if outcome.was == NOTHING and release and release.previous:
        return " (nothing was live)"
    if outcome.was and outcome.was != NOTHING:
        return f" (was {outcome.was})"
    return f" (was {release.previous})" if release and release.previous else " (the first release)"


def _done(outcome: Outcome) -> str:
    """What was reached, without the time it took."""
    release = outcome.release
    if outcome.outcome in {"rolled-back", "unlocked", "done"}:
        return outcome.why
    if release is None:
        return outcome.why or f"{outcome.outcome.capitalize()} on {outcome.environment}"
    if outcome.outcome == "deployed":
        tag = f" ({release.tag})" if outcome.is_tagged else ""
        return f"{release.base[:SHORT]}{tag} is deployed to {release.environment}"
    if outcome.outcome == "verified":
        return f"Everything agrees on {release.tag} in {release.environment}"
    if release.is_package:
        was = ": it was already there and has now been recorded" if outcome.decision == "finish" else ""
        return f"{release.tag} is published{was}"
    was = ": it was already live and has now been recorded" if outcome.decision == "finish" else ""
    return f"{release.tag} is released to {release.environment}{was}"


def _failure(outcome: Outcome, failure: Failure, width: int | None) -> Iterator[Line]:
    if outcome.outcome == "blocked":
        yield from paragraph(f"Not released. {failure.meaning}", width, tone="strong")
        yield from fact("because", failure.what, width, tone="bad")
        yield from fact("do", failure.advice, width)
        return
    yield from paragraph(failure.standing or failure.meaning, width, tone="strong")
    what = (failure.what.splitlines() or [""])[0]  # the rest stands above, where the step ended
    yield from fact("failed", f"{failure.step}: {what.removesuffix(':')}", width, tone="bad")
    if failure.standing:
        yield from fact("means", failure.meaning, width)
    yield from fact("do", failure.advice, width)
    yield from fact_lines(failure.state, width)
