"""A rollback tells plugins when it is over, and depends on none of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from release.commands.rollback.course import RollbackOptions, rollback
from release.testing import Recorder, plugged

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double

OBSERVER = """
from release import hookimpl
SEEN = []

@hookimpl
def release_rolled_back(tag, reason, ended):
    SEEN.append((tag, reason, ended.outcome, ended.exit_code))
"""


def back(world: Double, listener: Recorder) -> Outcome:
    """`inv rollback --reason "login fails"`."""
    asked = RollbackOptions("production", None, "login fails", despite_migrations=True)
    return rollback(world.root, world.environ, asked, lambda *_: None, listener, connect=world.connect)


@pytest.mark.hook("release_rolled_back")
def test_an_observer_is_told_what_was_left_and_why(tmp_path: Path) -> None:
    with plugged(tmp_path, {"mine.py": OBSERVER}) as world:
        assert world.release().outcome == "released"
        assert back(world, Recorder()).outcome == "rolled-back"
    assert sys.modules["release_plugin_mine"].SEEN == [("cms-v1.2.4", "login fails", "rolled-back", 0)]


def test_a_plugin_that_broke_meanwhile_is_a_line_and_no_more(tmp_path: Path) -> None:
    heard = Recorder()
    with plugged(tmp_path, {"mine.py": OBSERVER}) as world:
        assert world.release().outcome == "released"
        (world.root / "mine.py").write_text("raise SystemError('broken')\n")
        ended = back(world, heard)
    assert (ended.outcome, ended.exit_code) == ("rolled-back", 0)
    assert heard.lines[-1].startswith("no plugin was told: The plugin mine (mine.py) cannot be imported")
