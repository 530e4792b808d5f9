"""A package is published on its own version: what is where afterwards, and what the next command says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.testing import double as opened
from release.testing.packages import files
from tests.contract.release_facts import record_of, remote, tags, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A double with two packages, the first of which has work that is not published."""
    with opened(tmp_path, overlay=files()) as world:
        yield world


def test_a_package_is_published_tagged_and_told_by_github(double: Double) -> None:
    base = remote(double, "main")
    outcome = double.publish("api", "minor")
    assert (outcome.outcome, outcome.exit_code) == ("released", 0), told(outcome)
    assert double.registry.writes == ["@double/api@1.4.0"]
    assert remote(double, "api-v1.4.0~1") == base
    assert "api-v1.4.0" in tags(double)
    assert record_of(double, "api").outcome == "released"
    with double.ops() as ops:
        assert ops.github.has_release("api-v1.4.0")
