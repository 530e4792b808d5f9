"""In GitHub Actions: the log's groups and annotations, the job summary, the outputs; and none of it elsewhere."""

from __future__ import annotations

import io
import os
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from release.formats.markdown import code, escaped, table
from release.model.outcome import Outcome, StepResult
from release.model.problem import Problem
from release.model.record import Remark
from release.model.repository import Commit, History
from release.plan.plan import Plan
from release.views import listener
from release.views.actions import MOST_BYTES, annotation
from release.views.summary import Page
from tests.golden import scenes

if TYPE_CHECKING:
    from release.plan.preview import Preview

GOLDEN = Path(__file__).parents[2] / "golden"
SITE = "https://github.com/acme/cms"
HOSTILE = (
    "<script>alert(1)</script>",
    "](https://evil.example) [x",
    "| a | b |\n|---|---|",
    "`code` ``more`` \\`",
    "@everyone see https://evil.example",
    "::error::gotcha\n::set-output name=a::b",
    "##[add-mask]word",
    "# big\n- list\n> quote\n~~~\n```",
    "<!-- gone",
    "a\\|b\\\\|c",
)


def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/cms",
        "CLOUDFLARE_API_TOKEN": "s3cret-t0ken",
    }


def rich_prospect() -> Preview:
    """A plan with everything that it can hold."""
    found = scenes.preview()
    return replace(
        found,
        warnings=(
            Problem("login", "/login does not answer.", "Look at it.", "apps/cms/login.ts", 7, "warn"),
        ),
        questions=(Problem("storefront", "The storefront team knows.", "Ask them.", level="ask"),),
        remarks=(Remark(kind="reason", why="the login is down", who="ada"),),
    )


def ran(tmp_path: Path, failing: str = "", ending: str = "released") -> tuple[str, str, str]:
    """Log, summary and outputs of one release."""
    out, where = io.StringIO(), environ(tmp_path)
    view = listener(out=out, environ=where)
    view.planned(rich_prospect())
    for result in scenes.results(failing):
        view.started(result.name)
        view.line(f"$ {result.name}")
        view.finished(result)
    view.ended(scenes.OUTCOMES[ending])
    return (
        out.getvalue(),
        Path(where["GITHUB_STEP_SUMMARY"]).read_text(),
        Path(where["GITHUB_OUTPUT"]).read_text(),
    )


def outputs(text: str) -> dict[str, str]:
    """GITHUB_OUTPUT as the runner reads it."""
    found, lines = {}, iter(text.splitlines())
    for line in lines:
        name, _, end = line.partition("<<")
        value = []
        for inner in lines:
            if inner == end:
                break
            value.append(inner)
        found[name] = "\n".join(value)
    return found


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "failing"), [("released", ""), ("smoke-fails", "smoke"), ("test-fails", "test")]
)
def test_summary_reads_as_agreed(tmp_path: Path, name: str, failing: str) -> None:
    assert_golden(f"summary-{name}.md", ran(tmp_path, failing, name)[1])


def test_summary_of_a_plan_reads_as_agreed() -> None:
    assert_golden("summary-plan.md", Page(SITE, rich_prospect()).document())


def test_each_step_is_a_group_and_its_ending_stands_under_it(tmp_path: Path) -> None:
    log = ran(tmp_path)[0]
    at = [log.index(text) for text in ("::group::migrate", "     | $ migrate", "::endgroup::\nok   migrate")]
    assert at == sorted(at)


def test_a_failure_is_an_annotation_with_what_to_do(tmp_path: Path) -> None:
    log = ran(tmp_path, "smoke", "smoke-fails")[0]
    (line,) = [line for line in log.splitlines() if line.startswith("::error")]
    assert line.startswith("::error title=smoke::/api/health answered 500")
    assert "`inv rollback`" in line


def test_a_warning_is_shown_at_its_file_and_line(tmp_path: Path) -> None:
    log = ran(tmp_path)[0]
    assert "::warning file=apps/cms/login.ts,line=7,title=login::/login does not answer. Look at it." in log


def test_outputs_hold_version_tag_outcome_and_a_plan_that_can_be_released(tmp_path: Path) -> None:
    found = outputs(ran(tmp_path)[2])
    plan = msgspec.json.decode(found["plan"], type=Plan)
    assert (found["version"], found["tag"], found["outcome"]) == ("1.2.4", "cms-v1.2.4", "released")
    assert (plan.hash, plan.base) == (found["hash"], found["base"])


def test_a_plan_with_problems_is_no_output_to_be_approved(tmp_path: Path) -> None:
    where = environ(tmp_path)
    view = listener(out=io.StringIO(), environ=where)
    view.planned(replace(scenes.preview(), problems=(Problem("ci", "It is red.", "Fix it."),)))
    view.ended(scenes.OUTCOMES["problems"])
    found = outputs(Path(where["GITHUB_OUTPUT"]).read_text())
    assert found["outcome"] == "blocked"
    assert "plan" not in found


def test_a_job_that_is_killed_leaves_a_summary_that_says_how_far_it_came(tmp_path: Path) -> None:
    view = listener(out=io.StringIO(), environ=environ(tmp_path))
    view.planned(scenes.preview())
    view.started("migrate")
    assert "| ⏳ | migrate |  | running |" in (tmp_path / "summary").read_text()


