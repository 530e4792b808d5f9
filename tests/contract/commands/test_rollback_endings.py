"""How a rollback ends: half way, unhealthy, without an answer, interrupted; each says what is live and what to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.commands.status import course as status
from release.model.record import Record, decode, encode
from release.systems.cloudflare.api import Cloudflare
from tests.contract.commands.rollbacks import WORKER, back, rolled_back, text, verified

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from release.testing import Double


@pytest.fixture
def rolled(double: Double) -> Double:
    """1.2.4 serves: 1.3.0 was released over it, and rolled back."""
    return rolled_back(double)


def test_half_way_is_told_by_every_command_until_it_is_whole(double: Double) -> None:
    assert double.release().outcome == "released"

    def refuse_mcp(request: Request) -> Response | None:
        is_mcp = request.method == "POST" and "mcp-production/deployments" in request.path
        return Response("{}", 500) if is_mcp else None

    double.cloud.before = refuse_mcp
    outcome = back(double, despite_migrations=True)
    assert (outcome.exit_code, outcome.next) == (3, "inv rollback")
    assert outcome.failure is not None
    assert "cms went to cms-v1.2.3, mcp did not" in outcome.failure.standing
    assert "production: mcp" in dict(outcome.failure.state)["live now"]
    double.cloud.before = None
    assert double.plan().as_json()["rolled_back"]["remaining"] == ["mcp"]
    assert "not complete" in text(double.plan())
    assert verified(double).exit_code == 1


def test_nothing_moved_is_exit_1_and_says_that_production_is_unchanged(rolled: Double) -> None:
    rolled.cloud.before = lambda request: Response("{}", 500) if request.method == "POST" else None
    outcome = back(rolled, "cms-v1.3.0")
    assert outcome.exit_code == 1
    assert outcome.failure is not None
    assert "Production is unchanged" in outcome.failure.standing


def no_answer(world: Double) -> None:
    url = "RELEASE_PRODUCTION_URL"
    world.environ[url] = "http://127.0.0.1:9"  # the discard port: nothing listens


def unwell(world: Double) -> None:
    world.runtime.behaviour[world.script("cms")] = lambda *_: Response("down", 500)


@pytest.mark.parametrize(
    ("fault", "said", "following"),
    [
        (no_answer, "whether it is healthy is unknown: it did not answer", "inv verify"),
        (unwell, "is not healthy", "inv verify"),
    ],
)
def test_no_answer_is_not_unhealthy_and_every_ending_says_what_is_live(
    rolled: Double, fault: Callable[[Double], None], said: str, following: str
) -> None:
    assert back(rolled, "cms-v1.3.0").exit_code == 0
    fault(rolled)
    outcome = back(rolled)
    assert (outcome.exit_code, outcome.next) == (3, following)
    assert said in text(outcome)
    assert text(outcome).count("(cms-v1.2.4)") == 2
    assert ("unhealthy too" in text(outcome)) is (fault is unwell)


def test_forward_to_what_is_still_bad_says_to_go_back(rolled: Double) -> None:
    unwell(rolled)
    outcome = back(rolled, "cms-v1.3.0")
    assert (outcome.exit_code, outcome.next) == (3, "inv rollback")


def test_on_staging_two_commits_of_one_number_are_told_apart(double: Double) -> None:
    assert double.deploy().exit_code == 0
    first = double.git("rev-parse", "HEAD")
    double.ci = False
    second = double.commit(WORKER)
    assert double.deploy().exit_code == 0
    outcome = back(double, environment="staging", despite_migrations=True)
    assert outcome.exit_code == 0, text(outcome)
    environments = status.as_json(status.read(double.root, double.environ))["environments"]
    found = environments["staging"]["rolled_back"]
    assert found["burnt"] is None
    assert f"{second[:7]} to {first[:7]}" in "\n".join(status.lines(status.read(double.root, double.environ)))


def test_a_person_who_interrupts_is_told_what_is_live(
    rolled: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Cloudflare.deploy_version, list[str]()

    def once(self: Cloudflare, script: str, version_id: str, message: str) -> None:
        calls.append(script)
        if len(calls) > 1:
            raise KeyboardInterrupt
        real(self, script, version_id, message)

    monkeypatch.setattr(Cloudflare, "deploy_version", once)
    outcome = back(rolled, "cms-v1.3.0")
    assert (outcome.exit_code, outcome.next) == (3, "inv rollback cms-v1.3.0")
    assert outcome.failure is not None
    assert outcome.failure.what == "Interrupted (Ctrl-C)."
    assert "cms went to cms-v1.3.0, mcp did not" in outcome.failure.standing
    assert rolled.plan().rolled_back is not None


def test_a_record_without_a_rollback_is_what_it_was() -> None:
    record = Record(environment="production", nonce="n")
    assert (record.rollback, record.served) == (None, {})
    assert decode(encode(record)) == record
