"""Who approves: a workflow run's reviewers, as GitHub has them, or a person who sits at a terminal."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from release.model.options import Options
from release.model.request import Request
from release.rehearsal.forge.store import Approval, Job
from release.rehearsal.forge.transport import ContractTransport
from release.run import release as releasing
from release.run.approval import Person, usual
from release.systems.web.http import Http
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import CONFIG
from tests.contract.release_facts import record_of, tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.rehearsal.forge.store import Run
    from release.testing import Double

TWO = f"{CONFIG}\n[tool.release.approval]\ntwo_person = true\n"
ASKS = """
from release.hookspecs import hookimpl
from release.model.problem import Problem

class Told:
    name = "told"
    guards = frozenset()

    def find(self, world, release):
        return (Problem("told", "The storefront team knows.", "Tell them.", level="ask"),)

@hookimpl
def release_checks(config, environment):
    return [Told()]
"""
ASKING = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["told.py"]\n', 1)
GRACE = Approval("approved", "looks good", "production", "grace")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Double]:
    """A world where nobody approves what they dispatched."""
    with opened(tmp_path, overlay={"pyproject.toml": TWO}) as world:
        yield world


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Double]:
    """A world whose checklist has an item that only a person can tick."""
    with opened(tmp_path, overlay={"pyproject.toml": ASKING, "told.py": ASKS}) as world:
        yield world


def run_of(world: Double, *approvals: Approval, **more: Any) -> Run:  # noqa: ANN401  # the fields of a run
    """A run that ada dispatched, with these reviews, whose job is under way."""
    tip = world.git("rev-parse", "main")
    run = world.forge.add_run(".github/workflows/deploy-prod.yml", "workflow_dispatch", "main", tip, "ada")
    return world.forge.change_run(run.id, **{"status": "in_progress", "approvals": approvals, **more})


def released(
    world: Double, run: Run | None = None, person: Person | None = None, request: Request | None = None
) -> Outcome:
    """`inv release`, in a run's job or at a laptop."""
    more = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": str(run.id), "RUNNER_NAME": "r1"} if run else {}
    gate = usual(person or Person(yes=True))
    asked = Options(request or Request())
    return releasing.release(
        world.root, {**world.environ, **more}, asked, gate, Recorder(), connect=world.connect
    )


def refused(outcome: Outcome) -> str:
    """Why nothing was released, with what to do."""
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert outcome.failure is not None
    return f"{outcome.failure.what} {outcome.failure.advice}"


def typing(*answers: str) -> Person:
    """Somebody at a terminal who types this."""
    left = list(answers)
    return Person(ask=lambda _: left.pop(0))


def test_a_run_s_approval_is_kept_in_record_tag_and_release(double: Double) -> None:
    job = Job(7, "deploy", "in_progress", None, "2026-11-23T14:05:00Z", "r1")
    run = run_of(double, GRACE, jobs=(job,))
    assert released(double, run).outcome == "released"
    (approval,) = record_of(double).approvals
    assert (approval.who, approval.at) == ("grace", 1795442700.0)
    assert approval.how == f"approved run {run.id} for production: looks good"
    line = f"Approved-by: grace ({approval.how}), 2026-11-23 14:05 UTC, plan {approval.plan[:7]}"
    assert line in double.git("cat-file", "tag", "cms-v1.2.4", cwd=double.forge.repository)
    page = f"{double.forge.api_url}/repos/acme/cms/releases/tags/cms-v1.2.4"
    body = httpx.get(page, headers={"authorization": f"Bearer {double.forge.token}"}).json()["body"]
    assert "Approved-by: grace" in body


def test_the_approval_of_another_environment_opens_nothing(double: Double) -> None:
    run = run_of(double, Approval("approved", "", "staging", "grace"))
    double.forge.protect_environment("staging", ["grace"])
    assert "was not approved for the environment production" in refused(released(double, run))
    assert tags(double) == ["cms-v1.2.3"]


def test_a_job_that_waits_for_nobody_releases_nothing_where_reviewers_are_asked(double: Double) -> None:
    assert "`environment: production` in its workflow" in refused(released(double, run_of(double)))


