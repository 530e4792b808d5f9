"""`inv publish` as it is typed: its words, its exit codes, and what it says of wrong ones."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from release.testing import double as opened
from release.testing.packages import files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double

TASKS = "from pathlib import Path\nfrom release.tasks import collection\nnamespace = collection(Path(__file__).parent)\n"


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Double]:
    """A double whose checkout has tasks, on which nothing is published."""
    with opened(tmp_path_factory.mktemp("words"), overlay={**files(), "tasks.py": TASKS}) as world:
        yield world


def inv(double: Double, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `inv` in a process of its own, as ./inv does."""
    command = [sys.executable, "-P", "-m", "release.program", "--search-root", str(double.root), *words]
    return subprocess.run(
        command, cwd=double.root, env=double.environ, capture_output=True, text=True, check=False
    )


def test_a_dry_run_prints_one_object(double: Double, tmp_path: Path) -> None:
    done = inv(
        double, "publish", "api", "--bump", "minor", "--dry-run", "--json", "--output", str(tmp_path / "p")
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["outcome"], answer["version"], answer["environment"]) == ("planned", "1.4.0", "api")
    assert json.loads((tmp_path / "p").read_text())["request"]["level"] == "minor"
    assert "@double/api@1.4.0 as latest" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "inv publish needs a package.\n  Use one of: api, cli.\n"),
        (("apy",), 'Unknown package "apy". Did you mean api?\n'),
        (("api", "--bump", "huge"), 'Unknown bump "huge".'),
        (("api", "--bump", "auto"), "package versions are not derived automatically"),
        (("api", "--pre", "latest"), '"latest" is not a valid prerelease label.'),
        (("api", "--line", "1.3.0"), '"1.3.0" is not a release line.'),
    ],
)
def test_wrong_words_end_with_2_and_say_which_are_right(
    double: Double, words: tuple[str, ...], said: str
) -> None:
    done = inv(double, "publish", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_help_explains_itself_with_an_example(double: Double) -> None:
    done = inv(double, "publish", "--help")
    assert done.returncode == 0
    assert "Example: inv publish cms-api --bump minor" in done.stdout
