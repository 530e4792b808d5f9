"""Plugins on a whole release: what they may do, and what they cannot break."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from release.errors import UsageError
from release.model.record import Granted, Remark
from release.testing import Recorder, approve, plugged
from tests.contract.release_facts import STEPS, record_of, told

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.plan.preview import Preview
    from release.testing import Double

HEAD = """
from release import Approval, Call, Done, Problem, Todo, Write, hookimpl
"""
STEP = """
class Chat:
    name, reads, changes = "chat", (), False
    meaning, advice = "The chat is down.", "Post it by hand."

    def look(self, world, release):
        if "chat" in world.done:
            return Done("posted")
        write = Write("chat", "chat", "#releases", f"post {release.tag}")
        return Todo((Call("chat", post, release, (write,), deadline=0.2),), "post")

def post(release):
    POST

@hookimpl
def release_steps(config, environment):
    return [("after", "record", Chat())]
"""
CHECK = """
class Freeze:
    name, guards = "freeze", frozenset()

    def find(self, world, release):
        FIND

@hookimpl
def release_checks(config, environment):
    return [Freeze()]
"""
HANGING = """
import threading
HELD = threading.Event()
"""


def released(
    tmp_path: Path, plugin: str, listener: Recorder | None = None, options: str = "plugin_deadline = 0.2"
) -> Outcome:
    """The outcome of a release with one plugin."""
    with plugged(tmp_path, {"mine.py": HEAD + plugin}, options=options) as world:
        try:
            return world.release(listener=listener)
        finally:
            if HANGING in plugin:
                sys.modules["release_plugin_mine"].HELD.set()


@pytest.mark.hook("release_steps")
def test_a_step_runs_where_it_wants_and_its_writes_are_told(tmp_path: Path) -> None:
    outcome = released(tmp_path, STEP.replace("POST", "pass"))
    assert outcome.outcome == "released"
    names = [step.name for step in outcome.steps]
    assert names == [*STEPS[:8], "chat", *STEPS[8:]]
    assert [write.what for write in outcome.steps[8].writes] == ["post cms-v1.2.4"]


@pytest.mark.parametrize(
    ("post", "words"),
    [
        ("raise OSError('no route')", "chat raised OSError: no route"),
        ("raise SystemExit(7)", "chat raised RuntimeError: it called sys.exit(7)"),
        ("HELD.wait(30)", "chat had not ended after 0.2 s."),
    ],
)
def test_a_step_that_breaks_or_hangs_fails_with_its_own_advice(tmp_path: Path, post: str, words: str) -> None:
    outcome = released(tmp_path, HANGING + STEP.replace("POST", post))
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert words in told(outcome)
    assert "Post it by hand." in told(outcome)


@pytest.mark.parametrize(
    ("look", "words"),
    [
        ("return 1 / 0", "step chat broke: ZeroDivisionError: division by zero"),
        ("return None", "step chat answers None, which is no Done, Todo or Stuck."),
        ("return Todo((Chat(),))", "step chat wants a Chat, which is no effect of this tool."),
        ("HELD.wait(30)", "step chat had not answered after 0.2 s."),
    ],
)
def test_a_step_whose_look_is_wrong_blocks_and_names_its_plugin(
    tmp_path: Path, look: str, words: str
) -> None:
    body, rest = STEP.partition("        if")[0], STEP.partition("def post")[2]
    plugin = f"{HANGING}{body}        {look}\n\ndef post{rest.replace('POST', 'pass')}"
    outcome = released(tmp_path, plugin)
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert f"The plugin mine (mine.py)'s {words}" in told(outcome)


def test_a_step_that_a_dead_run_may_not_have_reached_runs_in_the_rerun(tmp_path: Path) -> None:
    plugin = HEAD + STEP.replace("POST", "pass").replace('"record"', '"deploy cms"')
    with plugged(tmp_path, {"mine.py": plugin}) as world:
        refused = refuse_pushes(world)
        assert world.release().outcome == "unrecorded"
        refused.unlink()
        names = [step.name for step in world.release().steps]
    assert names == ["chat", "smoke", "record", "github-release", "verify"]


def test_a_core_step_that_runs_alone_passes_over_what_only_a_plugin_knows(tmp_path: Path) -> None:
    heard = Recorder()
    plugin = HEAD + STEP.replace("POST", "pass").replace('"record"', '"deploy cms"')
    with plugged(tmp_path, {"mine.py": plugin}) as world:
        refused = refuse_pushes(world)
        assert world.release().outcome == "unrecorded"
        refused.unlink()
        outcome = world.release(only="record", listener=heard)
    assert outcome.exit_code == 0
    assert "chat, a step of mine, is passed over: record runs alone" in heard.lines


def refuse_pushes(world: Double) -> Path:
    """A hook of the remote that takes no tag; it is unlinked to let them pass again."""
    hook = world.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/tags/*) exit 1 ;; esac\n")
    hook.chmod(0o755)
    return hook


@pytest.mark.hook("release_checks")
def test_a_check_blocks_beside_the_built_in_ones(tmp_path: Path) -> None:
    find = "return (Problem(self.name, 'It is Friday.', 'Wait for Monday.'),)"
    outcome = released(tmp_path, CHECK.replace("FIND", find))
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert told(outcome).strip() == "It is Friday. Wait for Monday."


@pytest.mark.parametrize(
    ("find", "words"),
    [
        ("return 1 / 0", "The plugin mine (mine.py)'s check freeze broke: ZeroDivisionError"),
        ("return ['no']", "check freeze found 'no', which is no Problem."),
        ("HELD.wait(30)", "check freeze had not answered after 0.2 s."),
    ],
)
def test_a_check_that_breaks_blocks_and_names_its_plugin(tmp_path: Path, find: str, words: str) -> None:
    outcome = released(tmp_path, HANGING + CHECK.replace("FIND", find))
    assert outcome.exit_code == 4
    assert words in told(outcome)


@pytest.mark.hook("release_approve")
def test_a_plugin_may_approve_and_is_kept_in_the_record(tmp_path: Path) -> None:
    plugin = """
