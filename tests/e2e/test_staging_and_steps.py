"""Staging, single steps, and the commands that only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal

README = "examples/cms/README.md"


def test_staging_takes_the_new_commit_and_leaves_the_older_one_alone(scene: Scene) -> None:
    older, production, refs = scene.git("rev-parse", "HEAD"), scene.live(), scene.refs()
    newer = scene.commit("docs: another text", {README: "Another text.\n"})
    done = scene.inv("deploy", "--env", "staging", "--json")
    assert (done.code, done.answer["outcome"], done.answer["commit"]) == (0, "deployed", newer), str(done)
    assert (scene.health("STAGING")["commit"], scene.tree()) == (newer, (newer, ""))
    assert (scene.live(), scene.refs().keys()) == (production, refs.keys())

    live, writes = scene.live("staging"), scene.writes()
    scene.git("switch", "--quiet", "--detach", older)
    late = scene.inv("deploy", "--env", "staging", "--json")
    assert (late.code, late.answer["outcome"]) == (0, "nothing"), str(late)
    assert "superseded" in late.err
    assert (scene.live("staging"), scene.writes()) == (live, writes)


def test_a_step_alone_refuses_while_an_earlier_one_is_not_done(scene: Scene) -> None:
    before = scene.facts()
    for step in ("migrate", "deploy-mcp", "deploy-cms", "smoke", "record", "github-release", "verify"):
        ended = scene.inv(f"step.{step}", "--yes", "--json")
        assert ended.code in {1, 4}, str(ended)
        assert "not done yet" in ended.err, str(ended)
    assert scene.facts() == before


def test_status_verify_and_plugins_look_and_write_nothing(scene: Scene) -> None:
    shown = scene.inv("status", "--json").answer["environments"]
    assert (shown["production"]["health"]["version"], shown["production"]["pending"]) == (
        "1.2.3",
        ["0005_page_slug.sql"],
    )
    assert (shown["production"]["ahead"], shown["production"]["unfinished"]) == (4, None)
    assert (shown["staging"]["pending"], shown["staging"]["health"]["problem"]) == ([], None)
    assert "0005_page_slug.sql" in scene.inv("status").out
    verified = scene.inv("verify", "--json")
    assert (verified.code, verified.answer["outcome"]) == (0, "verified"), str(verified)
    order = scene.inv("plugins")
    assert order.code == 0
    assert order.out.index("migrate") < order.out.index("deploy mcp") < order.out.index("deploy cms")
    assert scene.writes() == ()
