"""What is kept with a release in words: approvals, reasons, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model.problem import Problem
from release.model.record import Approval, Granted, Record, Remark, decode, encode
from release.model.request import Request
from release.model.trailers import footer, remark, tag_message, trailers
from release.testing import CONFIG, approve, double

if TYPE_CHECKING:
    from pathlib import Path

    from release.plan.preview import Preview

ADA = Approval(who="ada", plan="7be1c09" + "0" * 57, at=1_700_000_000, how="typed the tag")
WHY = Remark(kind="break-glass", why="GitHub Actions is down", who="ada", at=1_700_000_000)


def record(*remarks: Remark) -> Record:
    return Record(environment="production", nonce="1", approvals=(ADA,), remarks=remarks)


def test_a_tag_says_who_approved_which_plan_and_why_the_usual_way_was_left() -> None:
    assert tag_message("cms 1.2.4", record(WHY)).splitlines() == [
        "cms 1.2.4",
        "",
        "Approved-by: ada (typed the tag), 2023-11-14 22:13 UTC, plan 7be1c09",
        "Break-glass: GitHub Actions is down (ada)",
    ]


def test_nothing_to_say_makes_no_footer() -> None:
    assert footer(Record(environment="production", nonce="1")) == ""


def test_a_skip_names_what_was_left_out_and_why() -> None:
    skip = Remark(kind="skip", what="staging: it runs another commit", why="hotfix of cms-v1.2.3", who="ada")
    assert remark(skip) == "Skipped: staging: it runs another commit: hotfix of cms-v1.2.3 (ada)"


def test_a_reason_can_neither_mention_people_nor_link_nor_break_the_list() -> None:
    said = footer(record(Remark(kind="reason", why="cc @everyone [x](http://e)\n# big `code`")))
    assert "@everyone" not in said
    assert "\\[x\\]" in said
    assert len(said.strip().splitlines()) == 3


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_is_said_stays_one_line(what: str, why: str) -> None:
    (_, line) = trailers(record(Remark(kind="reason", what=what, why=why)))
    assert len(line.splitlines()) == 1


def test_remarks_survive_the_record() -> None:
    assert decode(encode(record(WHY))).remarks == (WHY,)


@pytest.mark.parametrize(
    ("reason", "tag"),
    [
        ("hotfix of cms-v1.2.3", "cms-v1.2.3"),
        ("hotfix of cms-v1.2.3: login fails", "cms-v1.2.3"),
        ("a hotfix of cms-v1.2.3", None),
        ("hotfix of", None),
        ("", None),
    ],
)
def test_a_reason_may_name_the_release_that_is_fixed(reason: str, tag: str | None) -> None:
    assert Request(reason=reason).hotfix == tag


def test_a_release_keeps_what_its_gate_was_told_in_tag_release_and_outcome(tmp_path: Path) -> None:
    def gate(preview: Preview) -> Granted:
        return Granted(approvals=approve(preview).approvals, remarks=(WHY,))

    with double(tmp_path) as world:
        assert world.release(gate=gate).outcome == "released"
        message = world.git("--git-dir", str(world.forge.repository), "cat-file", "tag", "cms-v1.2.4")
        assert "Break-glass: GitHub Actions is down (ada)" in message
        api = f"{world.environ['GITHUB_API_URL']}/repos/acme/cms/releases/tags/cms-v1.2.4"
        token = {"authorization": f"Bearer {world.environ['GITHUB_TOKEN']}"}
        assert "Break-glass: GitHub Actions is down" in httpx.get(api, headers=token).json()["body"]


def test_warnings_let_a_release_pass_and_are_told(tmp_path: Path) -> None:
    plugin = """
from release.hookspecs import hookimpl
from release.model.problem import Problem

class Late:
    name = "late"
    guards = frozenset()

    def find(self, world, release):
        return (Problem("late", "It is late.", "Sleep.", level="warn"), Problem("moon", "It is full.", "so be it", level="skip"))

@hookimpl
def release_checks(config, environment):
    return [Late()]
"""
    settings = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["late.py"]\n', 1)
    with double(tmp_path, overlay={"late.py": plugin, "pyproject.toml": settings}) as world:
        outcome = world.release()
        assert outcome.outcome == "released"
        assert outcome.warnings == (Problem("late", "It is late.", "Sleep.", level="warn"),)
        assert [one["kind"] for one in outcome.as_json()["remarks"]] == ["skip"]
