"""The plugin that plugins/README.md shows is found, asked, and heard."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from release import checks, extensions
from release.config import load

if TYPE_CHECKING:
    from release.testing import Double

README = Path(__file__).parents[2] / "plugins" / "README.md"


def installed(double: Double, weekday: int) -> None:
    """The example in the double's monorepo, on its Friday the given day of the week."""
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    assert "!= 4" in code
    settings = (double.root / "pyproject.toml").read_text()
    named = settings.replace("[tool.release]\n", '[tool.release]\nplugins = ["plugins/fridays.py"]\n', 1)
    double.commit(
        {"pyproject.toml": named, "plugins/fridays.py": code.replace("!= 4", f"!= {weekday}")},
        "feat: no fridays",
    )


def test_the_example_blocks_a_release_on_its_day(double: Double) -> None:
    installed(double, datetime.now(UTC).weekday())
    outcome = double.release()
    assert (outcome.outcome, [problem.what for problem in outcome.problems]) == ("blocked", ["It is Friday."])


def test_the_example_lets_other_days_pass(double: Double) -> None:
    installed(double, (datetime.now(UTC).weekday() + 2) % 7)
    assert double.release().outcome == "released"


def test_its_hooks_are_listed_with_their_plugin(double: Double) -> None:
    installed(double, 4)
    plugins = dict(extensions.load(load(double.root), (checks,)).origins())
    assert plugins["plugins/fridays.py"] == ("release_checks",)
