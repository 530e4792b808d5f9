"""The way back after a bad release, from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.scene import CMS, failed

if TYPE_CHECKING:
    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal


def test_a_bad_release_is_rolled_back_once_and_its_number_is_burnt(scene: Scene) -> None:
    before, good = scene.live(), scene.read(f"{CMS}/health.js")
    scene.commit(
        "feat: a bug",
        {f"{CMS}/health.js": good.replace("const status =", 'throw new Error("bug"); const status =')},
    )
    failed(scene.release(), "smoke", 3, "/api/health")
    assert scene.live() != before

    back = ("rollback", "--yes", "--json", "--reason", "health is down")
    done = scene.inv(*back)
    assert (done.code, done.answer["outcome"]) == (0, "rolled-back"), str(done)
    assert (
        "0005_page_slug.sql was applied since" in done.err
    )  # it is additive: the older workers run on its schema
    assert (scene.live(), scene.health()["version"]) == (before, "1.2.3")
    newest = scene.cloudflare("GET", "/workers/scripts/alokai-cms-production/deployments")["deployments"][0]
    assert newest["annotations"]["workers/message"] == "rollback cms-v1.2.4 -> cms-v1.2.3: health is down"
    assert scene.ledger()[-1] == "0005_page_slug.sql"  # D1 is never rolled back by itself

    writes = scene.writes()
    again = scene.inv(*back)
    assert (again.code, again.answer["outcome"], scene.writes()) == (0, "nothing", writes), str(again)

    scene.commit("fix: no bug", {f"{CMS}/health.js": good})
    fixed = scene.release()
    assert (fixed.code, fixed.answer["version"], scene.health()["version"]) == (0, "1.2.5", "1.2.5"), str(
        fixed
    )
    assert "refs/tags/cms-v1.2.4" not in scene.refs()
