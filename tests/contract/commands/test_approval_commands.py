"""`inv dispatch`, `inv approve` and `inv doctor` as they are typed: what they print, and the exit code."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from release.commands import approve, dispatch, doctor, ending
from tests.contract.commands.test_dispatching import HASH, waiting, world

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from release.testing import Double

__all__ = ["world"]


@pytest.fixture
def typed(world: Double, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:  # the fixture
    """Call a task as Invoke does, in the world's environment; its exit code."""
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("RELEASE_STAGE", raising=False)
    context = Context(Config({"release": {"root": str(world.root)}}))

    def call(task: Any, **options: Any) -> int:  # noqa: ANN401  # Invoke's tasks have no types
        with pytest.raises(Exit) as left:
            task.body(context, **options)
        return int(left.value.code)

    return call


def test_dispatch_follows_the_run_and_leaves_with_its_exit_code(
    world: Double, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    def over(request: Request, response: Response) -> Response:
        for run in list(world.forge._state.runs):
            world.forge.change_run(run, status="completed", conclusion="success")
        return response

    world.forge.after = over
    assert typed(dispatch.dispatch, bump="minor", json=True) == 0
    shown = capsys.readouterr()
    run = json.loads(shown.out)
    assert (run["conclusion"], run["exit_code"]) == ("success", 0)
    assert shown.err.splitlines() == [f"Started: {run['url']}", "The run succeeded."]


def test_dispatch_can_leave_at_once(
    world: Double, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(dispatch.dispatch, follow=False, json=True) == 0
    (run,) = world.forge._state.runs
    assert json.loads(capsys.readouterr().out)["run"] == run


def test_stopping_to_follow_leaves_the_run_alone(
    world: Double,
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("release.systems.machine.clock.time.sleep", interrupted)
    assert typed(dispatch.dispatch) == 130
    assert "the run continues: " in capsys.readouterr().err
    assert [run.status for run in world.forge._state.runs.values()] == ["queued"]


def test_a_bump_that_does_not_exist_starts_nothing(
    world: Double, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(dispatch.dispatch, bump="huge") == 2
    assert 'Unknown bump "huge".' in capsys.readouterr().err
    assert world.forge._state.runs == {}


@pytest.mark.parametrize("task", [dispatch.dispatch, approve.approve, doctor.doctor])
def test_without_a_token_nothing_is_asked(
    task: object,
    typed: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.delenv("GH_TOKEN", raising=False)
    assert typed(task) == 2
    assert "GITHUB_TOKEN is not set." in capsys.readouterr().err


def test_approve_shows_the_plan_and_binds_the_approval_to_it(
    world: Double, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    number = waiting(world)
    assert typed(approve.approve, hash=HASH[:10], comment="checked", json=True) == 0
    shown = capsys.readouterr()
    said = json.loads(shown.out)
    assert (said["command"], said["outcome"], said["exit_code"], said["run"]) == (
        "approve",
        "approved",
        0,
        number,
    )
    assert (said["plan"], said["comment"]) == (HASH, "plan 7be1c09: checked")
    assert "cms 1.2.3 -> 1.2.4" in shown.err
    assert [one.state for one in world.forge._state.runs[number].approvals] == ["approved"]


def test_approve_asks_who_sits_there(
    world: Double,
    typed: Callable[..., int],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    number = waiting(world)
    monkeypatch.setattr(approve, "terminal", lambda: lambda _: "no")
    assert typed(approve.approve, run=str(number)) == 4
    assert 'Not approved: "no" is not plan 7be1c09.' in capsys.readouterr().err
    assert world.forge._state.runs[number].approvals == ()


def test_a_plan_of_a_run_steers_no_terminal(
    world: Double, typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    from release.rehearsal.forge.store import Annotation, Job

    wild = Annotation("notice", f"plan {HASH}", "cms \x1b[2J\x1b[31mred\u202e")
    waiting(world, jobs=(Job(5, "plan", "completed", "success", annotations=(wild,)),))
    typed(approve.approve, reject=True)
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_doctor_says_what_is_missing_and_leaves_with_4(
    typed: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(doctor.doctor) == 4
    said = capsys.readouterr().out
    assert "MISSING  The workflows" in said
    assert typed(doctor.doctor, json=True) == 4
    states = {one["step"]: one["state"] for one in json.loads(capsys.readouterr().out)["steps"]}
    assert (states["A token"], states["The workflows"]) == ("ok", "missing")


def test_a_terminal_is_asked_only_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        assert ending.terminal() is None


def test_who_sits_at_a_terminal_is_asked_and_heard(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, ours = os.openpty()
    os.write(theirs, b"cms-v1.2.4\n")
    with os.fdopen(ours) as keyboard:
        monkeypatch.setattr("sys.stdin", keyboard)
        ask = ending.terminal()
        assert ask is not None
        assert ask("Type the tag: ") == "cms-v1.2.4"
    os.close(theirs)
    assert capsys.readouterr().err == "Type the tag: "
