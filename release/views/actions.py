"""In GitHub Actions: groups in the log, annotations, the job summary and the step's outputs. Nowhere else.

The limits are GitHub's: a summary of at most 1 MiB a step, ten annotations of a kind.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release.formats.printable import printable
from release.plan.plan import NOTICE
from release.views.plain import Plain
from release.views.summary import Page
from release.views.text import plan_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from release.model.outcome import Listener, Outcome, StepResult
    from release.model.problem import Problem
    from release.plan.preview import Preview
    from release.views.sink import Sink

MOST_BYTES = 1_000_000
MOST_ANNOTATIONS = 10
CUT = "\n\nThe rest is in the log: GitHub shows no longer summary.\n"


class ActionsLog(Plain):
    """Plain lines, with a group around what each step's programs say, and annotations for what is wrong.

    No line of a program can become a command: each stands behind a bar, and the runner's older mark is broken up.
    """

    def planned(self, preview: Preview) -> None:
        """The plan, as an annotation too, where `inv approve` finds it; and one for each warning."""
        super().planned(preview)
        if preview.plan is not None and not preview.problems:
            text = "\n".join(printable(line.text) for line in plan_lines(preview))
            self._command(message("notice", text, f"{NOTICE} {preview.plan.hash}"))
        for warning in preview.warnings[:MOST_ANNOTATIONS]:
            self._command(annotation("warning", warning))

    def started(self, step: str) -> None:
        """A group opens."""
        self._command(f"::group::{_data(step)}")

    def finished(self, result: StepResult) -> None:
        """The group ends; how the step ended stands under it."""
        self._command("::endgroup::")
        super().finished(result)

    def ended(self, outcome: Outcome) -> None:
        """What is true now, and an annotation for each problem and each finding."""
        for problem in outcome.problems[:MOST_ANNOTATIONS]:
            self._command(annotation("error", problem))
        for found in outcome.findings[:MOST_ANNOTATIONS]:
            self._command(annotation("warning", found))
        if outcome.failure is not None:
            said = (outcome.failure.what.splitlines() or [""])[0]
            self._command(message("error", f"{said} {outcome.failure.advice}", outcome.failure.step))
        super().ended(outcome)

    def _write(self, text: str) -> None:
        super()._write(text.replace("##[", "## ["))

    def _command(self, text: str) -> None:
        super()._write(text)


class Summary:
    """The job summary, written anew at each event: where a job is killed, it says how far it came."""

    def __init__(self, path: Path, site: str, mask: Callable[[str], str]) -> None:
        """`path` is GITHUB_STEP_SUMMARY; what an earlier command of the same step wrote there stays."""
        self._path, self._mask = path, mask
        self._page = Page(site)
        self._before = ""
        with contextlib.suppress(OSError, ValueError):
            self._before = path.read_text(encoding="utf-8")

    def planned(self, preview: Preview) -> None:
        """The plan."""
        self._show(replace(self._page, preview=preview))

    def started(self, step: str) -> None:
        """The running step."""
        self._show(replace(self._page, running=step))

    def line(self, text: str) -> None:
        """Left to the log."""

    def finished(self, result: StepResult) -> None:
        """One row more."""
        self._show(replace(self._page, running=None, results=(*self._page.results, result)))

    def ended(self, outcome: Outcome) -> None:
        """The end."""
        self._show(replace(self._page, running=None, outcome=outcome))

    def _show(self, page: Page) -> None:
        self._page = page
        text = f"{self._before}{self._mask(page.document())}".encode()
        if len(text) > MOST_BYTES:
            text = text[: MOST_BYTES - len(CUT)].decode(errors="ignore").encode() + CUT.encode()
        with contextlib.suppress(OSError):  # a summary must not stop a release
            self._path.write_bytes(text)


class Outputs:
    """The step's outputs: plan, hash and base once there is a plan; version, tag and outcome in the end."""

    def __init__(self, path: Path, mask: Callable[[str], str]) -> None:
        """`path` is GITHUB_OUTPUT."""
        self._path, self._mask = path, mask

    def planned(self, preview: Preview) -> None:
        """`plan` (the JSON that `inv release --plan` takes), `hash` and `base`."""
        plan = preview.plan
        if plan is not None and not preview.problems:
            document = msgspec.json.encode(plan, order="deterministic").decode()
            self._put(plan=document, hash=plan.hash, base=plan.base)

    def started(self, step: str) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def finished(self, result: StepResult) -> None:
        """Nothing."""

    def ended(self, outcome: Outcome) -> None:
        """`version`, `tag` and `outcome`."""
        release = outcome.release
        self._put(
            version=release.version if release else "",
            tag=release.tag if release else "",
            outcome=outcome.outcome,
        )

    def _put(self, **values: str) -> None:
        with contextlib.suppress(OSError), self._path.open("a", encoding="utf-8") as file:
            for name, value in values.items():
                end = f"end-{secrets.token_hex(8)}"  # no value can close its own block
                file.write(f"{name}<<{end}\n{self._mask(value)}\n{end}\n")


def listeners(sink: Sink, environ: Mapping[str, str], mask: Callable[[str], str]) -> tuple[Listener, ...]:
    """All that Actions shows of an invocation."""
    found: list[Listener] = [ActionsLog(sink)]
    if summary := environ.get("GITHUB_STEP_SUMMARY"):
        found.append(Summary(Path(summary), _site(environ), mask))
    if output := environ.get("GITHUB_OUTPUT"):
        found.append(Outputs(Path(output), mask))
    return tuple(found)


def annotation(kind: str, problem: Problem) -> str:
    """The workflow command that shows a problem, at its file and line where it has one."""
    place = {"file": problem.file, "line": str(problem.line) if problem.line else None}
    return message(kind, f"{problem.what} {problem.advice}", problem.check, **place)


def message(kind: str, text: str, title: str, **place: str | None) -> str:
    """A workflow command: `::error file=..,line=..,title=..::text`, its parts escaped as GitHub asks."""
    parts = {**place, "title": title}
    said = ",".join(f"{name}={_property(value)}" for name, value in parts.items() if value)
    return f"::{kind} {said}::{_data(text)}"


def _site(environ: Mapping[str, str]) -> str:
    server, repository = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_REPOSITORY", "")
    return f"{server.rstrip('/')}/{repository}" if server and repository else ""


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
