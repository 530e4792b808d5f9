"""A second adopter: one worker without database and packages, released by the same rehearsal."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from release.config import load
from tests.e2e.scene import ROOT, inv

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = ROOT / "examples" / "minimal"
MOST_LINES = 15


def test_the_example_is_configured_in_few_lines() -> None:
    text = (MINIMAL / "pyproject.toml").read_text("utf-8")
    assert list(tomllib.loads(text)["tool"]) == ["release"]
    assert 0 < len([line for line in text.splitlines() if line.strip()]) < MOST_LINES
    config = load(MINIMAL)
    assert (config.database, config.plugins, len(config.workers)) == (None, (), 1)
    assert config.environment("production").badge is None


@pytest.mark.rehearsal
@pytest.mark.usefixtures("prepared")  # so that wrangler is installed already, and shared
def test_the_example_is_released_by_the_same_rehearsal(fresh_repository: Path) -> None:
    ended = inv("rehearse", "--json", root=fresh_repository / "examples" / "minimal")
    assert ended.code == 0, str(ended)
    answer = ended.answer
    assert (answer["outcome"], answer["version"], answer["tag"]) == ("released", "0.1.1", "v0.1.1")
    assert [step["name"] for step in answer["steps"]] == [
        "test", "bump", "deploy hello", "smoke", "record", "github-release", "verify",
    ]  # fmt: skip
    for word in ("cms", "mcp", "alokai", "migrat", "badge"):
        assert word not in f"{ended.out}{ended.err}".lower().replace(str(fresh_repository).lower(), "")
