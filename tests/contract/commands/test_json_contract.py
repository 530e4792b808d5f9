"""Every command's JSON is what its schema says, however it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from invoke.config import Config
from invoke.context import Context
from invoke.exceptions import Exit

from release.commands.schemas import of_command
from release.tasks import collection
from tests.contract.record_on_remote import hold

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.testing import Double


RECORD = "refs/release/production"


@pytest.fixture
def typed(
    double: Double, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Any]:
    """Call a command as Invoke does, in the double's environment; its one object, held against its schema."""
    for name, value in double.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(double.root)
    tasks = collection(double.root)

    def call(command: str, /, **options: Any) -> dict[str, Any]:  # noqa: ANN401
        for variable in ("GITHUB_TOKEN", "CLOUDFLARE_API_TOKEN"):
            monkeypatch.setenv(variable, double.environ.get(variable, ""))
        capsys.readouterr()
        with pytest.raises(Exit) as left:
            tasks[command].body(
                Context(Config({"release": {"root": str(double.root)}})), json=True, **options
            )
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        msgspec.convert(said, of_command(command))
        assert (said["command"], said["exit_code"]) == (command, left.value.code)
        return said

    return call


def test_what_only_looks(typed: Callable[..., Any]) -> None:
    assert typed("plan")["outcome"] == "planned"
    assert typed("status")["outcome"] == "ok"
    assert typed("verify")["command"] == "verify"
    assert typed("plugins")["outcome"] == "ok"
    assert typed("checklist")["outcome"] in {"ok", "blocked"}
    assert typed("doctor")["outcome"] == "blocked"
    assert typed("help", topic="exit-codes")["topic"] == "exit-codes"
    assert typed("completion", shell="bash")["shell"] == "bash"
    assert typed("rehearsal.status")["running"] is False


def test_workers_tags_and_commits_are_fields(typed: Callable[..., Any], double: Double) -> None:
    assert double.release().outcome == "released"
    found = typed("status")["environments"]["production"]
    worker = found["workers"]["cms"]
    assert (worker["state"], worker["tag"]) == ("live", "cms-v1.2.4")
    assert len(worker["commit"]) == 40
    assert worker["shares"] == [{"version_id": worker["version_id"], "percent": 100.0}]
    planned = typed("rollback", dry_run=True, despite_migrations=True)
    assert planned["live"]["cms"]["tag"] == "cms-v1.2.4"


def test_a_release_says_what_is_live_before_and_after(typed: Callable[..., Any]) -> None:
    said = typed("deploy")
    assert (said["outcome"], said["environment"]) == ("deployed", "staging")
    assert said["before"].keys() == said["live"].keys() == {"mcp", "cms"}
    assert said["live"]["cms"]["commit"] == said["commit"]


def test_who_holds_the_lock_is_fields(typed: Callable[..., Any], double: Double) -> None:
    hold(double)
    holder = typed("status")["environments"]["production"]["holder"]
    assert (holder["who"], holder["where"]) == ("bob", "laptop:/cms")
    assert holder["until"].endswith("Z")


def test_a_dry_run_changes_nothing(typed: Callable[..., Any], double: Double) -> None:
    assert double.release().outcome == "released"
    assert typed("hotfix", pick=[], tag="cms-v1.2.4", dry_run=True)["outcome"] == "planned"
    assert double.git("branch", "--list", "hotfix/*") == ""
    hold(double)
    before = (
        len(double.cloud.log),
        double.forge.bare.resolve(RECORD),
    )
    assert typed("unlock", dry_run=True)["outcome"] == "planned"
    assert typed("dispatch", dry_run=True)["inputs"] == {"version_bump": "patch"}
    assert typed("step.smoke", dry_run=True)["exit_code"] in {0, 4}
    assert (
        len(double.cloud.log),
        double.forge.bare.resolve(RECORD),
    ) == before


def test_wrong_use_is_usage_and_not_blocked(typed: Callable[..., Any]) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "release": {"bump": "huge"},
        "deploy": {"env": "stagin"},
        "verify": {"env": "stagin"},
        "status": {"env": "stagin"},
        "rollback": {"to": "cms-v9.9.9"},
        "hotfix": {"pick": [], "tag": "cms-v9.9.9"},
        "publish": {"name": "nothing"},
        "help": {"topic": "aproval"},
        "completion": {"shell": "fsh"},
    }
    for name, options in wrong.items():
        said = typed(name, **options)
        assert (said["outcome"], said["exit_code"]) == ("usage", 2), name
        assert len(said["problems"]) == 1


def test_a_plan_says_by_its_exit_code_whether_there_is_something_to_release(
    typed: Callable[..., Any], double: Double
) -> None:
    assert typed("plan", exit_code=True)["exit_code"] == 10
    assert double.release().outcome == "released"
    assert typed("plan", exit_code=True)["exit_code"] == 0
    assert typed("plan")["exit_code"] == 5


@pytest.mark.parametrize("is_released", [False, True])
def test_a_refused_token_is_said_once_and_is_not_nothing_to_release(
    typed: Callable[..., Any], double: Double, *, is_released: bool
) -> None:
    if is_released:
        assert double.release().outcome == "released"
    double.environ["GITHUB_TOKEN"] = "bad"
    said = typed("plan")
    assert (said["outcome"], said["exit_code"]) == ("blocked", 4)
    refused = [one for one in said["problems"] if "refused the token" in one["what"]]
    assert [(one["check"], one["level"]) for one in refused] == [("token", "block")]
    doctor = typed("doctor")
    assert doctor["exit_code"] == 4
    assert len([one for one in doctor["steps"] if "refused the token" in one["what"]]) == 1
    assert typed("dispatch")["exit_code"] == 4
    assert typed("approve")["exit_code"] == 4


def test_a_missing_token_is_wrong_use_everywhere(typed: Callable[..., Any], double: Double) -> None:
    double.environ["GITHUB_TOKEN"] = ""
    for name in ("dispatch", "approve", "doctor", "release"):
        assert typed(name)["exit_code"] == 2, name
    double.environ["CLOUDFLARE_API_TOKEN"] = ""
    for name in ("plan", "status", "verify", "rollback"):
        assert typed(name)["exit_code"] == 2, name
