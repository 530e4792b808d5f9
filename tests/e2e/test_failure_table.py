"""The failure table, row by row: what is said, what is promised, and that the rerun after the fix succeeds.

One stage goes through several failures where they come in a row anyway: each fix is pushed to main, and the next run
comes as far as the next fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
from tests.e2e.scene import CMS, MCP, MIGRATIONS, failed

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal

TAG = "refs/tags/cms-v1.2.4"
REGRESSION = "examples/cms/testing/quick.test.js"
SLUGS = f"{MIGRATIONS}/0005_page_slug.sql"
BROKEN_SQL = "ALTER TABLE nowhere ADD COLUMN slug TEXT;\n"


def released(scene: Scene, decision: str = "start") -> None:
    """The next run lands 1.2.4, at one commit everywhere."""
    done = scene.release()
    assert (done.code, done.answer["outcome"], done.answer["version"]) == (0, "released", "1.2.4"), str(done)
    commit = done.answer["commit"]
    assert (done.answer["decision"], scene.refs()[TAG]) == (decision, commit)
    assert {tag for _, tag in scene.live().values()} == {f"cms-v1.2.4+{commit}"}
    assert (scene.health()["commit"], scene.tree()) == (commit, (scene.git("rev-parse", "origin/main"), ""))
    assert (scene.record()["outcome"], scene.record()["holder"]) == ("released", None)


def test_what_fails_before_production_changes_leaves_all_as_it_was(scene: Scene) -> None:
    good = {REGRESSION: scene.read(REGRESSION), SLUGS: scene.read(SLUGS)}
    scene.commit("feat: a regression", {REGRESSION: 'throw new Error("regressed");\n'})
    before = scene.facts()
    failed(scene.release(), "test", 1, "regressed", "Don't bypass", "let staging redeploy", "unchanged")
    assert scene.facts() == before

    scene.commit("fix: no regression", {REGRESSION: good[REGRESSION]})
    before = scene.facts()
    obstacle = scene.clone / "examples/cms/apps/cms/.package.json.release"
    obstacle.mkdir()
    failed(scene.release(), "bump", 1, "cannot be written", "Nothing was deployed", "unchanged")
    assert scene.facts() == before
    obstacle.rmdir()

    scene.commit("feat: a migration of a table that nobody has", {SLUGS: BROKEN_SQL})
    before = scene.facts()
    failed(
        scene.release(),
        "migrate",
        1,
        "no such table",
        "Nothing was deployed",
        "verify on staging",
        "unchanged",
    )
    assert scene.facts() == before

    scene.commit("fix: the right table", {SLUGS: good[SLUGS]})
    released(scene)


@pytest.mark.skip(reason="the policy stops these commits first; the scene wants its api source off")
def test_a_later_step_that_fails_says_what_is_live_already(scene: Scene) -> None:
    second = f"{MIGRATIONS}/0006_second.sql"
    good = {name: scene.read(name) for name in (f"{MCP}/index.js", f"{CMS}/index.js")}
    before = scene.facts()
    scene.commit("feat: a second migration", {second: BROKEN_SQL})
    failed(scene.release(), "migrate", 3, "no such table", "0005_page_slug.sql")
    assert scene.ledger() == [*before["ledger"], "0005_page_slug.sql"]
    assert (scene.live(), scene.refs().keys()) == (before["live"], before["refs"].keys())

    scene.commit(
        "fix: no second, but a typo", {second: None, f"{MCP}/index.js": f"{good[f'{MCP}/index.js']}\n}}}}"}
    )
    failed(scene.release(), "deploy mcp", 3, "cms was not touched", "previous pair")
    assert scene.live() == before["live"]

    scene.commit(
        "fix: no typo, but a throw",
        {f"{MCP}/index.js": f'throw new Error("at load");\n{good[f"{MCP}/index.js"]}'},
    )
    failed(scene.release(), "deploy mcp", 3, "at load", "cms was not touched", "previous pair")
    assert scene.live() == before["live"]

    files = {f"{MCP}/index.js": good[f"{MCP}/index.js"], f"{CMS}/index.js": 'import "./missing.js";\n'}
    scene.commit("fix: no throw, but a lost file", files)
    failed(scene.release(), "deploy cms", 3, "old bundle", "inv rollback")
    live = scene.live()
    assert (live["cms"], live["mcp"][1].split("+")[0]) == (before["live"]["cms"], "cms-v1.2.4")
    assert (scene.health()["version"], scene.tree()[1]) == ("1.2.3", "")
    assert TAG not in scene.refs()

    scene.commit("fix: no lost file", {f"{CMS}/index.js": good[f"{CMS}/index.js"]})
    released(scene, "supersede")


@pytest.mark.whole  # tests/contract/database has it on a double
def test_a_database_without_a_ledger_gets_the_one_that_its_schema_proves(scene: Scene) -> None:
    ledger = scene.ledger()
    scene.sql("DROP TABLE d1_migrations")
    scene.sql("ALTER TABLE pages ADD COLUMN by_hand TEXT")
    writes = scene.writes()
    refused = scene.release()
    assert (refused.code, refused.answer["outcome"], scene.writes()) == (4, "blocked", writes), str(refused)
    assert "by_hand" in refused.err
    assert "once by hand, then run the same command again" in refused.err

    scene.sql("ALTER TABLE pages DROP COLUMN by_hand")
    scene.commit("feat: data only", {f"{MIGRATIONS}/0004_z_data.sql": "UPDATE pages SET title = title;\n"})
    writes = scene.writes()
    refused = scene.release()
    assert (refused.code, scene.writes()) == (4, writes), str(refused)
    assert "0004_z_data.sql" in refused.err
    assert "inv step.backfill --through" in refused.err

    scene.revert()
    released(scene)
    assert scene.ledger() == [*ledger, "0005_page_slug.sql"]


@pytest.mark.whole  # tests/contract/run has it on a double
def test_a_bundle_that_says_another_version_is_superseded_under_the_same_number(scene: Scene) -> None:
    before = scene.facts()
    good = scene.read(f"{CMS}/health.js")
    scene.commit(
        "feat: a wrong number",
        {f"{CMS}/health.js": good.replace("status, version,", 'status, version: "9.9.9",')},
    )
    failed(
        scene.release(), "smoke", 3, "9.9.9", "live but unhealthy", "inv rollback", "Nothing was committed"
    )
    live = scene.live()
    assert {tag.split("+")[0] for _, tag in live.values()} == {"cms-v1.2.4"}
    assert (scene.refs().keys(), scene.tree()[1]) == (before["refs"].keys(), "")

    scene.commit(
        "fix: the right number, but a regression", {f"{CMS}/health.js": good, REGRESSION: "throw 0;\n"}
    )
    again = scene.release()
    assert again.steps["test"] == "failed", str(again)
    assert scene.inv("status", "--json").answer["environments"]["production"]["unfinished"] == "cms-v1.2.4"
    assert scene.record()["before"] == {name: version for name, (version, _) in before["live"].items()}

    scene.commit("fix: no regression", {REGRESSION: "export {};\n"})
    released(scene, "supersede")
    assert scene.live() != live


def test_a_release_whose_runtime_was_killed_is_finished_by_the_next_run(scene: Scene) -> None:
    runtime = scene.stage.cloud.runtime
    assert isinstance(runtime, MiniflareRuntime)

    def kill(request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path.endswith("/scripts/alokai-cms-production/deployments"):
            runtime.kill()
        return response

    scene.stage.cloud.after = kill
    ended = scene.release()
    failed(ended, "smoke", 3, "live but unhealthy")
    assert TAG not in scene.refs()

    scene.stage.cloud.after = None
    runtime.start()
    assert scene.release().answer["commit"] == ended.answer["commit"]
    assert scene.refs()[TAG] == ended.answer["commit"]
