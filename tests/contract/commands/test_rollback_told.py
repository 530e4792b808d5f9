"""After a rollback every command says who took what back, when and why, what is live, and what ships next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.commands.status import course as status
from release.model.record import decode, encode
from release.testing import Recorder
from release.views.text import plan_lines
from tests.contract.commands.rollbacks import WHY, back, rolled_back, shown, text, verified
from tests.contract.record_on_remote import REF, deployed, record_of

if TYPE_CHECKING:
    from release.testing import Double


@pytest.fixture
def rolled(double: Double) -> Double:
    """1.2.4 serves: 1.3.0 was released over it, and rolled back."""
    return rolled_back(double)


def lose_the_record(world: Double) -> None:
    world.git("update-ref", "-d", REF, cwd=world.forge.repository)


def test_release_plan_status_and_verify_say_the_same(rolled: Double) -> None:
    by = record_of(rolled).rollback
    assert by is not None
    assert (by.left, by.to, by.why, by.was) == ("cms-v1.3.0", "cms-v1.2.4", WHY, "released")
    said = "\n".join(status.lines(status.read(rolled.root, rolled.environ))).partition("staging")[0]
    for told in (text(rolled.plan()), text(rolled.release()), text(verified(rolled)), said):
        assert f"cms-v1.3.0 to cms-v1.2.4 by {by.who} on 20" in told, told
        assert told.count(WHY) == 1
        assert "1.3.0 is never used for another commit" in told
        assert "no commits since cms-v1.3.0; the next commit ships as 1.3.1" in told
        assert "inv rollback cms-v1.3.0" in told
        assert told.count("(cms-v1.2.4)") == 2  # each worker, by version id and release
        assert "is released" not in told
        assert "disagree" not in told


def test_as_json_too(rolled: Double) -> None:
    told = [rolled.plan().as_json(), rolled.release().as_json(), verified(rolled).as_json(), shown(rolled)]
    for one in told:
        found = json.loads(json.dumps(one))["rolled_back"]
        assert (found["tag"], found["to"], found["why"]) == ("cms-v1.3.0", "cms-v1.2.4", WHY)
        assert (found["burnt"], found["coming"], found["commits"]) == ("1.3.0", "1.3.1", 0)
        assert {live["tag"] for live in found["live"].values()} == {"cms-v1.2.4"}
        assert found["at"].endswith("Z")
        assert found["forward"] == "inv rollback cms-v1.3.0"


def test_nothing_is_released_and_the_exit_code_says_so(rolled: Double) -> None:
    outcome = rolled.release()
    assert (outcome.outcome, outcome.exit_code) == ("nothing", 5)


def test_a_commit_since_ships_as_the_next_number_and_then_nothing_is_said_any_more(rolled: Double) -> None:
    rolled.commit({"docs/fix.md": "fixed\n"}, "fix: it")
    heard = Recorder()
    assert rolled.plan(listener=heard).rolled_back is not None
    assert heard.preview is not None
    planned = "\n".join(line.text for line in plan_lines(heard.preview))
    assert "1 commit, as 1.3.1" in planned
    assert WHY in planned
    outcome = rolled.release()
    assert (outcome.outcome, outcome.release and outcome.release.version) == ("released", "1.3.1")
    assert "cms-v1.2.4 was live: cms-v1.3.0 was rolled back" in text(outcome)
    assert "(was 1.3.0)" not in text(outcome)
    assert rolled.plan().rolled_back is None
    assert shown(rolled)["rolled_back"] is None
    assert verified(rolled).outcome == "verified"


def test_where_the_record_is_lost_the_deployments_say_it(rolled: Double) -> None:
    lose_the_record(rolled)
    found = rolled.plan().as_json()["rolled_back"]
    assert (found["tag"], found["to"], found["why"]) == ("cms-v1.3.0", "cms-v1.2.4", WHY)
    assert found["who"]
    assert rolled.release().exit_code == 5
    assert verified(rolled).outcome == "rolled-back"


def test_a_record_that_an_older_version_wrote_still_loads_and_says_what_it_can(rolled: Double) -> None:
    document = json.loads(encode(record_of(rolled)))
    for name in ("rollback", "served"):
        del document[name]
    old = decode(json.dumps(document).encode())
    assert (old.outcome, old.rollback, old.served) == ("rolled-back", None, {})
    from tests.contract.record_on_remote import put_document

    put_document(rolled, json.dumps(document).encode())
    assert rolled.plan().as_json()["rolled_back"]["why"] == WHY  # by the deployments
    assert back(rolled, "cms-v1.3.0").exit_code == 0
    assert rolled.release().outcome in {"released", "nothing"}
    assert record_of(rolled).outcome == "released"


def test_verify_is_well_where_what_is_live_is_healthy(rolled: Double) -> None:
    outcome = verified(rolled)
    assert (outcome.outcome, outcome.exit_code) == ("rolled-back", 0)
    assert "cms-v1.3.0 is rolled back; cms-v1.2.4 is live and healthy" in text(outcome)


def test_verify_fails_where_what_is_live_is_not_healthy(rolled: Double) -> None:
    rolled.runtime.behaviour[rolled.script("cms")] = lambda *_: Response("down", 500)
    outcome = verified(rolled)
    assert outcome.exit_code == 1
    assert outcome.failure is not None
    assert "cms-v1.3.0 was rolled back, and what is live is not healthy" in outcome.failure.meaning


def test_forward_again_is_healthy_at_once_and_the_release_is_released_again(rolled: Double) -> None:
    outcome = back(rolled, "cms-v1.3.0")
    assert (outcome.outcome, outcome.exit_code, outcome.rolled_back) == ("rolled-back", 0, None)
    assert "cms-v1.3.0 is live again: production is healthy on 1.3.0" in text(outcome)
    record = record_of(rolled)
    assert (record.outcome, record.rollback, "1.3.0" in record.burnt) == ("released", None, True)
    assert "cms-v1.3.0 is already released" in rolled.release().why
    assert verified(rolled).outcome == "verified"
    assert back(rolled, reason="again").exit_code == 0
    assert shown(rolled)["rolled_back"]["why"] == "again"


def test_forward_without_a_record_and_back_once_more(rolled: Double) -> None:
    lose_the_record(rolled)
    assert back(rolled, "cms-v1.3.0").exit_code == 0
    assert rolled.plan().rolled_back is None
    assert back(rolled).exit_code == 0
    assert shown(rolled)["workers"]["cms"]["tag"] == "cms-v1.2.4"


def test_forward_to_what_nobody_recorded_lets_the_next_run_finish_it(double: Double) -> None:
    double.runtime.behaviour[double.script("cms")] = lambda *_: Response("down", 500)
    assert double.release().exit_code == 3
    del double.runtime.behaviour[double.script("cms")]
    assert back(double, despite_migrations=True).exit_code == 0
    assert back(double, "cms-v1.2.4").exit_code == 0
    count = len(deployed(double))
    outcome = double.release()
    assert (outcome.outcome, outcome.decision) == ("released", "finish")
    assert len(deployed(double)) == count


def test_between_two_older_releases_the_newest_stays_the_one_that_was_rolled_back(rolled: Double) -> None:
    assert back(rolled, "cms-v1.2.3", despite_migrations=True).exit_code == 0
    assert back(rolled, "cms-v1.2.4", reason="further").exit_code == 0
    found = shown(rolled)["rolled_back"]
    assert (found["tag"], found["to"], found["why"]) == ("cms-v1.3.0", "cms-v1.2.4", WHY)
    lose_the_record(rolled)
    assert shown(rolled)["rolled_back"]["tag"] == "cms-v1.3.0"


def test_what_served_before_is_named_and_not_the_release_before(rolled: Double) -> None:
    rolled.commit({"docs/fix.md": "fixed\n"}, "fix: it")
    assert rolled.release().outcome == "released"
    assert back(rolled).exit_code == 0
    found = shown(rolled)["rolled_back"]
    assert (found["tag"], found["to"]) == (
        "cms-v1.3.1",
        "cms-v1.2.4",
    )  # 1.3.0 lies in between, and never comes back
    with rolled.ops() as ops:
        live = ops.cloudflare.live(rolled.script("cms"))
    assert live is not None
    assert (live.message or "").startswith("rollback cms-v1.3.1 -> cms-v1.2.4: ")


def test_a_secret_that_is_put_afterwards_leaves_it_rolled_back(rolled: Double) -> None:
    from tests.contract.run.test_unfinished_releases import by_hand

    by_hand(rolled, "mcp")
    found = rolled.plan().as_json()["rolled_back"]
    assert (found["tag"], found["live"]["mcp"]["tag"]) == ("cms-v1.3.0", None)


def test_a_reason_that_speaks_of_a_base_is_no_deployment(double: Double) -> None:
    assert double.release().outcome == "released"
    assert back(double, reason="the base image is broken", despite_migrations=True).exit_code == 0
    lose_the_record(double)
    assert double.plan().as_json()["rolled_back"]["why"] == "the base image is broken"
