"""docs/guarantees.md names tests; they exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_test_that_the_guarantees_name_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "guarantees.md").read_text()))
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    known = set(re.findall(r"def (test_\w+)\(", sources))
    assert named
    assert named - known == set()


def test_each_of_the_ten_promises_names_a_test() -> None:
    lines = (ROOT / "docs" / "guarantees.md").read_text().splitlines()
    rows = [line for line in lines if re.match(r"\| \d+ \|", line)]
    assert len(rows) == 10
    assert all("`test_" in row for row in rows)
