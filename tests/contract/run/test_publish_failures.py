"""A publish that goes wrong: what is said, what is true then, and that the same command ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.commands.unlock.course import unlock
from release.errors import UsageError
from release.rehearsal.loopback import DropConnection
from release.systems.git.content import record_commit
from release.testing import Recorder, approve
from release.testing import double as opened
from release.testing.npm import tarball
from release.testing.packages import files
from tests.contract.publish_facts import had, published, release_once, released
from tests.contract.release_facts import everything, record_of, remote, tags, told
from tests.contract.run.test_release_unrecorded import refuse_pushes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.model.outcome import Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A double with two packages; api 1.3.0 is released, and one commit to it is not."""
    with opened(tmp_path, overlay=files()) as world:
        release_once(world)
        yield world


def once_put(world: Double, then: str) -> None:
    """After the upload was taken its answer is lost; with `then` "silent" the registry is gone from then on."""

    def after(request: Request, response: Response) -> Response:
        if request.method == "PUT":
            world.registry.after = None
            if then == "silent":
                world.registry.before = lambda _: (_ for _ in ()).throw(DropConnection())
            raise DropConnection
        return response

    world.registry.after = after


def test_an_answer_that_is_lost_is_no_failure(double: Double) -> None:
    once_put(double, "well")
    released(double.publish("api"), "1.3.1")
    assert published(double) == ["1.3.0", "1.3.1"]


def test_a_registry_that_dies_between_publish_and_answer_is_told_and_finished(double: Double) -> None:
    once_put(double, "silent")
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "Whether it is published could not be read" in told(outcome)
    assert "api-v1.3.1" not in tags(double)
    double.registry.before = None
    again = double.publish("api", "major")
    released(again, "1.3.1")
    assert (again.decision, double.registry.writes.count("@double/api@1.3.1")) == ("finish", 1)


def test_a_registry_that_is_gone_blocks_with_the_reason(double: Double) -> None:
    before = everything(double)
    double.registry.stop()
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code, everything(double)) == ("blocked", 4, before)
    assert "cannot be read: no connection" in told(outcome)


def test_a_bad_token_blocks_before_anything_is_written(double: Double) -> None:
    before = everything(double)
    outcome = double.publish("api", environ={**double.environ, "NODE_AUTH_TOKEN": "wr0ng-t0ken"})
    assert (outcome.exit_code, everything(double)) == (4, before)
    assert "npm token" in told(outcome)
    assert "wr0ng" not in told(outcome)


def test_a_token_that_may_not_publish_leaves_the_registry_unchanged(double: Double) -> None:
    double.registry.before = lambda request: (
        Response('{"error": "you may not publish"}', 403, content_type="application/json")
        if request.method == "PUT"
        else None
    )
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert "The registry forbids it (E403)" in told(outcome)
    assert "Not published. The registry is unchanged." in told(outcome)
    double.registry.before = None
    released(double.publish("api"), "1.3.1")


def test_a_registry_that_echoes_the_token_reveals_nothing(double: Double) -> None:
    token = double.environ["NODE_AUTH_TOKEN"]
    double.registry.before = lambda request: (
        Response(request.headers["authorization"], 403, content_type="text/plain")
        if request.method == "PUT"
        else None
    )
    recorder = Recorder()
    outcome = double.publish("api", listener=recorder)
    assert outcome.exit_code == 1
    journal = (double.root / ".release" / "journal.ndjson").read_text()
    assert "***" in told(outcome)
    assert token not in f"{outcome} {told(outcome)} {recorder.lines} {journal} {record_of(double, 'api')}"


def test_without_a_token_it_says_how_to_get_one(double: Double) -> None:
    environ = {name: value for name, value in double.environ.items() if name != "NODE_AUTH_TOKEN"}
    with pytest.raises(UsageError, match="no npm token, and no trusted publishing"):
        double.publish("api", environ=environ)


def test_a_number_that_another_content_has_is_never_published_over(double: Double) -> None:
    had(double, "1.3.1", content="somebody else's")
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert "@double/api@1.3.1 is taken: the registry has it with different content." in told(outcome)
    assert "api-v1.3.1" not in tags(double)


def test_a_version_that_no_tag_records_keeps_every_other_number_from_being_used(double: Double) -> None:
    had(double, "1.4.0")
    outcome = double.publish("api")
    assert (outcome.exit_code, len(published(double))) == (4, 2)
    assert "The registry has 1.4.0 of api, which no tag records." in told(outcome)
    assert "tag that commit api-v1.4.0" in told(outcome)


def test_somebody_who_publishes_the_same_content_meanwhile_has_done_the_work(double: Double) -> None:
    def before(request: Request) -> None:
        if request.method == "PUT":
            double.registry.before = None
            (kept,) = (double.root / ".release" / "packages" / "api").rglob("*.tgz")
            manifest = {"name": "@double/api", "version": "1.3.1"}
            double.registry.put("@double/api", manifest, kept.read_bytes())

    double.registry.before = before
    released(double.publish("api"), "1.3.1")
    assert double.registry.writes.count("@double/api@1.3.1") == 1