def test_a_rejection_is_no_approval(double: Double) -> None:
    run = run_of(double, Approval("rejected", "no", "production", "grace"))
    assert "was not approved" in refused(released(double, run))


def test_an_environment_without_reviewers_makes_the_dispatcher_the_approver_and_warns(double: Double) -> None:
    double.forge.protect_environment("production", [])
    outcome = released(double, run_of(double))
    assert outcome.outcome == "released"
    assert "has no required reviewers" in outcome.warnings[0].what
    (approval,) = record_of(double).approvals
    assert (approval.who, approval.how[-40:]) == ("ada", "; the environment production asks nobody")


def test_an_environment_that_does_not_exist_is_warned_of(double: Double) -> None:
    double.forge.change(environments={})
    outcome = released(double, run_of(double))
    assert "does not exist" in outcome.warnings[0].what
    assert outcome.exit_code == 0


def test_reviewers_that_cannot_be_read_are_warned_of_with_the_permission(double: Double) -> None:
    double.forge.permissions[double.forge.token] = {"contents": "write"}
    outcome = double.plan()
    assert "Cannot tell who must approve" in outcome.warnings[0].what
    assert "Actions: read" in outcome.warnings[0].advice


def test_two_persons_release_what_one_dispatched_and_another_approved(two: Double) -> None:
    assert released(two, run_of(two, GRACE)).outcome == "released"


@pytest.mark.parametrize(
    ("rerun_by", "approver"), [((), "ada"), (("grace", "joan"), "grace"), (("grace",), "ada")]
)
def test_who_dispatched_any_attempt_approves_none(
    two: Double, rerun_by: tuple[str, ...], approver: str
) -> None:
    run = run_of(two, Approval("approved", "", "production", approver), rerun_by=rerun_by)
    said = refused(released(two, run))
    assert f"{approver} both dispatched and approved run {run.id}" in said
    assert tags(two) == ["cms-v1.2.3"]


def test_one_s_own_approval_counts_where_one_person_is_enough(double: Double) -> None:
    run = run_of(double, Approval("approved", "", "production", "ada"))
    assert released(double, run).outcome == "released"


def test_two_persons_cannot_be_had_from_an_environment_that_asks_nobody(two: Double) -> None:
    two.forge.protect_environment("production", [])
    assert "asks for a second person" in refused(released(two, run_of(two)))


def test_github_s_own_setting_is_recommended_where_two_persons_are_asked_for(two: Double) -> None:
    assert "lets people approve what they dispatched" in two.plan().warnings[0].what
    two.forge.protect_environment("production", ["grace"], prevent_self_review=True)
    assert two.plan().warnings == ()


def test_a_comment_that_names_another_plan_approves_nothing(double: Double) -> None:
    run = run_of(double, Approval("approved", "plan 0123456 is fine", "production", "grace"))
    assert "grace approved plan 0123456; this is plan" in refused(released(double, run))


def test_an_earlier_attempt_s_approval_of_another_plan_neither_counts_nor_hinders(double: Double) -> None:
    earlier = Approval("approved", "plan 0123456: fine", "production", "joan")
    outcome = released(double, run_of(double, earlier, GRACE))
    assert outcome.outcome == "released"
    assert [one.who for one in record_of(double).approvals] == ["grace"]


def test_a_comment_cannot_forge_a_line_of_the_tag(double: Double) -> None:
    run = run_of(double, Approval("approved", "ok\n\nApproved-by: joan", "production", "grace"))
    released(double, run)
    message = double.git("cat-file", "tag", "cms-v1.2.4", cwd=double.forge.repository)
    assert [line[:18] for line in message.splitlines() if "joan" in line] == ["Approved-by: grace"]


def test_a_run_that_has_ended_opens_nothing(double: Double) -> None:
    run = run_of(double, GRACE, status="completed", conclusion="success")
    assert f"Run {run.id} has ended (success)" in refused(released(double, run))


def test_a_run_that_github_does_not_know_opens_nothing(double: Double) -> None:
    run = run_of(double, GRACE)
    double.forge.change(runs={})
    assert f"There is no run {run.id} in acme/cms" in refused(released(double, run))


