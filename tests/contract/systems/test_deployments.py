"""What GitHub shows of a release besides its page: the latest flag, and the environment's deployment."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from werkzeug import Response

from release.commands.verify import course as verifying
from release.model.effects import CreateRelease
from release.model.record import Approval, Holder, Record
from release.model.repository import Remote
from release.model.step import Todo
from release.steps.github_release import GitHubRelease
from release.testing import Recorder, double
from tests.golden import scenes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug import Request

    from release.model.outcome import Outcome
    from release.testing import Double


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Double]:
    with double(tmp_path) as opened:
        yield opened


def asked(world: Double, path: str, method: str = "GET", **body: object) -> Any:  # noqa: ANN401 - JSON
    token = {"authorization": f"Bearer {world.environ['GITHUB_TOKEN']}"}
    url = f"{world.environ['GITHUB_API_URL']}/repos/acme/cms{path}"
    answer = httpx.request(method, url, headers=token, json=body or None)
    assert answer.status_code < 300, answer.text
    return answer.json()


def standing(world: Double) -> list[tuple[str, str, str]]:
    """Ref, environment and last state of each deployment, newest first."""
    return [
        (
            one["ref"],
            one["environment"],
            next((s["state"] for s in asked(world, f"/deployments/{one['id']}/statuses")), ""),
        )
        for one in asked(world, "/deployments")
    ]


def verified(world: Double) -> Outcome:
    return verifying.verify(world.root, world.environ, "production", Recorder(), connect=world.connect)


def test_a_release_is_shown_as_what_its_environment_runs(world: Double) -> None:
    outcome = world.release()
    assert standing(world) == [("cms-v1.2.4", "production", "success")]
    assert "show cms-v1.2.4 as deployed" in [write["what"] for write in outcome.as_json()["writes"]]
    (status,) = asked(world, f"/deployments/{asked(world, '/deployments')[0]['id']}/statuses")
    assert status["environment_url"] == world.environ["RELEASE_PRODUCTION_URL"]


def test_the_next_release_takes_the_place_of_the_last(world: Double) -> None:
    world.release()
    world.commit({"readme": "more"})
    world.release()
    assert [state for _, _, state in standing(world)] == ["success", "inactive"]


def test_a_plan_lists_the_deployment_that_the_release_then_makes(world: Double) -> None:
    planned = world.plan().as_json()["writes"]
    assert planned == world.release().as_json()["writes"]


def test_a_job_that_names_the_environment_has_its_deployment_made_by_github(world: Double) -> None:
    head = world.git("rev-parse", "HEAD")
    environ = {**world.environ, "GITHUB_ACTIONS": "true", "GITHUB_SHA": head}
    assert world.release(environ=environ).outcome == "released"
    assert standing(world) == []


def test_a_token_that_may_not_write_deployments_does_not_keep_a_release_from_its_end(world: Double) -> None:
    def before(request: Request) -> Response | None:
        refused = request.method == "POST" and "/deployments" in request.path
        return Response('{"message": "Resource not accessible"}', 403) if refused else None

    world.forge.before = before
    told = Recorder()
    outcome = world.release(listener=told)
    assert outcome.outcome == "released"
    assert any(
        "was not told what production runs" in line and "Deployments: write" in line for line in told.lines
    )
    assert "deployed" not in {write["what"].split()[-1] for write in outcome.as_json()["writes"]}


def test_the_same_command_again_makes_up_for_a_deployment_that_github_did_not_make(world: Double) -> None:
    def before(request: Request) -> Response | None:
        broken = request.method == "POST" and request.path.endswith("/statuses")
        return Response("<html>unicorn</html>", 502) if broken else None

    world.forge.before = before
    assert world.release().exit_code == 3
    world.forge.before = None
    again = world.release()
    assert (again.decision, again.outcome) == ("finish", "released")
    assert standing(world) == [("cms-v1.2.4", "production", "success")]


def test_verify_finds_release_latest_flag_and_deployment(world: Double) -> None:
    world.release()
    found = verified(world)
    assert (found.outcome, found.steps[0].detail) == (
        "verified",
        "health, badge, tag, Release, deployment agree on 1.2.4",
    )


def test_verify_names_a_package_that_took_the_latest_flag(world: Double) -> None:
    world.release()
    asked(world, "/git/refs", "POST", ref="refs/tags/cms-api-v9.0.0", sha=world.git("rev-parse", "HEAD"))
    asked(world, "/releases", "POST", tag_name="cms-api-v9.0.0", make_latest="true")
    found = verified(world)
    assert found.exit_code == 1
    assert "GitHub shows cms-api-v9.0.0 as the latest Release" in found.steps[0].detail


def test_verify_names_a_deployment_that_is_missing(world: Double) -> None:
    world.release()
    (made,) = asked(world, "/deployments")
    asked(world, f"/deployments/{made['id']}/statuses", "POST", state="failure")
    assert "deployment of cms-v1.2.4 to production stands at failure" in verified(world).steps[0].detail


def test_notes_start_at_the_last_release_of_the_same_app(world: Double) -> None:
    asked(world, "/git/refs", "POST", ref="refs/tags/cms-api-v1.4.0", sha=world.git("rev-parse", "HEAD"))
    world.release()
    assert "cms-v1.2.3...cms-v1.2.4" in asked(world, "/releases/tags/cms-v1.2.4")["body"]


def test_the_release_links_to_the_run_that_made_it(world: Double) -> None:
    run = {"GITHUB_RUN_ID": "77", "GITHUB_ACTIONS": "", "GITHUB_SERVER_URL": "https://github.com"}
    world.release(environ={**world.environ, **run})
    assert "github.com/acme/cms/actions/runs/77" in asked(world, "/releases/tags/cms-v1.2.4")["body"].replace(
        "\u200b", ""
    )


@pytest.mark.parametrize(
    ("other", "latest"), [("cms-v1.2.3", True), ("cms-v1.3.0", False), ("cms-v1.2.10", False)]
)
def test_only_the_highest_version_of_an_app_is_its_latest(other: str, *, latest: bool) -> None:
    record = Record(
        environment="production",
        nonce="",
        holder=Holder(who="ada", where="here", run="1"),
        approvals=(Approval(who="ada", plan="7be1c09", at=0.0, how="typed the tag"),),
    )
    now = replace(scenes.world(), remote=Remote(scenes.BASE, {other: scenes.OLD}, None), record=record)
    look = GitHubRelease(pattern="cms-v{version}").look(now, scenes.RELEASE)
    assert isinstance(look, Todo)
    assert [one.is_latest for one in look.effects if isinstance(one, CreateRelease)] == [latest]
