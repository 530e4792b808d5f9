"""The job summary: what an approver reads before, and everybody after, as GitHub's Markdown (pure)."""

from __future__ import annotations

import re
from textwrap import dedent
from typing import TYPE_CHECKING

from msgspec import field

from release.formats.markdown import code, escaped, link, table
from release.frozen import Frozen
from release.model.trailers import remark
from release.policy.words import evidence_words, tells_loss, window_words
from release.views.ending import outcome_lines
from release.views.plan_facts import plan_facts
from release.views.text import CHANGES, SHORT, demand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.evidence import Evidence, Verdict
    from release.model.outcome import Outcome, StepResult
    from release.model.problem import Problem
    from release.plan.preview import Preview
    from release.views.plan_facts import PlanFacts, StepFacts

MOST_COMMITS = 100
COLUMNS = 100  # of the ending, which stands in a box that does not wrap
MARKS = {"ok": "✅", "skipped": "⏭️", "failed": "❌", "todo": "▫️", "stuck": "❌"}


class Page(Frozen, frozen=True):
    """What is known so far. `site` is the repository's address at GitHub, empty where it is not known."""

    site: str = ""
    preview: Preview | None = None
    running: str | None = None
    results: tuple[StepResult, ...] = field(default=())
    outcome: Outcome | None = None

    def document(self) -> str:
        """The page as Markdown, the end first once there is one."""
        parts = [*self._ending(), *self._progress(), *self._plan()]
        return "\n\n".join(part.rstrip() for part in parts if part) + "\n" if parts else ""

    def _plan(self) -> Iterator[str]:
        shown = plan_facts(self.preview) if self.preview else None
        if shown is None:
            return
        yield f"### {_title(shown)}"
        yield table(("", ""), self._facts(shown))
        yield from _verdict(shown.verdict)
        yield from _changes(shown)
        yield from _found("What a person must vouch for", shown.questions)
        yield from _found("Warnings", shown.warnings)
        yield from _list("Kept with the release", (escaped(remark(one)) for one in shown.remarks))
        yield from _list("Commits", self._commits(shown))
        yield from _list("Migrations", map(code, shown.pending or ()))
        yield "#### Steps"
        yield table(("", "step", "what it does"), map(_step, shown.steps))
        yield "❗ changes the environment, git or GitHub"

    def _facts(self, shown: PlanFacts) -> Iterator[tuple[str, str]]:
        release, plan = shown.release, shown.plan
        yield "plan", f"{code(plan.short)} ({code(plan.hash)})"
        yield "ships", self._commit(release.base)
        yield "why", escaped(f"{shown.kind}: {shown.why}")
        if shown.proof:
            yield "proof", escaped(shown.proof)
        yield from ((label, escaped(text)) for label, text in shown.back)
        if self.site and release.previous_tag:
            compare = f"{self.site}/compare/{release.previous_tag}...{release.base}"
            yield "changes", link(f"{escaped(release.previous_tag)} to {release.base[:SHORT]}", compare)
        yield "migrations", f"{len(shown.pending)} pending" if shown.pending else "none pending"

    def _commit(self, commit: str) -> str:
        return link(code(commit[:SHORT]), f"{self.site}/commit/{commit}" if self.site else "")

    def _commits(self, shown: PlanFacts) -> Iterator[str]:
        for one in shown.commits[:MOST_COMMITS]:
            yield f"{self._commit(one.sha)} {escaped(one.subject)}"
        if len(shown.commits) > MOST_COMMITS:
            yield f"and {len(shown.commits) - MOST_COMMITS} more"

    def _progress(self) -> Iterator[str]:
        if not self.results and not self.running:
            return
        rows = [
            (MARKS[one.outcome], escaped(one.name), f"{one.seconds:.1f} s", escaped(_first(one.detail)))
            for one in self.results
        ]
        if self.running:
            rows.append(("⏳", escaped(self.running), "", "running"))
        yield "#### Progress"
        yield table(("", "step", "took", ""), rows)

    def _ending(self) -> Iterator[str]:
        if self.outcome is None or self.outcome.outcome == "planned":
            return
        head, *rest = [line.text for line in outcome_lines(self.outcome, COLUMNS)]
        yield f"### {'✅' if self.outcome.exit_code == 0 else '❌'} {escaped(head)}"
        if any(rest):
            text = dedent("\n".join(rest))
            fence = "~" * (max((len(run) for run in _tildes(text)), default=2) + 1)
            yield f"{fence}text\n{text}\n{fence}"


def _title(shown: PlanFacts) -> str:
    release, number = shown.release, f" ({shown.level})" if shown.level else ""
    was = f"{release.previous} → " if release.previous else ""
    return escaped(f"{release.app} {was}{release.version}{number} to {release.environment}")


def _changes(shown: PlanFacts) -> Iterator[str]:
    for one in shown.changes:
        lines = [code(line) for line in one.lines]
        yield from _list(f"{escaped(one.worker)}: {CHANGES}", iter(lines))


def _verdict(verdict: Verdict | None) -> Iterator[str]:
    if verdict is None:
        return
    said = demand(verdict)
    yield f"#### {said[0].upper()}{said[1:]}"
    rows = [
        (escaped(one.source), "<br>".join(_told(one, line) for line in evidence_words(one)))
        for one in verdict.evidence
    ]
    rows += [("rollback", escaped(said)) for said in window_words(verdict.window)]
    yield table(("source", "what it needs, and why"), rows)


def _step(step: StepFacts) -> tuple[str, str, str]:
    written = "".join(f"<br>{escaped(write.what)}: {code(write.target)}" for write in step.writes)
    return "❗" if step.changes else "", escaped(step.name), f"{escaped(step.detail)}{written}"


def _found(title: str, problems: tuple[Problem, ...]) -> Iterator[str]:
    yield from _list(
        title, (f"**{escaped(one.check)}** {escaped(one.what)} {escaped(one.advice)}" for one in problems)
    )


def _list(title: str, items: Iterator[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield f"#### {title}"
        yield "\n".join(lines)


def _first(text: str) -> str:
    return (text.splitlines() or [""])[0]


def _tildes(text: str) -> list[str]:
    return re.findall("~+", text)


def _told(one: Evidence, line: str) -> str:
    """A line of a source; what tells of lost data stands out."""
    return f"**{escaped(line)}**" if tells_loss(one, line) else escaped(line)
