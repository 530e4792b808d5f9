"""The words of plan and outcome, held to golden files. UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.views.ending import outcome_lines
from release.views.text import plan_lines, result_lines
from tests.golden import scenes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.views.line import Line

GOLDEN = Path(__file__).parents[1] / "golden"


def assert_golden(name: str, lines: Iterable[Line]) -> None:
    text = "".join(f"{line.text}\n" for line in lines)
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("name", scenes.PLANS)
def test_plan_reads_as_agreed(name: str) -> None:
    assert_golden(name, plan_lines(scenes.PLANS[name]))


@pytest.mark.parametrize("name", scenes.OUTCOMES)
def test_ending_reads_as_agreed(name: str) -> None:
    assert_golden(name, outcome_lines(scenes.OUTCOMES[name]))
