"""Plugins on a whole release: what they may do, and what they cannot break."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import UsageError
from release.testing import CONFIG, Recorder, double
from tests.contract.release_facts import STEPS, told

if TYPE_CHECKING:
    from pathlib import Path

    from release.outcome import Outcome

HEAD = """
from release.effects import Call
from release.hookspecs import hookimpl
from release.model import Problem, Write
from release.step import Done, Todo
"""
STEP = """
class Chat:
    name, reads, changes = "chat", (), False
    meaning, advice = "The chat is down.", "Post it by hand."

    def look(self, world, release):
        if "chat" in world.done:
            return Done("posted")
        write = Write("chat", "chat", "#releases", f"post {release.tag}")
        return Todo((Call("chat", post, release, (write,)),), "post")

def post(release):
    POST

@hookimpl
def release_steps(config, environment):
    return [("after", "record", Chat())]
"""


def released(tmp_path: Path, plugin: str, listener: Recorder | None = None) -> Outcome:
    """The outcome of a release with one plugin."""
    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["plugin.py"]\n')
    with double(tmp_path, overlay={"pyproject.toml": config, "plugin.py": HEAD + plugin}) as world:
        return world.release(listener=listener)


def test_a_step_runs_where_it_wants_and_its_writes_are_told(tmp_path: Path) -> None:
    outcome = released(tmp_path, STEP.replace("POST", "pass"))
    assert outcome.outcome == "released"
    names = [step.name for step in outcome.steps]
    assert names == [*STEPS[:8], "chat", *STEPS[8:]]
    assert [write.what for write in outcome.steps[8].writes] == ["post cms-v1.2.4"]


def test_a_step_that_raises_fails_with_its_own_advice(tmp_path: Path) -> None:
    outcome = released(tmp_path, STEP.replace("POST", "raise OSError('no route')"))
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "chat raised OSError: no route" in told(outcome)
    assert "Post it by hand." in told(outcome)


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ('("beside", "record", Chat())', "wants to go beside record"),
        ('("after", "nothing", Chat())', "wants to go after nothing, which is no step"),
        ('("after", "record", Chat()), ("after", "record", Chat())', "a step chat, which exists already"),
    ],
)
def test_a_step_that_has_no_place_is_refused(tmp_path: Path, place: str, words: str) -> None:
    with pytest.raises(UsageError, match="A plugin") as raised:
        released(tmp_path, STEP.replace("POST", "pass").replace('("after", "record", Chat())', place))
    assert words in raised.value.what


CHECK = """
class Freeze:
    name, guards = "freeze", frozenset()

    def find(self, world, release):
        FIND

@hookimpl
def release_checks(config, environment):
    return [Freeze()]
"""


def test_a_check_blocks_beside_the_built_in_ones(tmp_path: Path) -> None:
    find = "return (Problem(self.name, 'It is Friday.', 'Wait for Monday.'),)"
    outcome = released(tmp_path, CHECK.replace("FIND", find))
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert told(outcome).strip() == "It is Friday. Wait for Monday."


def test_a_check_that_breaks_blocks_and_names_itself(tmp_path: Path) -> None:
    outcome = released(tmp_path, CHECK.replace("FIND", "return 1 / 0"))
    assert outcome.exit_code == 4
    assert "ZeroDivisionError" in told(outcome)


def test_an_observer_that_raises_is_told_and_changes_nothing(tmp_path: Path) -> None:
    plugin = """
@hookimpl
def release_step_started(step):
    raise RuntimeError(step)

@hookimpl
def release_step_finished(step, outcome, seconds):
    raise RuntimeError(outcome)

@hookimpl
def release_finished(outcome):
    raise RuntimeError("end")
"""
    heard = Recorder()
    outcome = released(tmp_path, plugin, heard)
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)
    raised = [line for line in heard.lines if line.startswith("plugin plugin.py: RuntimeError")]
    assert len(raised) == 2 * len(STEPS) + 1


def test_a_plugin_may_approve(tmp_path: Path) -> None:
    plugin = """
from release.record import Approval

@hookimpl
def release_approve(release, plan_hash):
    return Approval(who="robot", plan=plan_hash, at=1.0, how="plugin")
"""
    from tests.contract.release_facts import record_of

    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["plugin.py"]\n')
    with double(tmp_path, overlay={"pyproject.toml": config, "plugin.py": HEAD + plugin}) as world:
        assert world.release().outcome == "released"
        assert [one.who for one in record_of(world).approvals] == ["robot"]


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        ("raise ValueError('no')", "cannot be imported: ValueError: no"),
        ("def broken(:", "cannot be imported: SyntaxError"),
        ("@hookimpl\ndef release_step_begun(step): ...", "a hook that does not exist"),
        ("@hookimpl\ndef release_finished(outcom): ...", "does not fit"),
    ],
)
def test_a_plugin_that_does_not_fit_is_refused_before_anything_is_read(
    tmp_path: Path, plugin: str, words: str
) -> None:
    with pytest.raises(UsageError) as raised:
        released(tmp_path, plugin)
    assert words in raised.value.what


def test_a_plugin_that_is_not_there_is_refused(tmp_path: Path) -> None:
    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["none.py"]\n')
    missing = pytest.raises(UsageError, match=r"The plugin none\.py is not there")
    with double(tmp_path, overlay={"pyproject.toml": config}) as world, missing:
        world.plan()


def test_who_adds_what_can_be_told(tmp_path: Path) -> None:
    from release import checks, extensions
    from release.config import load

    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["plugin.py"]\n')
    (tmp_path / "pyproject.toml").write_text(config)
    (tmp_path / "plugin.py").write_text(HEAD + STEP.replace("POST", "pass"))
    found = dict(extensions.load(load(tmp_path), (checks,)).origins())
    assert found["plugin.py"] == ("release_steps",)
    assert found["release.checks"] == ("release_checks",)


@pytest.mark.parametrize("hook", ["release_checks", "release_steps"])
def test_a_hook_that_breaks_is_named_before_anything_is_written(tmp_path: Path, hook: str) -> None:
    plugin = f"@hookimpl\ndef {hook}(config, environment):\n    raise RuntimeError('no config')\n"
    with pytest.raises(UsageError, match=f"A plugin's {hook} broke: RuntimeError: no config"):
        released(tmp_path, plugin)


def test_a_plugin_leaves_no_bytecode_in_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    outcome = released(tmp_path, STEP.replace("POST", "pass"))
    assert outcome.outcome == "released"
    assert not list((tmp_path / "checkout").rglob("__pycache__"))
