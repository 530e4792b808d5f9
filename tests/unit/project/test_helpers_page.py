"""tests/README.md is the one door to the helpers: each has its line there, and each line has its helper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import release.testing

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "tests" / "README.md").read_text("utf-8")
NAMED = set(re.findall(r"`([^`]+)`", PAGE))
FIXTURE = re.compile(r"^@pytest\.fixture(?:\(scope=\"\w+\"\))?\n(?:async )?def ([a-z]\w*)", re.MULTILINE)


def helpers() -> set[str]:
    """Every module that is no test, and nothing that was installed beside one."""
    found = [*ROOT.glob("release/testing/*.py"), *ROOT.glob("tests/**/*.py"), *ROOT.glob("tests/**/*.mjs")]
    paths = (path.relative_to(ROOT) for path in found if not path.name.startswith(("test_", "__init__")))
    return {path.as_posix() for path in paths if "node_modules" not in path.parts}


def test_every_helper_has_its_line_and_every_line_its_helper() -> None:
    lines = set(re.findall(r"^\| `([\w/.]+\.py)` \|", PAGE, re.MULTILINE))
    rest = {name for name in NAMED - lines if name.endswith((".py", ".mjs"))}
    assert lines | rest == helpers()


def test_every_kind_of_tests_has_its_line() -> None:
    kinds = {f"tests/{path.name}/" for path in (ROOT / "tests").iterdir() if any(path.glob("**/*.py"))}
    assert set(re.findall(r"^\| `(tests/\w+/)` \|", PAGE, re.MULTILINE)) == kinds - {"tests/__pycache__/"}


def test_all_that_the_public_helpers_offer_is_named() -> None:
    assert set(release.testing.__all__) - NAMED == set()


@pytest.mark.parametrize("path", sorted(ROOT.glob("tests/**/conftest.py")), ids=lambda path: path.parent.name)
def test_every_shared_fixture_is_named(path: Path) -> None:
    assert set(FIXTURE.findall(path.read_text("utf-8"))) - NAMED == set()
