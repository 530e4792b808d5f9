"""The record as a lock: what claims it, and two machines that want it at once, over real git."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import BlockedError, CannotReadError, LockLostError
from release.model.record import Holder, Record, decode, encode
from release.model.repository import Remote
from release.observe.world import look_again, observe
from release.run import lock
from tests.unit.worlds import BASES, NOTHING, SOUND, subject_of

if TYPE_CHECKING:
    from pathlib import Path

    from release.model.world import World
    from release.systems.ops import Ops
    from release.testing import Double

THIS, OTHER = subject_of(BASES[0], "1.2.4"), subject_of(BASES[1], "1.3.0")
ADA = Holder(who="ada", where="laptop:/work", run="1", url="https://ci.example.com/1")


def wanted(**changes: object) -> Record:
    """The record of a release that wants the lock."""
    record = Record(environment="production", nonce="", holder=ADA, subject=THIS, outcome="running")
    return msgspec.structs.replace(record, **changes)


@given(st.floats(0, 1e10))
def test_a_record_that_nobody_holds_is_claimed(now: float) -> None:
    assert lock.claim(None, wanted(), now, orphaned=False) == wanted()
    free = wanted(holder=None, lease_until=1e12, subject=OTHER)
    assert lock.claim(free, wanted(), now, orphaned=False) == wanted()


@given(st.floats(0, 1e9), st.floats(0.001, 1e6))
def test_the_lease_and_the_longest_write_have_to_pass(until: float, more: float) -> None:
    held = wanted(lease_until=until)
    end = until + lock.LONGEST_WRITE
    assert lock.claim(held, wanted(), end + more, orphaned=False) == wanted()
    assert lock.claim(held, wanted(), end, orphaned=False) == lock.Wait(end, "ada on laptop:/work")


def test_the_gone_run_of_this_checkout_is_not_waited_for() -> None:
    assert lock.claim(wanted(lease_until=1e12), wanted(), 0, orphaned=True) == wanted()


def test_another_release_is_not_waited_for_and_its_run_is_named() -> None:
    with pytest.raises(BlockedError) as raised:
        lock.claim(wanted(lease_until=10, subject=OTHER), wanted(), 0, orphaned=False)
    assert "ada on laptop:/work is releasing cms-v1.3.0 to production right now" in raised.value.what
    assert "(https://ci.example.com/1)" in raised.value.what


def test_a_deployment_waits_for_another_one() -> None:
    held = wanted(lease_until=10, subject=OTHER)
    assert isinstance(lock.claim(held, wanted(), 0, orphaned=False, patient=True), lock.Wait)


@given(st.booleans(), st.floats(0, 1e12), st.sampled_from(["running", "failed", "released"]))
def test_a_record_survives_being_written_and_read(healthy: bool, until: float, outcome: str) -> None:  # noqa: FBT001
    record = wanted(
        healthy=healthy, lease_until=until, outcome=outcome, burnt=("1.2.4",), before={"cms": "v"}
    )
    assert decode(encode(record)) == record


@pytest.mark.parametrize("document", [b"", b"{", b"[]", b'{"schema": 1}', b"null", b"\xff"])
def test_a_torn_record_cannot_be_read(document: bytes) -> None:
    with pytest.raises(CannotReadError, match="cannot be understood"):
        decode(document)


def test_a_record_of_a_newer_tool_asks_for_an_update() -> None:
    with pytest.raises(CannotReadError, match=r"newer version of this tool \(schema 99\)"):
        decode(b'{"schema": 99}')


def held_by(ops: Ops, world: World, *, who: str = "ada") -> World:
    """The world after this machine took the lock."""
    holder = msgspec.structs.replace(lock.holder(ops), who=who)
    return lock.acquire(ops, world, wanted(holder=holder), unheard)


def unheard(_: str) -> None:
    """Nothing listens."""


def test_of_two_machines_at_once_exactly_one_gets_the_lock(double: Double) -> None:
    roots = [double.root, *(double.clone(f"machine{number}") for number in range(3))]

    def race(root: Path) -> str:
        with double.ops(root=root) as ops:
            try:
                held_by(ops, SOUND)
            except LockLostError:
                return "lost"
            return "won"

    with ThreadPoolExecutor(4) as lanes:
        assert sorted(lanes.map(race, roots)) == ["lost", "lost", "lost", "won"]


def test_a_deployment_that_another_forestalls_looks_again_and_a_release_is_refused(double: Double) -> None:
    for environment, ends in (("staging", lock.StaleError), ("production", LockLostError)):
        with (
            double.ops(environment) as ops,
            double.ops(environment, root=double.clone(environment)) as theirs,
        ):
            seen = observe(ops)
            held_by(theirs, observe(theirs), who="bob")
            with pytest.raises(ends):
                held_by(ops, seen)


def test_a_lock_is_renewed_and_given_back(double: Double) -> None:
    with double.ops() as ops:
        world = held_by(ops, observe(ops))
        first = world.record
        double.clock.advance(60)
        world = lock.renew(ops, world, bookmark="0001")
        lock.prove(ops, world)
        assert isinstance(first, Record)
        assert isinstance(world.record, Record)
        assert world.record.lease_until == first.lease_until + 60
        assert world.record.nonce != first.nonce
        free = lock.swap(ops, world, msgspec.structs.replace(world.record, holder=None))
        assert look_again(ops, free, ("remote", "record")).record == free.record


def test_who_lost_the_lock_writes_nothing_more(double: Double) -> None:
    other = double.clone()
    with double.ops() as ops, double.ops(root=other) as theirs:
        mine = held_by(ops, observe(ops))
        double.clock.advance(100_000)
        held_by(theirs, observe(theirs), who="bob")
        for attempt in (lock.prove, lock.renew):
            with pytest.raises(LockLostError, match="Another run has taken the record"):
                attempt(ops, mine)


def test_a_live_holder_is_waited_for_until_it_gives_the_lock_back(double: Double) -> None:
    other = double.clone()
    with double.ops() as ops, double.ops(root=other) as theirs:
        held = held_by(ops, observe(ops))

        def give_back(_: float) -> None:
            if len(double.clock.slept) == 3 and isinstance(held.record, Record):
                lock.swap(ops, held, msgspec.structs.replace(held.record, holder=None))

        double.clock.on_sleep = give_back
        said: list[str] = []
        with pytest.raises(lock.StaleError, match="The record changed"):
            lock.acquire(theirs, observe(theirs), wanted(holder=lock.holder(theirs)), said.append)
        assert double.clock.slept == [5.0] * 3
        assert "waiting 610 s at most" in said[0]


def test_a_dead_holder_s_lock_is_taken_after_its_lease(double: Double) -> None:
    other = double.clone()
    with double.ops() as ops, double.ops(root=other) as theirs:
        held_by(ops, observe(ops))
        began = double.clock.now()
        world = held_by(theirs, observe(theirs), who="bob")
        assert isinstance(world.record, Record)
        assert world.record.holder is not None
        assert world.record.holder.who == "bob"
        assert double.clock.now() - began > ops.config.lease + lock.LONGEST_WRITE


def test_a_remote_that_refuses_the_namespace_is_told_with_the_setting(double: Double) -> None:
    hook = double.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ncase $1 in refs/heads/*) ;; *) echo 'no such namespace' >&2; exit 1;; esac\n")
    hook.chmod(0o755)
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert outcome.failure is not None
    assert "The remote does not take refs/release/production" in outcome.failure.what
    assert "no such namespace" in outcome.failure.what
    assert "`record_ref` in [tool.release]" in outcome.failure.advice


def test_another_ref_can_hold_the_record(tmp_path: Path) -> None:
    from release.testing import CONFIG, double

    config = CONFIG.replace(
        "[tool.release]\n", '[tool.release]\nrecord_ref = "refs/heads/records/{environment}"\n'
    )
    with double(tmp_path, overlay={"pyproject.toml": config}) as world:
        assert world.release().outcome == "released"
        assert world.git("rev-parse", "refs/heads/records/production", cwd=world.forge.repository)


def test_a_remote_that_was_not_read_holds_no_lock(double: Double) -> None:
    import dataclasses

    with double.ops() as ops:
        world = dataclasses.replace(SOUND, remote=NOTHING)
        with pytest.raises(CannotReadError, match="The remote could not be read"):
            lock.swap(ops, world, wanted())
        with pytest.raises(LockLostError, match="record is gone"):
            lock.renew(ops, SOUND)


def test_a_ci_run_is_named_with_its_address(double: Double) -> None:
    double.environ.update({"GITHUB_RUN_ID": "7", "GITHUB_ACTOR": "bob"})
    with double.ops() as ops:
        holder = lock.holder(ops)
    assert (holder.who, holder.url) == ("bob", f"{double.forge.server_url}/acme/cms/actions/runs/7")


def test_a_pulse_keeps_the_lease_and_hands_the_newest_record_on(double: Double) -> None:
    with double.ops() as ops:
        world = held_by(ops, observe(ops))
        pulse = lock.Pulse(ops, world)
        with pulse.beating():
            pulse.world = lock.renew(ops, world, bookmark="beat")
        after = pulse.onto(world)
        assert isinstance(after.record, Record)
        assert isinstance(after.remote, Remote)
        assert after.record.bookmark == "beat"
        lock.prove(ops, after)
