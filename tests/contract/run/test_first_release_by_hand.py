"""The first release over a production that was deployed by hand: what it starts from is said, and asked about."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import msgspec
import pytest
from werkzeug.wrappers import Response

from release.run.approval import Person, usual
from release.testing import Recorder
from release.testing import double as opened
from release.testing.monorepo import NewCommit
from release.views.text import plan_lines
from tests.contract.commands.rollbacks import back
from tests.contract.release_facts import record_of, tags, told, version_id
from tests.contract.run.test_approval import GRACE, released, run_of
from tests.contract.run.test_health_kinds import (
    KINDS,
    Kill,
    KilledError,
    answering,
    as_json,
    configured,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.model.problem import Problem
    from release.testing import Double

OK = KINDS["ok"][0]


def put(world: Double, worker: str, version: str = "1.2.3") -> None:
    """`wrangler deploy` without a tag, for a script that need not exist."""
    headers = {"Authorization": f"Bearer {world.environ['CLOUDFLARE_API_TOKEN']}"}
    url = f"{world.cloud.base_url}/accounts/{world.cloud.account_id}/workers/scripts/{world.script(worker)}"
    metadata = {"main_module": "index.js", "compatibility_date": "2026-01-01", "bindings": []}
    form = {
        "metadata": (None, json.dumps(metadata).encode(), "application/json"),
        "index.js": ("index.js", f'var version = "{version}";\n'.encode(), "application/javascript+module"),
    }
    httpx.put(f"{url}?excludeScript=true", headers=headers, files=form).raise_for_status()


@pytest.fixture
def manual(tmp_path: Path) -> Iterator[Double]:
    """No tag, no mark, no record: both workers were deployed by hand, and health is {"ok": true}."""
    with opened(tmp_path, released=None, overlay=configured(OK)) as world:
        put(world, "mcp")
        put(world, "cms")
        answering(world, lambda _: as_json({"ok": True}))
        yield world


def asked(world: Double) -> tuple[Problem, ...]:
    """The questions of a plan."""
    seen = Recorder()
    world.plan(listener=seen)
    assert seen.preview is not None
    return seen.preview.questions


def by_yes(world: Double, **how: object) -> Outcome:
    """`inv release --yes` where `unattended` is set."""

    def gate(preview: object) -> object:
        with world.ops() as ops:
            config = ops.config
            approval = msgspec.structs.replace(config.approval, unattended=True)
            changed = msgspec.structs.replace(config, approval=approval)
            return usual(Person(yes=True))(replace(ops, config=changed), preview)  # type: ignore[arg-type]

    return world.release(gate=gate, **how)  # type: ignore[arg-type]


def test_the_first_plan_says_what_it_takes_as_its_start(manual: Double) -> None:
    seen = Recorder()
    outcome = manual.plan(listener=seen)
    (question,) = outcome.as_json()["questions"]
    said = question["what"]
    assert "version 1.2.3 (apps/cms/package.json)" in said
    assert (
        "commit unknown: neither Cloudflare nor the health route tells it; the 2 commits of main count as new"
        in said
    )
    for worker in ("mcp", "cms"):
        assert f"{worker} {version_id(manual, worker)[:8]} (deployed by " in said
    assert "UTC with wrangler" in said
    assert "/api/health answered well 3 times, without a version" in said
    assert "git tag cms-vX.Y.Z COMMIT" in question["advice"]
    assert "Production was deployed by hand" in "\n".join(line.text for line in plan_lines(seen.preview))  # type: ignore[arg-type]
    assert manual.clock.slept == [1.0, 1.0]


def test_yes_answers_it_and_the_answer_is_kept_and_not_asked_again(manual: Double) -> None:
    before = version_id(manual, "cms")
    with pytest.raises(KilledError):
        by_yes(manual, listener=Kill())
    assert asked(manual) == ()
    outcome = by_yes(manual, root=manual.clone())
    assert (outcome.exit_code, tags(manual)) == (0, ["cms-v1.2.4"]), told(outcome)
    (kept,) = [one for one in record_of(manual).remarks if one.kind == "tick"]
    assert (kept.why, kept.what.startswith("Production was deployed by hand")) == ("--yes", True)
    done = back(manual, despite_migrations=True)
    assert (done.outcome, version_id(manual, "cms")) == ("rolled-back", before), told(done)
    assert asked(manual) == ()


def test_where_nobody_can_be_asked_and_nobody_said_yes_nothing_is_released(manual: Double) -> None:
    def gate(preview: object) -> object:
        with manual.ops() as ops:
            return usual(Person(yes=False))(ops, preview)  # type: ignore[arg-type]

    outcome = manual.release(gate=gate)  # type: ignore[arg-type]
    assert outcome.exit_code == 4
    assert "Production was deployed by hand" in told(outcome)
    assert tags(manual) == []


def test_a_production_that_contradicts_the_manifest_or_is_not_well_is_said(tmp_path: Path) -> None:
    with opened(tmp_path, released=None) as world:
        put(world, "mcp")
        put(world, "cms", "2.0.0")
        (question,) = asked(world)
        assert (
            "/api/health answered well 3 times, as 2.0.0; that is not 1.2.3: one of the two is wrong"
            in question.what
        )
        world.runtime.behaviour[world.script("cms")] = lambda *_: Response("down", 500)
        (question,) = asked(world)
        assert "it is unhealthy: /api/health answered 500" in question.what


def test_a_tag_that_another_tool_made_is_the_start_and_is_asked_about_too(tmp_path: Path) -> None:
    with opened(tmp_path, released=None) as world:
        world.commits([NewCommit("chore: 1.9.0", {"readme": "1"}, "cms-v1.9.0")])
        world.commits([NewCommit("feat: more", {"readme": "2"})])
        world.git("pull", "--quiet", "--ff-only", str(world.forge.repository), "main")
        put(world, "mcp")
        put(world, "cms", "1.9.0")
        (question,) = asked(world)
        assert "version 1.9.0 (the highest tag, cms-v1.9.0)" in question.what
        assert "the 1 commit since cms-v1.9.0 counts as new" in question.what


def test_an_empty_production_and_one_of_this_tool_are_not_asked_about(double: Double) -> None:
    assert asked(double) == ()


@pytest.mark.parametrize("reviewers", [("grace",), ()])
def test_in_a_workflow_who_approves_or_dispatches_answers_it_on_record(
    manual: Double, reviewers: tuple[str, ...]
) -> None:
    manual.forge.protect_environment("production", list(reviewers))
    run = run_of(manual, *([GRACE] if reviewers else []))
    outcome = released(manual, run)
    assert outcome.exit_code == 0, told(outcome)
    (kept,) = [one for one in record_of(manual).remarks if one.kind == "tick"]
    how = f"approved run {run.id}" if reviewers else f"dispatched run {run.id}"
    assert (kept.who, kept.why) == ("grace" if reviewers else "ada", how)
    assert "deployed by hand or by another tool" in kept.what
