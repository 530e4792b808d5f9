"""The job summary: what an approver reads before, and everybody after, as GitHub's Markdown (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from textwrap import dedent
from typing import TYPE_CHECKING

from release.decide.decide import Go
from release.formats.markdown import code, escaped, link, table
from release.model.deployment import Database
from release.model.repository import Base, History
from release.model.rolled_back import facts
from release.model.step import Done, Stuck
from release.model.trailers import remark
from release.policy.words import evidence_words, tells_loss, window_words
from release.views.ending import outcome_lines
from release.views.text import SHORT, changes, level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.evidence import Evidence
    from release.model.outcome import Outcome, StepResult
    from release.model.problem import Problem
    from release.model.release import Release
    from release.model.repository import Migration
    from release.plan.plan import Outlook
    from release.plan.preview import Prospect

MOST_COMMITS = 100
COLUMNS = 100  # of the ending, which stands in a box that does not wrap
MARKS = {"ok": "✅", "skipped": "⏭️", "failed": "❌", "todo": "▫️", "stuck": "❌"}


@dataclass(frozen=True)
class Page:
    """What is known so far. `site` is the repository's address at GitHub, empty where it is not known."""

    site: str = ""
    prospect: Prospect | None = None
    running: str | None = None
    results: tuple[StepResult, ...] = field(default=())
    outcome: Outcome | None = None

    def document(self) -> str:
        """The page as Markdown, the end first once there is one."""
        parts = [*self._ending(), *self._progress(), *self._plan()]
        return "\n\n".join(part.rstrip() for part in parts if part) + "\n" if parts else ""

    def _plan(self) -> Iterator[str]:
        prospect = self.prospect
        if prospect is None or prospect.release is None or prospect.plan is None:
            return
        release = prospect.release
        yield f"### {_title(release)}"
        yield table(("", ""), self._facts(prospect, release))
        yield from self._verdict(prospect)
        yield from _found("What a person must vouch for", prospect.questions)
        yield from _found("Warnings", prospect.warnings)
        yield from _list("Kept with the release", (escaped(remark(one)) for one in prospect.remarks))
        yield from _list("Commits", self._commits(prospect))
        yield from _list("Migrations", (code(one.name) for one in _pending(prospect)))
        yield "#### Steps"
        yield table(("", "step", "what it does"), (_step(one) for one in prospect.outlooks))
        yield "❗ changes the environment, git or GitHub"

    def _facts(self, prospect: Prospect, release: Release) -> Iterator[tuple[str, str]]:
        if prospect.plan:
            yield "plan", f"{code(prospect.plan.short)} ({code(prospect.plan.hash)})"
        yield "ships", self._commit(release.base)
        if isinstance(prospect.decision, Go):
            yield "why", escaped(f"{prospect.decision.kind}: {prospect.decision.why}")
        yield from ((label, escaped(text)) for label, text in facts(prospect.decision.rolled_back))
        if self.site and release.previous_tag:
            compare = f"{self.site}/compare/{release.previous_tag}...{release.base}"
            yield (
                "changes",
                link(f"{escaped(release.previous_tag)} to {release.base[:SHORT]}", compare),
            )
        pending = _pending(prospect)
        yield "migrations", f"{len(pending)} pending" if pending else "none pending"

    def _verdict(self, prospect: Prospect) -> Iterator[str]:
        verdict = prospect.verdict
        if verdict is None or not verdict.evidence:
            return
        yield f"#### The change demands {verdict.least or 'no particular number'}"
        rows = [
            (escaped(one.source), "<br>".join(_told(one, line) for line in evidence_words(one)))
            for one in verdict.evidence
        ]
        rows += [("rollback", escaped(said)) for said in window_words(verdict.window)]
        yield table(("source", "what it demands, and why"), rows)

    def _commit(self, commit: str) -> str:
        return link(code(commit[:SHORT]), f"{self.site}/commit/{commit}" if self.site else "")

    def _commits(self, prospect: Prospect) -> Iterator[str]:
        history = prospect.world.history
        if not isinstance(history, History):
            return
        for one in history.unreleased[:MOST_COMMITS]:
            yield f"{self._commit(one.sha)} {escaped(one.subject)}"
        if len(history.unreleased) > MOST_COMMITS:
            yield f"and {len(history.unreleased) - MOST_COMMITS} more"

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


def _title(release: Release) -> str:
    was = f"{release.previous} → " if release.previous else ""
    number = level(release)
    return escaped(
        f"{release.app} {was}{release.version}{f' ({number})' if number else ''} to {release.environment}"
    )


def _step(one: Outlook) -> tuple[str, str, str]:
    detail = one.look.what if isinstance(one.look, Stuck) else one.look.detail
    if isinstance(one.look, Done):
        detail = f"nothing to do{f': {detail}' if detail else ''}"
    written = "".join(f"<br>{escaped(write.what)}: {code(write.target)}" for write in one.writes)
    return "❗" if changes(one) else "", escaped(one.step.name), f"{escaped(_first(detail))}{written}"


def _found(title: str, problems: tuple[Problem, ...]) -> Iterator[str]:
    yield from _list(
        title, (f"**{escaped(one.check)}** {escaped(one.what)} {escaped(one.advice)}" for one in problems)
    )


def _list(title: str, items: Iterator[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield f"#### {title}"
        yield "\n".join(lines)


def _pending(prospect: Prospect) -> tuple[Migration, ...]:
    world = prospect.world
    if not isinstance(world.base, Base) or not isinstance(world.database, Database):
        return ()
    return tuple(one for one in world.base.migrations if one.name not in world.database.applied)


def _first(text: str) -> str:
    return (text.splitlines() or [""])[0]


def _tildes(text: str) -> list[str]:
    return re.findall("~+", text)


def _told(one: Evidence, line: str) -> str:
    """A line of a source; what tells of lost data stands out."""
    return f"**{escaped(line)}**" if tells_loss(one, line) else escaped(line)
