"""`inv rollback`: back to what served before, by API, whatever else is broken; never forward, never the database."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from release.commands.rollback.course import RollbackOptions, rollback
from release.errors import BlockedError, UsageError
from release.systems.machine.checkout_lock import alone
from release.testing import CONFIG, Recorder
from release.testing import double as opened
from tests.contract.record_on_remote import REF, deployed, hold, record_of, refs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.model.outcome import Outcome
    from release.testing import Double

EMPTY_LIST = '{"success": true, "errors": [], "messages": [], "result": {"items": []}}'


@pytest.fixture
def released(double: Double) -> Double:
    """1.2.4 was released over 1.2.3, and no migration came with 1.2.5, which is live too."""
    assert double.release().outcome == "released"
    double.commit({"apps/cms/worker.js": "export default { fetch: () => new Response('5') };\n"})
    assert double.release().outcome == "released"
    return double


def back(
    world: Double,
    tag: str | None = None,
    *,
    listener: Recorder | None = None,
    **wanted: Any,  # noqa: ANN401
) -> Outcome:
    asked = RollbackOptions("production", tag, **wanted)
    told = listener or Recorder()
    return rollback(world.root, world.environ, asked, lambda *_: None, told, connect=world.connect)


def serving(world: Double) -> dict[str, str | None]:
    """Worker -> tag of what serves."""
    return {name: live.release[0] if live and live.release else None for name, live in lives(world)}


def lives(world: Double) -> Iterator[tuple[str, Any]]:
    with world.ops() as ops:
        for name in ("mcp", "cms"):
            yield name, ops.cloudflare.live(world.script(name))


def test_cms_goes_back_first_then_mcp_to_the_ids_that_were_noted(released: Double) -> None:
    noted, count = record_of(released).before, len(deployed(released))
    outcome = back(released)
    assert (outcome.outcome, outcome.exit_code) == ("rolled-back", 0)
    assert deployed(released)[count:] == ["cms", "mcp"]
    assert {name: live.version_id for name, live in lives(released)} == noted
    assert serving(released) == {"mcp": "cms-v1.2.4", "cms": "cms-v1.2.4"}
    assert [step.name for step in outcome.steps] == ["roll back cms", "roll back mcp", "smoke"]


def test_it_says_what_it_left_for_what_and_why(released: Double) -> None:
    back(released, reason="500s on /pages")
    messages = {live.message for _, live in lives(released)}
    assert messages == {"rollback cms-v1.2.5 -> cms-v1.2.4: 500s on /pages"}
    record = record_of(released)
    assert (record.outcome, record.burnt, record.holder) == ("rolled-back", ("1.2.5",), None)


def test_twice_in_a_row_is_a_no_op_and_no_roll_forward(released: Double) -> None:
    back(released)
    writes, before = len(released.cloud.log), refs(released)
    for _ in range(2):
        outcome = back(released)
        assert (outcome.outcome, outcome.exit_code) == ("nothing", 0)
    assert (len(released.cloud.log), refs(released)) == (writes, before)


def test_the_database_is_never_touched_and_the_way_to_restore_it_is_told(double: Double) -> None:
    double.release()
    bookmark, listener = record_of(double).bookmark, Recorder()
    writes = len(double.cloud.log)
    back(double, despite_migrations=True, listener=listener)
    command = f"wrangler d1 time-travel restore double-production --env production --bookmark={bookmark}"
    assert any(line.strip() == command for line in listener.lines)
    assert not [write for write in double.cloud.log[writes:] if write.path.startswith("/d1")]


def test_a_migration_in_between_is_a_reason_to_refuse_unless_told_otherwise(double: Double) -> None:
    double.release()
    writes = len(double.cloud.log)
    with pytest.raises(BlockedError, match=r"0003_slug\.sql") as refusal:
        back(double)
    assert "--despite-migrations" in refusal.value.advice
    assert len(double.cloud.log) == writes
    assert back(double, despite_migrations=True).exit_code == 0


def test_to_a_tag_whose_versions_are_listed(released: Double) -> None:
    count = len(deployed(released))
    assert back(released, "cms-v1.2.3", despite_migrations=True).exit_code == 0
    assert serving(released) == {"mcp": "cms-v1.2.3", "cms": "cms-v1.2.3"}
    assert deployed(released)[count:] == ["cms", "mcp"]
    assert back(released, "cms-v1.2.3", despite_migrations=True).outcome == "nothing"


def test_to_a_tag_that_cloudflare_no_longer_lists_it_is_deployed_from_the_tag(released: Double) -> None:
    def unlisted(request: Request, response: Response) -> Response:
        is_list = request.method == "GET" and request.path.endswith("/versions")
        return Response(EMPTY_LIST, content_type="application/json") if is_list else response

    released.cloud.after = unlisted
    listener = Recorder()
    outcome = back(released, "cms-v1.2.3", despite_migrations=True, listener=listener)
    assert (outcome.outcome, outcome.exit_code) == ("rolled-back", 0)
    assert serving(released) == {"mcp": "cms-v1.2.3", "cms": "cms-v1.2.3"}
    assert any("deploying it from its tag" in line for line in listener.lines)
    assert released.git("status", "--porcelain") == ""
    assert released.git("worktree", "list").count("\n") == 0


def test_a_tag_that_does_not_exist_is_refused_without_a_write(released: Double) -> None:
    writes = len(released.cloud.log)
    with pytest.raises(UsageError, match=r'Unknown release "cms-v7\.7\.7"'):
        back(released, "cms-v7.7.7", despite_migrations=True)
    assert len(released.cloud.log) == writes


def test_nothing_noted_is_said(double: Double) -> None:
    with pytest.raises(BlockedError, match="No earlier release is on record"):
        back(double)


def test_it_needs_neither_node_nor_plugins_nor_a_clean_tree_nor_github(released: Double) -> None:
    shutil.rmtree(released.root / "node_modules")
    config = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["broken.py"]\n', 1)
    (released.root / "pyproject.toml").write_text(config)
    (released.root / "broken.py").write_text("raise SystemError\n")
    asked: list[str] = []
    released.forge.before = lambda request: asked.append(request.path)
    for name in ("GITHUB_TOKEN", "GITHUB_API_URL"):
        released.environ.pop(name)
    assert back(released).exit_code == 0
    assert asked == []


def test_the_first_write_comes_after_a_handful_of_reads(released: Double) -> None:
    seen: list[str] = []

    def before(request: Request) -> None:
        seen.append(f"{request.method} {request.path.partition('/scripts/')[2]}")

    released.cloud.before = before
    back(released)
    first = next(at for at, line in enumerate(seen) if line.startswith("POST"))
    assert seen[first] == "POST double-cms-production/deployments"
    assert first <= 4, seen[:first]  # what serves, and its mark, of two workers


def test_a_record_that_does_not_answer_in_time_is_done_without(tmp_path: Path) -> None:
    with opened(tmp_path, remote="http") as world:
        world.release()
        is_back = threading.Event()

        def silent(request: Request) -> None:
            if request.path.endswith("/info/refs"):
                is_back.wait(60)

        world.forge.before = silent
        listener = Recorder()
        outcome = back(world, listener=listener)
        is_back.set()
        assert outcome.exit_code == 0
        assert serving(world) == {"mcp": "cms-v1.2.3", "cms": "cms-v1.2.3"}
        assert any("the record cannot be read" in line and "within 1 s" in line for line in listener.lines)


def test_the_ids_stand_in_the_deployments_messages_too(double: Double) -> None:
    double.release()
    double.git("update-ref", "-d", REF, cwd=double.forge.repository)
    assert back(double).exit_code == 0
    assert serving(double) == {"mcp": "cms-v1.2.3", "cms": "cms-v1.2.3"}
    assert back(double).outcome == "nothing"
    assert REF not in refs(double)


def test_half_way_is_said_and_the_same_command_goes_on(released: Double) -> None:
    def refuse_mcp(request: Request) -> Response | None:
        is_mcp = request.method == "POST" and "mcp-production/deployments" in request.path
        return Response("{}", 500) if is_mcp else None

    released.cloud.before = refuse_mcp
    outcome = back(released)
    assert (outcome.exit_code, outcome.next) == (3, "inv rollback")
    assert serving(released) == {"mcp": "cms-v1.2.5", "cms": "cms-v1.2.4"}
    released.cloud.before = None
    assert back(released).exit_code == 0
    assert serving(released) == {"mcp": "cms-v1.2.4", "cms": "cms-v1.2.4"}
    assert record_of(released).burnt == ("1.2.5",)


def test_a_write_whose_answer_is_lost_is_believed_when_cloudflare_serves_it(released: Double) -> None:
    def lost(request: Request, response: Response) -> Response:
        is_write = request.method == "POST" and request.path.endswith("/deployments")
        return Response("gone", 502) if is_write else response

    released.cloud.after = lost
    outcome = back(released)
    assert serving(released)["cms"] == "cms-v1.2.4"
    released.cloud.after = None
    again = back(released)
    assert 0 in {outcome.exit_code, again.exit_code}
    assert serving(released) == {"mcp": "cms-v1.2.4", "cms": "cms-v1.2.4"}


def test_what_served_before_may_be_unhealthy_too_and_that_is_said(released: Double) -> None:
    released.runtime.behaviour[released.script("cms")] = lambda *_: Response("down", 500)
    outcome = back(released)
    assert outcome.exit_code == 3
    assert outcome.failure is not None
    assert "unhealthy too" in outcome.failure.meaning
    assert "D1 was not rolled back" in outcome.failure.advice


def test_a_release_that_runs_elsewhere_is_stopped_first(released: Double) -> None:
    hold(released)
    writes = len(released.cloud.log)
    with pytest.raises(BlockedError, match="bob on laptop:/cms is releasing"):
        back(released, despite_migrations=True)
    assert len(released.cloud.log) == writes


def test_a_run_in_this_checkout_is_stopped_first(released: Double) -> None:
    with alone(released.root, lambda _: None), pytest.raises(BlockedError, match="has not ended"):
        back(released)


def test_a_person_who_does_not_agree_keeps_everything(released: Double) -> None:
    def no(question: str, answer: str) -> None:
        raise BlockedError(f"{question} {answer}: no")

    writes, asked = len(released.cloud.log), RollbackOptions("production")
    with pytest.raises(BlockedError, match="Roll production back"):
        rollback(released.root, released.environ, asked, no, Recorder(), connect=released.connect)
    assert len(released.cloud.log) == writes


def test_the_next_commit_goes_out_under_the_next_number(released: Double) -> None:
    back(released)
    assert released.release().exit_code == 5
    released.commit({"docs/fix.md": "fixed\n"}, "fix: it")
    outcome = released.release()
    assert outcome.release is not None
    assert (outcome.release.version, outcome.exit_code) == ("1.2.6", 0)
