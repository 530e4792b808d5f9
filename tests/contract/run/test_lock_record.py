"""The record of an environment as a lock and a memory, on a real remote (the design's section 7)."""

from __future__ import annotations

import fcntl
import subprocess
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from werkzeug.wrappers import Response

from release.errors import LockLostError
from release.model.record import Record
from release.model.release import Release
from release.observe.world import look_again, observe
from release.run import lock
from release.systems.machine.checkout_lock import checkout_name
from release.systems.machine.local_folder import local_folder
from release.testing import CONFIG, Recorder
from release.testing import double as opened
from tests.contract.record_on_remote import (
    REF,
    At,
    coming,
    deployed,
    hold,
    put_document,
    put_record,
    record_of,
    refs,
    refuse,
)

if TYPE_CHECKING:
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.testing import Double

EMPTY = Record(environment="production", nonce="")


def test_of_two_that_swap_the_same_record_one_gets_it(double: Double) -> None:
    with double.ops() as ada, double.ops() as bob:
        first, oid = lock.put(ada, EMPTY, None)
        with pytest.raises(LockLostError):
            lock.put(bob, EMPTY, None)
        assert refs(double)[REF] == oid
        assert record_of(double).nonce == first.nonce


def test_the_same_document_twice_is_two_objects(double: Double) -> None:
    with double.ops() as ada, double.ops() as bob:
        _, first = lock.put(ada, EMPTY, None)
        _, second = lock.put(bob, EMPTY, first)
        assert first != second
        with pytest.raises(LockLostError):
            lock.put(ada, EMPTY, first)
        assert refs(double)[REF] == second


def test_a_lease_is_renewed_while_a_long_effect_runs(tmp_path: Path) -> None:
    with opened(tmp_path, overlay={"pyproject.toml": "[tool.release]\nlease = 60\n" + _rest()}) as world:
        hold(world)
        beaten = threading.Event()
        with world.ops() as ops:
            msgspec.structs.force_setattr(ops.config, "lease", 0.1)
            pulse = lock.Pulse(ops, observe(ops))
            before = refs(world)[REF]
            with pulse.beating():
                while refs(world)[REF] == before:
                    beaten.wait(0.02)
            kept = pulse.onto(look_again(ops, observe(ops), ()))
        assert record_of(world).holder == kept.record.holder  # type: ignore[union-attr]
        assert record_of(world).nonce == kept.record.nonce  # type: ignore[union-attr]


def _rest() -> str:
    return CONFIG.removeprefix("[tool.release]\n")


def test_a_record_that_is_lost_during_a_deploy_stops_the_run_before_its_next_write(double: Double) -> None:
    def taken(request: Request) -> None:
        if request.method == "POST" and request.path.endswith("mcp-production/deployments"):
            put_record(double, nonce="bob", holder=None, outcome="failed")

    double.cloud.before = taken
    outcome = double.release()
    assert outcome.exit_code == 3
    assert outcome.failure is not None
    assert "Another run" in outcome.failure.what
    assert deployed(double) == ["mcp"]
    assert record_of(double).nonce == "bob"


@pytest.mark.parametrize("step", ["record", "github-release", "verify"])
def test_a_run_that_wakes_after_a_takeover_does_not_take_the_new_record_for_its_own(
    double: Double, step: str
) -> None:
    def taken() -> None:
        put_record(double, nonce="bob", holder=None, outcome="rolled-back", burnt=("1.2.4",))

    outcome = double.release(listener=At(step, taken))
    assert outcome.exit_code == 3
    assert record_of(double).nonce == "bob"
    assert ("refs/tags/cms-v1.2.4" in refs(double)) is (step != "record")


def test_a_rerun_elsewhere_waits_for_the_lease_and_the_longest_write(double: Double) -> None:
    hold(double, lease=40)
    listener = Recorder()
    outcome = double.release(root=double.clone(), listener=listener)
    assert outcome.outcome == "released"
    waits = [line for line in listener.lines if "bob on laptop:/cms may still be at work: waiting" in line]
    assert waits[0].endswith("waiting 350 s at most")
    assert waits[-1] != waits[0]
    assert sum(double.clock.slept) >= 40 + lock.LONGEST_WRITE


