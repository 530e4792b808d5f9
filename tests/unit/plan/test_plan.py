"""The plan: its hash covers the whole intent, and nothing of a run's progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import BlockedError, UsageError
from release.model.request import Request
from release.plan.plan import Plan, PlannedWrite, drift, read_plan, write_plan
from release.rehearsal.cloud.memory_runtime import well_behaved
from tests.contract.release_facts import record_of

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double

WORD = st.text(max_size=12)
WRITES = st.builds(PlannedWrite, step=WORD, system=WORD, target=WORD, what=WORD)
PLANS = st.builds(
    Plan,
    app=WORD,
    environment=WORD,
    base=WORD,
    previous=st.none() | WORD,
    version=WORD,
    tag=WORD,
    commit=WORD,
    steps=st.lists(WORD).map(tuple),
    writes=st.lists(WRITES, max_size=3).map(tuple),
    migrations=st.dictionaries(WORD, WORD),
    serving=st.dictionaries(WORD, WORD),
    ledger=st.none() | WORD,
)
OTHER: dict[str, Any] = {
    "request": Request(reason="another"),
    "app": "another",
    "environment": "elsewhere",
    "base": "0" * 40,
    "previous": "9.9.9",
    "version": "9.9.9",
    "tag": "other",
    "commit": "0" * 40,
    "steps": ("only",),
    "migrations": {"9999.sql": "x"},
    "writes": (PlannedWrite(step="s", system="x", target="t", what="w" * 200),),
    "serving": {"mcp": "other"},
    "ledger": "9999.sql",
    "changes": ("cms: - var SMTP_HOST",),
}


@given(PLANS)
def test_a_plan_is_its_hash_after_writing_and_reading(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan
) -> None:
    file = tmp_path_factory.getbasetemp() / "plan.json"
    write_plan(plan, file)
    again = read_plan(file)
    assert (again, again.hash, again.short) == (plan, plan.hash, plan.hash[:7])
    assert drift(plan, again) == ()


@given(PLANS, st.sampled_from(Plan.__struct_fields__))
def test_every_field_of_the_intent_changes_the_hash_and_is_told(plan: Plan, field: str) -> None:
    other = msgspec.structs.replace(plan, **{field: OTHER[field]})
    assert other.hash != plan.hash
    assert [told.partition(" was ")[0] for told in drift(plan, other)] == [field]
    assert all(len(told) < 250 for told in drift(plan, other))


def test_the_order_in_which_things_were_read_does_not_change_the_hash() -> None:
    plan = Plan(
        app="cms",
        environment="production",
        base="b",
        previous=None,
        version="1",
        tag="t",
        commit="c",
        steps=(),
        writes=(),
        migrations={"1.sql": "a", "2.sql": "b"},
        serving={"mcp": "1", "cms": "2"},
        ledger=None,
    )
    turned = msgspec.structs.replace(
        plan, migrations=dict(reversed(plan.migrations.items())), serving=dict(reversed(plan.serving.items()))
    )
    assert turned.hash == plan.hash


def test_a_run_that_is_half_done_is_no_drift(double: Double, tmp_path: Path) -> None:
    """The approval holds for the rerun too: an approver is asked once for one intent."""
    file = tmp_path / "plan.json"
    double.plan(output=file)
    hook = double.forge.repository / "hooks" / "update"
    hook.write_text("#!/bin/sh\ntest $1 != refs/heads/main\n")
    hook.chmod(0o755)
    first = double.release(plan_file=file)
    hook.unlink()
    assert first.outcome == "unrecorded"
    assert record_of(double).plan_hash == first.plan == read_plan(file).hash
    second = double.release(plan_file=file)
    assert (second.outcome, second.plan) == ("released", first.plan)


def test_a_deployment_by_hand_after_the_approval_is_drift(double: Double, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    double.plan(output=file)
    with double.ops() as ops:
        path = f"{double.cloud.base_url}/accounts/acc0/workers/scripts/{double.script('cms')}/secrets"
        token = {"authorization": f"Bearer {double.cloud.token}"}
        ops.http.send("PUT", path, headers=token, json={"name": "A", "text": "b", "type": "secret_text"})
    outcome = double.release(plan_file=file)
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "serving was" in outcome.problems[-1].what
    assert "have that approved" in outcome.problems[-1].advice


def test_main_that_moved_on_to_a_descendant_after_the_approval_is_no_drift(
    double: Double, tmp_path: Path
) -> None:
    file = tmp_path / "plan.json"
    double.plan(output=file)
    double.merge({"readme": "later"})
    assert double.release(plan_file=file).outcome == "released"


def test_a_release_that_got_ill_and_is_begun_again_keeps_its_plan(double: Double) -> None:
    from werkzeug.wrappers import Response

    script = double.script("cms")
    double.runtime.behaviour[script] = lambda loaded, request: (
        Response("", 500) if loaded.number == "1.2.4" else well_behaved(loaded, request)
    )
    first = double.release()
    assert double.plan().plan == first.plan == double.release().plan


def test_a_plan_that_cannot_be_written_or_read_says_so(tmp_path: Path) -> None:
    plan = Plan(
        app="",
        environment="",
        base="",
        previous=None,
        version="",
        tag="",
        commit="",
        steps=(),
        writes=(),
        migrations={},
        serving={},
        ledger=None,
    )
    with pytest.raises(BlockedError, match="cannot be written: Is a directory"):
        write_plan(plan, tmp_path)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_plan(tmp_path)
