"""Plugins that observe a release: they are told from the waiting to the end, and stop nobody."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from release.testing import Recorder, plugged
from tests.contract.release_facts import STEPS

if TYPE_CHECKING:
    from pathlib import Path

from tests.contract.extensions.test_plugins_release import HANGING, HEAD, released

OBSERVER = """
SEEN = []

@hookimpl
def release_approval_awaited(release, plan_hash):
    SEEN.append(f"awaited {release.tag} {len(plan_hash)}")

@hookimpl
def release_started(release, config):
    SEEN.append(f"started {release.version} of {config.app.name}")

@hookimpl
def release_step_started(step):
    SEEN.append(f"> {step}")

@hookimpl
def release_step_finished(step, outcome, seconds):
    SEEN.append(f"< {step} {outcome}")

@hookimpl
def release_finished(release, outcome, ended):
    SEEN.append(f"finished {release.tag} {outcome} {ended.exit_code}")
"""


@pytest.mark.hook("release_approval_awaited")
@pytest.mark.hook("release_started")
@pytest.mark.hook("release_step_started")
@pytest.mark.hook("release_step_finished")
@pytest.mark.hook("release_finished")
def test_observers_are_told_from_the_waiting_to_the_end(tmp_path: Path) -> None:
    released(tmp_path, OBSERVER)
    seen = sys.modules["release_plugin_mine"].SEEN
    assert seen[:2] == ["awaited cms-v1.2.4 64", "started 1.2.4 of cms"]
    assert seen[2:6] == ["> test", "< test ok", "> bump", "< bump ok"]
    assert len(seen) == 2 + 2 * len(STEPS) + 1
    assert seen[-1] == "finished cms-v1.2.4 released 0"


def test_a_plan_that_is_written_down_waits_for_its_approval(tmp_path: Path) -> None:
    with plugged(tmp_path / "double", {"mine.py": HEAD + OBSERVER}) as world:
        world.plan()
        assert sys.modules["release_plugin_mine"].SEEN == []
        world.plan(output=tmp_path / "plan.json")
        assert sys.modules["release_plugin_mine"].SEEN == ["awaited cms-v1.2.4 64"]
        world.environ["GITHUB_OUTPUT"] = str(tmp_path / "outputs")
        world.plan()
        assert sys.modules["release_plugin_mine"].SEEN == ["awaited cms-v1.2.4 64"]
        world.plan(deploying=True, environment="staging")
        assert sys.modules["release_plugin_mine"].SEEN == []


def test_an_observer_that_raises_is_told_and_changes_nothing(tmp_path: Path) -> None:
    plugin = OBSERVER.replace("SEEN.append(", "raise RuntimeError(")
    heard = Recorder()
    outcome = released(tmp_path, plugin, heard)
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)
    raised = [line for line in heard.lines if line.startswith("plugin mine: release_")]
    assert len(raised) == 2 + 2 * len(STEPS) + 1
    assert "release_step_started(config, environ, release, step) raised RuntimeError: > test" in raised[2]


def test_an_observer_that_hangs_is_told_once_and_left_alone(tmp_path: Path) -> None:
    plugin = HANGING + OBSERVER.replace("SEEN.append(", "HELD.wait(30) or (")
    heard = Recorder()
    outcome = released(tmp_path, plugin, heard)
    assert outcome.outcome == "released"
    (line,) = [line for line in heard.lines if line.startswith("plugin mine")]
    assert line.endswith("had not returned after 0.2 s; it is left alone until it does")