def test_what_an_earlier_command_of_the_step_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / "summary").write_text("earlier\n")
    assert ran(tmp_path)[1].startswith("earlier\n")


def test_none_of_it_is_shown_outside_actions(tmp_path: Path) -> None:
    out, where = io.StringIO(), {**environ(tmp_path), "GITHUB_ACTIONS": ""}
    view = listener(out=out, environ=where)
    view.planned(rich_prospect())
    view.started("test")
    view.ended(scenes.OUTCOMES["problems"])
    assert "::" not in out.getvalue()
    assert not any(tmp_path.iterdir())


def test_with_json_commands_go_where_people_read(tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    view = listener(json=True, out=out, err=err, environ=environ(tmp_path))
    view.started("test")
    assert (out.getvalue(), err.getvalue()) == ("", "::group::test\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_program_cannot_speak_to_the_runner(tmp_path: Path, text: str) -> None:
    out = io.StringIO()
    listener(out=out, environ=environ(tmp_path)).line(text)
    assert not any(line.strip().startswith("::") or "##[" in line for line in out.getvalue().splitlines())


def test_no_secret_reaches_summary_or_outputs(tmp_path: Path) -> None:
    where = environ(tmp_path)
    view = listener(out=io.StringIO(), environ=where)
    told = scenes.preview()
    view.planned(replace(told, warnings=(Problem("x", "s3cret-t0ken", "s3cret-t0ken", level="warn"),)))
    view.ended(replace(scenes.OUTCOMES["released"], outcome="released"))
    assert not any("s3cret-t0ken" in path.read_text() for path in tmp_path.iterdir())


def test_a_summary_stays_under_githubs_limit(tmp_path: Path) -> None:
    view = listener(out=io.StringIO(), environ=environ(tmp_path))
    (tmp_path / "summary").write_text("x")
    huge = StepResult("test", "failed", 1.0, "é" * (2 * MOST_BYTES))
    view.finished(huge)
    assert (tmp_path / "summary").stat().st_size <= MOST_BYTES
    assert (tmp_path / "summary").read_text().endswith("no longer summary.\n")


def test_a_summary_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    where = {**environ(tmp_path), "GITHUB_STEP_SUMMARY": str(tmp_path), "GITHUB_OUTPUT": "/dev/full/no"}
    view = listener(out=io.StringIO(), environ=where)
    view.planned(scenes.preview())
    view.ended(Outcome("released", "start", "production"))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)

    def handle_comment(self, data: str) -> None:
        self.found.append("comment")


def tags_of(markdown: str) -> list[str]:
    parser = Tags()
    parser.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
    return parser.found


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=40)), st.sampled_from([escaped, code]))
def test_text_of_others_stays_one_cell_without_mark_up(text: str, shown: type) -> None:
    cell = shown(text)
    plain = tags_of(table(("a", "b"), [("x", "y")]))
    assert [tag for tag in tags_of(table(("a", "b"), [(cell, "y")])) if tag != "code"] == plain


@pytest.mark.parametrize("text", HOSTILE)
def test_a_commit_cannot_write_into_the_page(text: str) -> None:
    found = scenes.preview()
    history = History(contained=True, unreleased=(Commit("1" * 40, text),))
    shown = Page(SITE, replace(found, world=replace(found.world, history=history))).document()
    harmless = replace(history, unreleased=(Commit("1" * 40, "feat: x"),))
    expected = Page(SITE, replace(found, world=replace(found.world, history=harmless))).document()
    assert tags_of(shown) == tags_of(expected)


@given(st.text(max_size=60), st.text(max_size=20))
def test_an_annotation_is_one_command(what: str, check: str) -> None:
    line = annotation("error", Problem(check, what, "advice", "a,b:c.ts", 3))
    assert "\n" not in line
    assert "\r" not in line
    assert line.startswith("::error file=a%2Cb%3Ac.ts,line=3")


def test_a_plan_is_an_annotation_that_an_approver_finds_by_its_hash(tmp_path: Path) -> None:
    preview = scenes.preview()
    out = io.StringIO()
    listener(out=out, environ=environ(tmp_path)).planned(preview)
    assert preview.plan is not None
    (line,) = [line for line in out.getvalue().splitlines() if line.startswith("::notice")]
    title, _, text = line.removeprefix("::notice title=").partition("::")
    assert title == f"plan {preview.plan.hash}"
    assert "%0A" in text
    assert "cms 1.2.3 -> 1.2.4" in text


def test_a_plan_with_problems_is_not_shown_to_be_approved(tmp_path: Path) -> None:
    out = io.StringIO()
    told = replace(scenes.preview(), problems=(Problem("ci", "It is red.", "Fix it."),))
    listener(out=out, environ=environ(tmp_path)).planned(told)
    assert "::notice" not in out.getvalue()


def test_a_plan_lists_what_its_approver_vouches_for(tmp_path: Path) -> None:
    out = io.StringIO()
    asked = Problem("team", "The storefront team knows.", "Tell them.", level="ask")
    listener(out=out, environ=environ(tmp_path)).planned(replace(scenes.preview(), questions=(asked,)))
    assert "who approves vouches: The storefront team knows." in out.getvalue()