@hookimpl
def release_approve(release, plan_hash):
    return Approval(who="robot", plan=plan_hash, at=1.0, how="plugin")
"""
    with plugged(tmp_path, {"mine.py": HEAD + plugin}) as world:
        assert world.release().outcome == "released"
        assert [one.who for one in record_of(world).approvals] == ["robot"]


def test_a_plugin_approves_the_plan_and_a_person_still_vouches_for_what_only_a_person_knows(
    tmp_path: Path,
) -> None:
    plugin = """
@hookimpl
def release_approve(release, plan_hash):
    return Approval(who="robot", plan=plan_hash, at=1.0, how="plugin")
"""
    ask = '[tool.release.checklist]\nask = ["The storefront team knows"]'
    said: list[str] = []

    def ticked(preview: Preview) -> Granted:
        said.extend(one.what for one in preview.questions)
        tick = Remark(kind="tick", what=said[0], who="grace")
        return Granted(approvals=approve(preview).approvals, remarks=(tick,))

    with plugged(tmp_path, {"mine.py": HEAD + plugin}, ask) as world:
        assert world.release(gate=ticked).outcome == "released"
        kept = record_of(world)
    assert said == ["The storefront team knows"]
    assert ([one.who for one in kept.approvals][:1], [one.who for one in kept.remarks]) == (
        ["robot"],
        ["grace"],
    )


def test_an_approval_of_another_plan_blocks(tmp_path: Path) -> None:
    plugin = """
@hookimpl
def release_approve():
    return Approval(who="robot", plan="0" * 64, at=1.0, how="plugin")
"""
    outcome = released(tmp_path, plugin)
    assert outcome.exit_code == 4
    assert "The plugin mine (mine.py) approves plan 0000000" in told(outcome)


@pytest.mark.hook("release_notes")
def test_a_plugins_notes_are_those_of_the_github_release(tmp_path: Path) -> None:
    plugin = "@hookimpl\ndef release_notes(release):\n    return f'notes of {release.tag}'\n"
    with plugged(tmp_path, {"mine.py": HEAD + plugin}) as world:
        assert world.release().outcome == "released"
        with world.ops() as ops:
            url = f"{world.forge.api_url}/repos/acme/cms/releases/tags/cms-v1.2.4"
            made = ops.http.read(url, headers={"Authorization": f"Bearer {world.environ['GITHUB_TOKEN']}"})
    assert made.json()["body"].startswith("notes of cms-v1.2.4\n")


@pytest.mark.parametrize("hook", ["release_checks", "release_steps"])
def test_a_hook_that_breaks_is_named_before_anything_is_written(tmp_path: Path, hook: str) -> None:
    plugin = f"@hookimpl\ndef {hook}(config, environment):\n    raise RuntimeError('no config')\n"
    with pytest.raises(UsageError) as raised:
        released(tmp_path, plugin)
    assert raised.value.what == (
        f"The plugin mine (mine.py) broke in {hook}(config, environ, environment): RuntimeError: no config"
    )


def test_a_plugin_leaves_no_bytecode_in_the_work_tree(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    outcome = released(tmp_path, STEP.replace("POST", "pass"))
    assert outcome.outcome == "released"
    assert not list((tmp_path / "checkout").rglob("__pycache__"))
