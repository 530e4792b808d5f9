"""ci.yml, executed: what is green on main reaches staging, and nothing else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.workflows.scene import TEST, configuration

if TYPE_CHECKING:
    from tests.workflows.scene import Place

GREEN = ["monorepo", "tool", "required", "deploy-staging"]


def commit_on(place: Place, environment: str) -> str:
    return str(place.health(environment)["commit"])


def test_a_push_to_main_reaches_staging(place: Place) -> None:
    run = place.push({"apps/cms/new.js": "// new\n"})
    place.actions.settle()
    assert {key: run.how(key) for key in GREEN} == dict.fromkeys(GREEN, "success"), run.told
    assert commit_on(place, "staging") == place.world.forge.bare.resolve("main")
    assert run.results["tool"].steps["Every test and gate of the release tool"] == "skipped"
    assert "t0ken" not in run.told


def test_two_quick_pushes_end_with_the_newer_one_on_staging(place: Place) -> None:
    older = place.push({"apps/cms/new.js": "// 1\n"})
    place.actions.hold(older)  # its tests take longer
    newer = place.push({"apps/cms/new.js": "// 2\n"})
    place.actions.settle()
    assert (newer.result, commit_on(place, "staging")) == ("success", place.world.forge.bare.resolve("main"))
    place.actions.let_go(older)
    place.actions.settle()
    assert older.result == "success", older.told
    assert commit_on(place, "staging") == place.world.forge.bare.resolve("main")


def test_a_red_test_stops_staging(place: Place) -> None:
    before = commit_on(place, "staging")
    red = TEST.replace("true", "false")
    run = place.push({"pyproject.toml": configuration(red)})
    place.actions.settle()
    assert (run.how("monorepo"), run.how("required"), run.how("deploy-staging")) == (
        "failure",
        "failure",
        "skipped",
    )
    assert commit_on(place, "staging") == before
    assert "`false` ended with exit code 1" in run.told


def test_a_pull_request_is_tested_and_never_deployed(place: Place) -> None:
    before = commit_on(place, "staging")
    (run,) = place.actions.pull_request(place.world.merge({"apps/cms/new.js": "// 1\n"}))
    place.actions.settle()
    assert (run.how("required"), run.how("deploy-staging")) == ("success", "skipped"), run.told
    assert commit_on(place, "staging") == before
