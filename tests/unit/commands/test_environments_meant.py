"""Which environment a command means where nobody names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from invoke.context import Context

from release.commands.ending import production_or, tried_or
from release.config import EXAMPLE
from release.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def of(root: Path, text: str) -> Context:
    (root / "pyproject.toml").write_text(text)
    context = Context()
    context.config.release = {"root": str(root)}
    return context


NAMED = (
    EXAMPLE.replace("environments.production]", "environments.live]").replace(
        "[tool.release]\n", '[tool.release]\nproduction = "live"\n', 1
    )
    + '[tool.release.environments.calibration]\nurl = "https://c.example.com"\n'
    + '[tool.release.checklist]\nenvironment = "calibration"\n'
)


def test_it_is_production_or_where_commits_are_tried_by_the_names_that_they_have(tmp_path: Path) -> None:
    context = of(tmp_path, NAMED)
    assert (production_or(context, ""), tried_or(context, "")) == ("live", "calibration")
    assert (production_or(context, "x"), tried_or(context, "x")) == ("x", "x")


def test_where_nothing_is_tried_the_environments_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no environment where commits are tried") as refused:
        tried_or(of(tmp_path, EXAMPLE), "")
    assert "--env production" in refused.value.advice
