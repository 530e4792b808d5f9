"""deploy-prod.yml, executed: planned, approved by another person, released; and what happens instead."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.workflows.scene import DEPLOYER, REVIEWER

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from tests.workflows.scene import Place


def test_a_dispatch_plans_pauses_is_approved_and_reaches_production(place: Place) -> None:
    run = place.dispatch(version_bump="minor", reason="the autumn release", underbump="no client is out")
    assert (run.how("plan"), run.waiting) == ("success", {"deploy": "production"}), run.told
    plan = json.loads(run.results["plan"].outputs["plan"])
    assert (plan["version"], plan["request"]["reason"]) == ("1.3.0", "the autumn release")
    assert plan["request"]["underbump"] == "no client is out"
    assert place.health("production")["version"] == "1.2.3"
    short = run.results["plan"].outputs["hash"][:7]
    approved = place.inv(REVIEWER, "approve", "--plan", short, "--comment", "read it")
    assert "1.2.3 -> 1.3.0" in approved.stderr, approved.stderr
    place.actions.settle()
    assert run.result == "success", run.told
    assert place.health("production")["version"] == "1.3.0"
    assert place.tags()["cms-v1.3.0"] == plan["commit"]
    (approval,) = place.record()["approvals"]
    assert approval["who"] == "bob"
    assert approval["how"] == f"approved run {run.id} for production: plan {short}: read it"
    # GITHUB_TOKEN makes the Release and pushes nothing: branch, tag and record went over ssh with the deploy key
    made = [write for write in place.world.forge.log if write.path.endswith("/releases")]
    assert [write.status for write in made] == [201]
    assert not [write for write in place.world.forge.log if write.updates]
    assert place.pushes() == {DEPLOYER}


def test_a_rejected_approval_leaves_production_alone(place: Place) -> None:
    before = place.refs()
    run = place.dispatch(version_bump="patch")
    place.review(run, "rejected", "not on a Friday")
    assert (run.result, run.how("deploy")) == ("failure", "failure")
    assert place.health("production")["version"] == "1.2.3"
    assert place.refs() == before


def test_a_plan_that_waits_blocks_no_other_and_is_refused_once_the_other_has_shipped(place: Place) -> None:
    waits = place.dispatch(version_bump="patch")
    other = place.dispatch(version_bump="minor")
    place.world.merge({"apps/cms/later.js": "// main moving on is no drift\n"})
    place.review(other)
    assert (waits.waiting, other.result) == ({"deploy": "production"}, "success"), other.told
    shipped = place.refs()
    place.review(waits)
    assert waits.how("deploy") == "failure"
    assert "is to release cms-v1.2.4, but meanwhile cms-v1.3.0 was released" in waits.told
    assert place.health("production")["version"] == "1.3.0"
    assert place.refs() == shipped


def test_a_run_cancelled_while_it_waits_strands_nothing(place: Place) -> None:
    before = place.refs()
    run = place.dispatch()
    place.actions.cancel(run)
    place.actions.settle()
    assert (run.result, place.refs()) == ("cancelled", before)


def test_a_run_cancelled_in_the_middle_stops_in_good_order_and_its_rerun_finishes_it(place: Place) -> None:
    run = place.dispatch()

    def cancelled(request: Request) -> None:
        """When the second worker is about to be uploaded, somebody cancels the run."""
        if place.world.script("cms") in request.path and request.path.endswith("/secrets"):
            place.world.cloud.before = None
            place.actions.cancel(run)

    place.world.cloud.before = cancelled
    place.review(run)
    assert run.result == "cancelled", run.told
    assert "cms-v1.2.4" not in place.tags()
    place.actions.rerun(run)
    place.actions.settle()
    place.review(run)
    assert run.result == "success", run.told
    assert "cms-v1.2.4" in place.tags()


def test_all_jobs_again_after_the_release_ask_nobody_to_approve_nothing(place: Place) -> None:
    run = place.dispatch()
    place.review(run)
    released = place.refs()
    run.results.clear()
    place.actions.rerun(run)
    place.actions.settle()
    assert (run.how("plan"), run.how("deploy"), run.waiting) == ("success", "skipped", {}), run.told
    assert place.refs() == released


def test_nothing_is_planned_for_a_bump_that_does_not_exist(place: Place) -> None:
    with pytest.raises(ValueError, match='Provided value "huge" for input "version_bump" not in the list'):
        place.dispatch(version_bump="huge")