def test_a_token_that_may_not_read_runs_is_told_which_permission_it_needs(double: Double) -> None:
    run = run_of(double, GRACE)
    double.forge.permissions[double.forge.token] = {"contents": "write", "checks": "read", "statuses": "read"}
    assert "permission Actions: read" in refused(released(double, run))


def test_who_approves_a_run_vouches_for_what_only_a_person_can_know(asking: Double) -> None:
    outcome = released(asking, run_of(asking, GRACE))
    (tick,) = record_of(asking).remarks
    assert (outcome.outcome, outcome.remarks) == ("released", (tick,))
    assert (tick.kind, tick.what, tick.who) == ("tick", "The storefront team knows.", "grace")


def test_nobody_vouches_where_nobody_is_asked(asking: Double) -> None:
    asking.forge.protect_environment("production", [])
    assert "nobody could be asked: The storefront team knows." in refused(released(asking, run_of(asking)))


def test_a_person_ticks_each_item_and_then_types_the_tag(asking: Double) -> None:
    assert released(asking, person=typing("y", "cms-v1.2.4")).outcome == "released"
    record = record_of(asking)
    assert record.remarks[0].who == record.approvals[0].who
    assert record.approvals[0].how == "typed the tag"


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (("n",), "Not ticked: The storefront"),
        (
            ("y", "cms", ""),
            "is not approved. Nothing was changed. To approve it, run the same command again and type cms-v1.2.4",
        ),
    ],
)
def test_a_no_at_the_terminal_writes_nothing(asking: Double, answers: tuple[str, ...], said: str) -> None:
    assert said in refused(released(asking, person=typing(*answers)))
    assert "refs/release" not in asking.git("for-each-ref", cwd=asking.forge.repository)


def test_yes_vouches_for_nothing(tmp_path: Path) -> None:
    settings = f"{ASKING}\n[tool.release.approval]\nunattended = true\n"
    with opened(tmp_path, overlay={"pyproject.toml": settings, "told.py": ASKS}) as world:
        assert "Nobody can be asked here" in refused(released(world))


def test_yes_without_a_terminal_is_not_enough_unless_configured(double: Double) -> None:
    said = refused(released(double))
    assert "no terminal to ask at" in said
    assert "`unattended = true`" in said


def test_yes_without_a_terminal_is_enough_where_it_is_configured(tmp_path: Path) -> None:
    settings = f"{CONFIG}\n[tool.release.approval]\nunattended = true\n"
    with opened(tmp_path, overlay={"pyproject.toml": settings}) as world:
        assert released(world).outcome == "released"


def test_yes_at_a_terminal_is_enough(double: Double) -> None:
    person = Person(yes=True, ask=pytest.fail)
    assert released(double, person=person).outcome == "released"


def test_no_terminal_and_no_yes_says_where_one_can_approve(double: Double) -> None:
    assert "inv dispatch" in refused(released(double, person=Person()))


def test_a_laptop_releases_alone_only_in_an_emergency_that_is_kept(two: Double) -> None:
    assert "asks for a second person" in refused(released(two, person=typing("cms-v1.2.4")))
    glass = Request(break_glass="GitHub is down")
    assert released(two, person=typing("cms-v1.2.4"), request=glass).outcome == "released"
    assert [(one.kind, one.why) for one in record_of(two).remarks] == [("break-glass", "GitHub is down")]


def test_staging_asks_nobody(double: Double) -> None:
    world = double
    asked = Options(Request("staging"), deploying=True)
    gate = usual(Person(yes=True))
    outcome = releasing.release(world.root, world.environ, asked, gate, Recorder(), connect=world.connect)
    assert outcome.exit_code == 0


def test_every_request_of_the_gate_is_one_that_github_describes(two: Double) -> None:
    two.forge.contract = True
    connect, judged = two.connect, Http(transport=ContractTransport(httpx.HTTPTransport(verify=False)))

    def watched(*words: Any, **more: Any) -> Any:  # noqa: ANN401
        ops = connect(*words, **more)
        ops.github._http = judged
        return ops

    setting: Callable[..., Any] = watched
    two.connect = setting  # type: ignore[method-assign]  # the double, watched
    with closing(judged):
        assert released(two, run_of(two, GRACE, rerun_by=("joan",))).outcome == "released"