def test_the_wait_ends_when_the_record_changes(double: Double) -> None:
    hold(double)

    def given_back(_: float) -> None:
        if len(double.clock.slept) == 2:
            put_record(double, holder=None, outcome="failed", nonce="given back")

    double.clock.on_sleep = given_back
    listener = Recorder()
    assert double.release(listener=listener).outcome == "released"
    assert sum("waiting" in line for line in listener.lines) == 2
    assert any("Looking again" in line for line in listener.lines)


def test_another_release_is_told_who_holds_the_record(double: Double) -> None:
    hold(double, subject=coming(double, version="9.0.0", tag="cms-v9.0.0"))
    outcome = double.release()
    assert outcome.exit_code == 4
    assert outcome.failure is not None
    assert "bob on laptop:/cms is releasing cms-v9.0.0" in outcome.failure.what
    assert "https://ci.example.com/7" in outcome.failure.what
    assert "inv unlock" in outcome.failure.advice
    assert deployed(double) == []


def test_another_release_takes_over_when_the_lease_and_the_longest_write_are_over(double: Double) -> None:
    hold(double, lease=40, subject=coming(double, version="9.0.0", tag="cms-v9.0.0", commit="0" * 40))
    double.clock.advance(40 + lock.LONGEST_WRITE + 1)
    assert double.release().outcome == "released"
    assert record_of(double).holder is None


def test_the_same_checkout_does_not_wait_for_a_run_of_its_own_that_died(double: Double) -> None:
    hold(double, checkout=checkout_name(double.root))
    listener = Recorder()
    assert double.release(listener=listener).outcome == "released"
    assert not any("waiting" in line for line in listener.lines)


def test_the_same_checkout_waits_for_an_orphan_that_inherited_its_lock_file(double: Double) -> None:
    with (local_folder(double.root) / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        orphan = subprocess.Popen(["cat"], stdin=subprocess.PIPE, pass_fds=[held.fileno()])
    listener = At("another run in this checkout", orphan.communicate)
    assert double.release(listener=listener).outcome == "released"
    assert listener.is_over
    assert orphan.returncode == 0


def test_a_remote_that_refuses_the_namespace_is_named_with_the_setting_for_another(double: Double) -> None:
    refuse(double, "refs/release/*")
    outcome = double.release()
    assert outcome.exit_code == 4
    assert outcome.failure is not None
    assert "does not take refs/release/production" in outcome.failure.what
    assert "record_ref" in outcome.failure.advice
    assert deployed(double) == []


def test_the_record_may_live_in_another_ref(tmp_path: Path) -> None:
    setting = '[tool.release]\nrecord_ref = "refs/heads/records/{environment}"\n'
    with opened(tmp_path, overlay={"pyproject.toml": setting + _rest()}) as world:
        refuse(world, "refs/release/*")
        assert world.release().outcome == "released"
        assert record_of(world, "refs/heads/records/production").outcome == "released"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b'{"schema": 1, "environ', "cannot be understood"),
        (b'{"schema": 99, "environment": "production", "nonce": "n", "mode": "new"}', "newer version"),
        (b"[]", "cannot be understood"),
        (b"{}", "cannot be understood"),
    ],
)
def test_a_record_that_cannot_be_read_blocks_and_writes_nothing(
    double: Double, document: bytes, said: str
) -> None:
    commit = put_document(double, document)
    outcome = double.release()
    assert outcome.exit_code == 4
    assert any(said in problem.what for problem in outcome.problems)
    assert refs(double)[REF] == commit
    assert deployed(double) == []


def test_the_record_keeps_what_a_later_run_needs(double: Double) -> None:
    outcome = double.release()
    record = record_of(double)
    assert outcome.release is not None
    assert record.subject is not None
    assert Release.of(record.subject, "production").commit == outcome.release.commit
    assert (record.plan_hash, record.healthy, record.outcome) == (outcome.plan, True, "released")
    assert set(record.before) == {"mcp", "cms"}
    assert record.bookmark
    assert [one.who for one in record.approvals] == ["ada"]


def test_a_release_that_changed_nothing_leaves_no_memory(double: Double) -> None:
    double.cloud.before = _refuse_all_writes
    outcome = double.release()
    assert outcome.exit_code == 1
    record = record_of(double)
    assert (record.holder, record.subject) == (None, None)


def _refuse_all_writes(request: Request) -> Response | None:
    is_read = request.method == "GET" or b"SELECT" in request.get_data()
    return None if is_read else Response("no", 503)