def test_somebody_who_publishes_another_content_meanwhile_is_told_of(double: Double) -> None:
    def before(request: Request) -> None:
        if request.method == "PUT":
            double.registry.before = None
            had(double, "1.3.1", content="quicker")

    double.registry.before = before
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert "E409" in told(outcome)
    again = double.publish("api")
    assert "is taken" in told(again)
    assert double.registry.tarballs["@double/api/api-1.3.1.tgz"] == tarball(
        {"package.json": b"{}", "content": b"quicker"}
    )


def test_two_at_once_end_with_one_version_and_one_who_is_told(double: Double) -> None:
    other = double.clone()
    ended: list[Outcome] = []

    def gate(preview: Preview) -> Granted:
        if not ended:
            ended.append(double.publish("api", root=other))
        return approve(preview)

    first = double.publish("api", gate=gate)
    assert (ended[0].exit_code, first.exit_code) in {(0, 0), (0, 4)}, told(first)
    assert double.registry.writes.count("@double/api@1.3.1") == 1
    assert double.publish("api").exit_code in {0, 5}


def test_a_push_that_is_refused_is_told_and_only_recorded_by_the_rerun(double: Double) -> None:
    hook = refuse_pushes(double)
    outcome = double.publish("api", "minor")
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "api-v1.4.0 is published, and not recorded yet." in told(outcome)
    hook.unlink()
    again = double.publish("api")
    released(again, "1.4.0")
    assert [step.name for step in again.steps] == ["read-back", "record", "github-release", "verify"]
    assert double.registry.writes.count("@double/api@1.4.0") == 1


def test_a_published_version_is_finished_from_another_machine(double: Double) -> None:
    hook = refuse_pushes(double)
    double.publish("api")
    hook.unlink()
    other = double.clone()
    double.clock.advance(1000)
    released(double.publish("api", root=other), "1.3.1")
    assert double.registry.writes.count("@double/api@1.3.1") == 1


def test_a_record_that_is_lost_is_made_up_by_the_content(double: Double) -> None:
    hook = refuse_pushes(double)
    double.publish("api", "minor")
    hook.unlink()
    double.git("update-ref", "-d", "refs/release/api", cwd=double.forge.repository)
    refused = double.publish("api")
    assert (refused.exit_code, "which no tag records" in told(refused)) == (4, True)
    released(double.publish("api", "minor"), "1.4.0")
    assert double.registry.writes.count("@double/api@1.4.0") == 1


def test_a_registry_that_hands_out_something_else_is_not_recorded(double: Double) -> None:
    def after(request: Request, response: Response) -> Response:
        if request.path.endswith("1.3.1.tgz"):
            response.set_data(b"something else")
        return response

    double.registry.after = after
    outcome = double.publish("api")
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    assert "packed was sha512-" in told(outcome)
    assert "api-v1.3.1" not in tags(double)
    double.registry.after = None
    released(double.publish("api"), "1.3.1")


def test_a_registry_that_shows_a_version_late_is_waited_for(double: Double) -> None:
    hidden = {"left": 3, "put": 0}

    def after(request: Request, response: Response) -> Response:
        hidden["put"] += request.method == "PUT"
        if request.method == "GET" and "/-/" not in request.path and hidden["put"] and hidden["left"]:
            hidden["left"] -= 1
            response.set_data(response.get_data().replace(b'"1.3.1"', b'"0.0.1"'))
        return response

    double.registry.after = after
    released(double.publish("api"), "1.3.1")
    assert sum(double.clock.slept) >= 2


def test_a_dead_runs_lock_is_freed_by_the_targets_name(double: Double) -> None:
    held = []

    def before(request: Request) -> None:
        if request.method == "PUT":
            held.append(record_of(double, "api"))

    double.registry.before = before
    double.publish("api")
    with double.ops() as ops:
        oid, objects = record_commit(held[0], int(double.clock.now()), remote(double, "main"))
        ops.git.store(objects)
        ops.git.push([f"+{oid}:refs/release/api"], {})
    outcome = unlock(double.root, double.environ, "api", lambda *_: None, Recorder(), connect=double.connect)
    assert (outcome.outcome, record_of(double, "api").holder) == ("unlocked", None)
    with pytest.raises(UsageError, match='Unknown environment "apo"'):
        unlock(double.root, double.environ, "apo", lambda *_: None, Recorder(), connect=double.connect)


def test_a_failing_test_leaves_everything_unchanged(tmp_path: Path) -> None:
    red = {"extensions/plugin.py": files()["extensions/plugin.py"].replace('("true",)', '("false",)')}  # type: ignore[arg-type]
    with opened(tmp_path, overlay={**files(), **red}) as world:
        before = everything(world)
        outcome = world.publish("api")
        assert (outcome.outcome, outcome.exit_code, everything(world)) == ("failed", 1, before)
        assert "Not published. The registry is unchanged." in told(outcome)
        assert record_of(world, "api").subject is None
