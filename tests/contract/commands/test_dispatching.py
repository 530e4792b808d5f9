"""`inv dispatch` and `inv approve` against a forge that is held to GitHub's description, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from werkzeug.wrappers import Response

from release.commands.approve import course as approving
from release.commands.dispatch import course as dispatching
from release.config import load
from release.errors import BlockedError, CannotReadError, EffectError, UsageError
from release.rehearsal.forge.store import Annotation, Job
from release.rehearsal.forge.transport import ContractTransport
from release.systems.github import actions
from release.systems.github.releases import GitHub
from release.systems.web.http import Http
from release.testing import double as opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from werkzeug.wrappers import Request

    from release.config import Config
    from release.rehearsal.forge import Forge
    from release.testing import Double

FILE = ".github/workflows/deploy-prod.yml"
WORKFLOW = "name: Deploy to Production\non:\n  workflow_dispatch:\n"
HASH = "7be1c09" + "0" * 57
PLAN = Annotation("notice", f"plan {HASH}", "cms 1.2.3 -> 1.2.4\n ! 4 migrate")
LEFT = Annotation("failure", "", "Process completed with exit code {}.")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Double]:
    """A world with the workflow on main, watched for what GitHub would not answer."""
    with opened(tmp_path, overlay={FILE: WORKFLOW}) as double:
        double.forge.contract = True
        double.forge.protect_environment("production", ["grace", "releaser"])
        yield double


@pytest.fixture
def config(world: Double) -> Config:
    return load(world.root)


@pytest.fixture
def github(world: Double) -> Iterator[GitHub]:
    """The client, watched for what GitHub would not take."""
    http = Http(attempts=1, transport=ContractTransport(httpx.HTTPTransport(verify=False)))
    client = GitHub(http, world.environ, "acme/cms")
    client.clock = world.clock
    yield client
    http.close()


def waiting(world: Double, **more: Any) -> int:  # noqa: ANN401  # the fields of a run
    """A run by ada that waits for production, and has shown its plan."""
    tip = world.git("rev-parse", "main")
    run = world.forge.add_run(FILE, "workflow_dispatch", "main", tip, "ada")
    jobs = (
        Job(run.id + 100_000, "plan", "completed", "success", annotations=(PLAN,)),
        Job(run.id + 100_001, "deploy", "waiting", None),
    )
    usual = {"status": "waiting", "waiting_for": "production", "jobs": jobs}
    return world.forge.change_run(run.id, **{**usual, **more}).id


def step_by_step(world: Double, *changes: Callable[[Forge, int], object]) -> None:
    """What happens to the newest run, one change for each time that somebody waits."""
    left = list(changes)

    def happen(_: float) -> None:
        if left:
            left.pop(0)(world.forge, max(world.forge._state.runs))

    world.clock.on_sleep = happen


def test_a_dispatch_starts_the_workflow_with_its_bump_and_reasons(
    world: Double, config: Config, github: GitHub
) -> None:
    run = dispatching.start(github, config, "auto", "the storefront waits", "nobody reads it yet")
    (kept,) = world.forge._state.runs.values()
    assert (kept.id, kept.branch) == (run.id, "main")
    assert kept.inputs == {
        "version_bump": "auto",
        "reason": "the storefront waits",
        "underbump": "nobody reads it yet",
    }


def test_a_run_is_found_where_github_does_not_name_it(world: Double, config: Config, github: GitHub) -> None:
    before = waiting(world)

    def nameless(request: Request, response: Response) -> Response:
        return Response(status=204) if request.path.endswith("/dispatches") else response

    world.forge.after = nameless
    assert dispatching.start(github, config, "patch", "").id > before


def test_a_run_that_never_appears_is_told(world: Double, config: Config, github: GitHub) -> None:
    def lost(request: Request) -> Response | None:
        return Response(status=204) if request.path.endswith("/dispatches") else None

    world.forge.before = lost
    with pytest.raises(EffectError, match="no run of it has appeared") as raised:
        dispatching.start(github, config, "patch", "")
    assert raised.value.advice.endswith("/actions/workflows/deploy-prod.yml")


def test_a_token_that_may_not_dispatch_is_told_which_permission_it_needs(
    world: Double, config: Config, github: GitHub
) -> None:
    world.forge.permissions[world.forge.token] = {"actions": "read", "contents": "read"}
    with pytest.raises(EffectError) as raised:
        dispatching.start(github, config, "patch", "")
    assert "Actions: write" in raised.value.advice


def test_a_run_is_followed_from_the_queue_over_its_approval_to_its_end(
    world: Double, config: Config, github: GitHub
) -> None:
    planning = Job(1, "plan", "in_progress", None)
    done, deploying = Job(1, "plan", "completed", "success"), Job(2, "deploy", "in_progress", None)
    step_by_step(
        world,
        lambda forge, run: forge.change_run(run, status="in_progress", jobs=(planning,)),
        lambda forge, run: forge.change_run(run, status="waiting", waiting_for="production", jobs=(done,)),
        lambda forge, run: forge.change_run(run, status="waiting"),
        lambda forge, run: forge.change_run(
            run, status="in_progress", waiting_for=None, jobs=(done, deploying)
        ),
        lambda forge, run: forge.change_run(run, status="completed", conclusion="success"),
    )
    said: list[str] = []
    run = dispatching.start(github, config, "patch", "")
    ended = dispatching.follow(github, run, said.append)
    page = f"{world.forge.server_url}/acme/cms/actions/runs/{run.id}"
    assert said == [
        "queued",
        "under way: plan",
        f"waits for approval by grace, releaser: {page} (or: inv approve {run.id})",
        "under way: deploy",
    ]
    assert (ended.conclusion, ended.exit_code, ended.url) == ("success", 0, page)


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_a_failed_run_ends_with_the_exit_code_of_the_release_in_it(
    world: Double, github: GitHub, code: int
) -> None:
    left = Annotation("failure", "", f"Process completed with exit code {code}.")
    failed = Job(2, "deploy", "completed", "failure", runner="r", annotations=(left,))
    number = waiting(world, status="completed", conclusion="failure", waiting_for=None, jobs=(failed,))
    ended = dispatching.follow(github, actions.run(github, number), pytest.fail)
    assert ended.exit_code == code
    assert "The job deploy ended" in ended.what


def test_a_rejected_run_ends_as_blocked_and_says_by_whom(world: Double, github: GitHub) -> None:
    from release.rehearsal.forge.store import Approval

    no = Approval("rejected", "not on a Friday", "production", "grace")
    number = waiting(world, status="completed", conclusion="failure", waiting_for=None, approvals=(no,))
    ended = dispatching.ended(github, actions.run(github, number))
    assert (ended.exit_code, ended.what) == (4, "grace rejected it: not on a Friday. Nothing was released.")


def test_a_run_that_was_cancelled_while_it_deployed_leaves_nobody_certain(
    world: Double, github: GitHub
) -> None:
    jobs = (Job(1, "plan", "completed", "success"), Job(2, "deploy", "completed", "cancelled", runner="r"))
    number = waiting(world, status="completed", conclusion="cancelled", waiting_for=None, jobs=jobs)
    ended = dispatching.ended(github, actions.run(github, number))
    assert ended.exit_code == 3
    assert "inv status" in ended.what


def test_a_run_that_was_cancelled_while_it_waited_changed_nothing(world: Double, github: GitHub) -> None:
    jobs = (Job(1, "plan", "completed", "success"), Job(2, "deploy", "completed", "cancelled"))
    number = waiting(world, status="completed", conclusion="cancelled", waiting_for=None, jobs=jobs)
    assert dispatching.ended(github, actions.run(github, number)).exit_code == 4


def test_the_waiting_run_is_found_with_its_plan(world: Double, config: Config, github: GitHub) -> None:
    number = waiting(world)
    found = approving.waiting(github, config, "")
    assert (found.run.id, found.plan_hash, found.plan) == (number, HASH, "cms 1.2.3 -> 1.2.4\n ! 4 migrate")
    page = f"{world.forge.server_url}/acme/cms/actions/runs/{number}"
    assert approving.waiting(github, config, page).run.id == number


def test_an_approval_names_the_plan_and_lets_the_run_go_on(
    world: Double, config: Config, github: GitHub
) -> None:
    number = waiting(world)
    found = approving.waiting(github, config, str(number))
    approving.agree(found, "", lambda _: "7be1c09", reject=False)
    approving.review(github, found, approved=True, comment="checked")
    (kept,) = world.forge._state.runs[number].approvals
    assert (kept.state, kept.comment, kept.login) == ("approved", "plan 7be1c09: checked", "releaser")


def test_a_rejection_ends_the_run(world: Double, config: Config, github: GitHub) -> None:
    number = waiting(world)
    found = approving.waiting(github, config, "")
    approving.agree(found, "", None, reject=True)
    approving.review(github, found, approved=False, comment="")
    assert world.forge._state.runs[number].conclusion == "failure"
    with pytest.raises(BlockedError, match=f"Run {number} has ended \\(failure\\)"):
        approving.waiting(github, config, str(number))


@pytest.mark.parametrize(("plan", "typed"), [("7be1c", ""), ("7be1c0a", ""), ("", "yes"), ("", "")])
def test_only_the_plan_s_own_hash_approves_it(
    world: Double, config: Config, github: GitHub, plan: str, typed: str
) -> None:
    waiting(world)
    found = approving.waiting(github, config, "")
    with pytest.raises(BlockedError, match="is not plan 7be1c09"):
        approving.agree(found, plan, lambda _: typed, reject=False)
    approving.agree(found, "7be1c090000", None, reject=False)


def test_without_a_terminal_the_plan_has_to_be_named(world: Double, config: Config, github: GitHub) -> None:
    waiting(world)
    with pytest.raises(BlockedError) as raised:
        approving.agree(approving.waiting(github, config, ""), "", None, reject=False)
    assert raised.value.advice == "Add --plan 7be1c09."


def test_no_run_that_waits_is_told_with_what_starts_one(config: Config, github: GitHub) -> None:
    with pytest.raises(BlockedError, match=r"No run of deploy-prod.yml waits") as raised:
        approving.waiting(github, config, "")
    assert "inv dispatch" in raised.value.advice


def test_of_several_runs_that_wait_one_has_to_be_named(world: Double, config: Config, github: GitHub) -> None:
    numbers = {waiting(world), waiting(world)}
    with pytest.raises(UsageError, match="2 runs wait") as raised:
        approving.waiting(github, config, "")
    assert all(str(number) in raised.value.advice for number in numbers)


@pytest.mark.parametrize("words", ["abc", "12x", "https://example.com/runs/12", "-1"])
def test_words_that_name_no_run_are_refused(config: Config, github: GitHub, words: str) -> None:
    with pytest.raises(UsageError, match="is not a workflow run"):
        approving.waiting(github, config, words)


def test_a_run_that_does_not_exist_is_told(config: Config, github: GitHub) -> None:
    with pytest.raises(CannotReadError, match="There is no run 12 in acme/cms"):
        approving.waiting(github, config, "12")


def test_a_run_that_does_not_wait_is_told_with_where_it_stands(
    world: Double, config: Config, github: GitHub
) -> None:
    number = waiting(world, status="in_progress", waiting_for=None)
    with pytest.raises(BlockedError, match="does not wait for an approval of production: it is in_progress"):
        approving.waiting(github, config, str(number))


def test_who_may_not_review_is_told_who_may(world: Double, config: Config, github: GitHub) -> None:
    world.forge.protect_environment("production", ["grace", "joan"])
    waiting(world)
    with pytest.raises(BlockedError, match="may not review") as raised:
        approving.waiting(github, config, "")
    assert raised.value.advice.startswith("grace, joan may")


def test_a_run_without_a_plan_is_not_approved_blindly(world: Double, config: Config, github: GitHub) -> None:
    number = waiting(world, jobs=(Job(1, "plan", "completed", "success"),))
    with pytest.raises(BlockedError, match=f"Run {number} has not said which plan"):
        approving.waiting(github, config, "")


def test_a_token_that_may_look_and_not_review_is_told_the_permission(
    world: Double, config: Config, github: GitHub
) -> None:
    waiting(world)
    world.forge.permissions[world.forge.token] = {"actions": "read", "checks": "read"}
    found = approving.waiting(github, config, "")
    with pytest.raises(EffectError) as raised:
        approving.review(github, found, approved=True, comment="")
    assert "Deployments: write" in raised.value.advice
