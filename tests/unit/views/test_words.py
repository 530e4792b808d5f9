"""The words of plan and outcome, held to golden files. UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.model.outcome import StepResult
from release.model.problem import Problem
from release.model.repository import Checkout
from release.run.explain import next_command
from release.views.ending import outcome_lines
from release.views.text import level, plan_lines, problem_lines, result_lines, took
from tests.golden import scenes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.views.line import Line

GOLDEN = Path(__file__).parents[2] / "golden"
WIDTHS = st.integers(min_value=20, max_value=200)


def text_of(lines: Iterable[Line]) -> str:
    return "".join(f"{line}\n" for line in lines)


def assert_golden(name: str, lines: Iterable[Line]) -> None:
    text, path = text_of(lines), GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", scenes.PLANS)
def test_plan_reads_as_agreed(name: str) -> None:
    assert_golden(name, plan_lines(scenes.PLANS[name]))


@pytest.mark.parametrize("name", scenes.OUTCOMES)
def test_ending_reads_as_agreed(name: str) -> None:
    assert_golden(name, outcome_lines(scenes.OUTCOMES[name]))


@pytest.mark.parametrize("name", ["test", "smoke"])
def test_steps_read_as_agreed(name: str) -> None:
    results = scenes.OUTCOMES[f"{name}-fails"].steps
    assert_golden(f"steps-until-{name}", (line for result in results for line in result_lines(result)))


@pytest.mark.parametrize("name", ["released", "smoke-fails", "problems"])
def test_ending_reads_as_agreed_in_forty_columns(name: str) -> None:
    assert_golden(f"{name}-in-40-columns", outcome_lines(scenes.OUTCOMES[name], 40))


def test_every_golden_file_is_still_read() -> None:
    made = {f"{name}-in-40-columns" for name in ("released", "smoke-fails", "problems")}
    made |= {*scenes.PLANS, *scenes.OUTCOMES, "steps-until-test", "steps-until-smoke"}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == made


@pytest.mark.parametrize(
    ("version", "said"), [("1.2.4", "patch"), ("1.2.9", "patch"), ("1.3.0", "minor"), ("2.0.0", "major")]
)
def test_level_is_what_the_two_versions_say(version: str, said: str) -> None:
    assert level(replace(scenes.RELEASE, version=version)) == said


def test_deployment_has_no_level() -> None:
    assert level(replace(scenes.RELEASE, commit=scenes.BASE)) == ""


def test_branch_is_named_only_for_the_commit_that_is_checked_out() -> None:
    elsewhere = replace(scenes.world(), checkout=Checkout("c" * 40, "main", (), shallow=False))
    assert "on main" not in next(iter(plan_lines(scenes.preview(elsewhere)))).text


def test_nothing_is_planned_where_nothing_is_to_be_released() -> None:
    assert list(plan_lines(scenes.NOTHING)) == []


def test_only_the_first_step_that_changes_production_is_announced() -> None:
    text = text_of(plan_lines(scenes.preview()))
    assert text.count("steps below change") == 1
    assert text.index("backfill") < text.index("steps below change production") < text.index("migrate  ")


def test_problem_names_its_place_once() -> None:
    problem = Problem("migrations", "m/1.sql:3 holds BEGIN.", "Take it out.", "m/1.sql", 3)
    assert text_of(problem_lines((problem,))).count("m/1.sql:3") == 1


@pytest.mark.parametrize("name", [n for n, outcome in scenes.OUTCOMES.items() if outcome.failure])
def test_failure_says_what_failed_what_it_means_and_what_to_do(name: str) -> None:
    outcome = scenes.OUTCOMES[name]
    text = text_of(outcome_lines(outcome))
    assert outcome.failure is not None
    for said in (
        outcome.failure.what.splitlines()[0].removesuffix(":"),
        outcome.failure.meaning,
        outcome.failure.advice,
        outcome.next or "",
    ):
        assert said in text


@pytest.mark.parametrize("name", [n for n, outcome in scenes.OUTCOMES.items() if outcome.outcome == "failed"])
def test_before_the_first_production_write_a_failure_says_so_first(name: str) -> None:
    assert text_of(outcome_lines(scenes.OUTCOMES[name])).startswith(
        "Not released. Production is unchanged.\n"
    )


@pytest.mark.parametrize(
    "name", [n for n, outcome in scenes.OUTCOMES.items() if outcome.outcome == "unrecorded"]
)
def test_after_it_a_failure_says_what_is_live_and_what_is_not_recorded(name: str) -> None:
    text = text_of(outcome_lines(scenes.OUTCOMES[name]))
    assert "unchanged" not in text
    assert "live now" in text
    assert "not recorded" in text


def test_unreadable_remote_is_never_said_to_hold_nothing() -> None:
    assert "Nothing was committed" not in text_of(outcome_lines(scenes.OUTCOMES["nothing-readable"]))


def test_live_and_bad_release_goes_back_first() -> None:
    bad, good = (scenes.deployed("mcp", "cms", healthy=healthy) for healthy in (False, True))
    assert next_command(scenes.preview(), bad, recorded=False) == "inv rollback"
    assert next_command(scenes.preview(), good, recorded=False) == scenes.COMMAND


def test_without_a_way_back_the_next_command_is_the_same_again() -> None:
    bad = replace(scenes.deployed("mcp", "cms", healthy=False), record=None)
    assert next_command(scenes.preview(), bad, recorded=False) == scenes.COMMAND


def test_other_environment_is_rolled_back_by_its_name() -> None:
    bad = replace(scenes.deployed("mcp", "cms", healthy=False), environment="staging")
    assert next_command(scenes.preview(), bad, recorded=False) == "inv rollback --env staging"


def test_someone_elses_deployment_is_not_taken_for_ours() -> None:
    before = scenes.world()
    foreign = replace(before, live={**before.live, "cms": scenes.live("alokai-cms", "deadbeef", None)})
    outcome = scenes.failure("deploy mcp", "it failed", foreign)
    assert outcome.failure is not None
    assert outcome.failure.standing.startswith("Production is not what it was, and not cms-v1.2.4")


def test_only_steps_that_took_time_are_summed_up() -> None:
    steps = (
        StepResult("bump", "ok", 0.01, ""),
        StepResult("test", "ok", 2.0, ""),
        StepResult("migrate", "skipped", 3.0, ""),
    )
    assert took(steps) == "test 2.0 s"


@given(st.sampled_from(sorted(scenes.OUTCOMES)), WIDTHS)
def test_ending_loses_no_word_at_any_width(name: str, width: int) -> None:
    outcome = scenes.OUTCOMES[name]
    assert text_of(outcome_lines(outcome, width)).split() == text_of(outcome_lines(outcome)).split()


@given(st.sampled_from(sorted(scenes.OUTCOMES)), WIDTHS)
def test_ending_fills_the_width_unless_a_word_or_a_command_is_wider(name: str, width: int) -> None:
    for line in outcome_lines(scenes.OUTCOMES[name], width):
        if line.text.strip().startswith("inv "):
            continue  # a command stays whole
        wide = len(line.text) - len(line.text.lstrip()) + 16 + max(map(len, line.text.split()), default=0)
        assert len(line.text) <= max(width, wide)


@given(st.text(), st.text(), st.floats(0, 10_000), st.integers(20, 200))
def test_finished_step_is_one_line_and_quotes_the_rest(
    name: str, detail: str, seconds: float, width: int
) -> None:
    first, *rest = result_lines(StepResult(name, "failed", seconds, detail), width)
    assert first.text.endswith(f"{seconds:.1f} s")
    assert len(rest) == max(len(detail.splitlines()) - 1, 0)
    assert all(line.text.startswith("     | ") for line in rest)
