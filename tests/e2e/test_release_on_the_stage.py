"""A whole production release on the stage, looked at with other programs than ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.e2e.scene import LOCKFILE, MANIFEST

if TYPE_CHECKING:
    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal

TAG = "cms-v1.2.4"
KEYS = {
    "outcome", "decision", "version", "previous", "tag", "commit", "environment", "plan", "steps", "problems",
    "writes", "next",
}  # fmt: skip


def test_a_release_is_there_for_every_other_program(scene: Scene) -> None:
    base = scene.git("rev-parse", "HEAD")
    planned = scene.inv("plan", "--json")
    assert (planned.code, scene.writes()) == (0, ()), str(planned)
    assert planned.answer["outcome"] == "planned"

    done = scene.release()

    assert done.code == 0, str(done)
    answer = done.answer
    assert answer.keys() >= KEYS
    assert (answer["outcome"], answer["decision"], answer["version"]) == ("released", "start", "1.2.4")
    assert (answer["previous"], answer["tag"], answer["environment"]) == ("1.2.3", TAG, "production")
    assert (answer["plan"], answer["writes"]) == (planned.answer["plan"], planned.answer["writes"])
    assert {one["level"] for one in answer["problems"]} <= {"warn"}
    assert answer["next"] is None
    git_holds_the_release(scene, base, answer["commit"])
    people_see_the_release(scene, answer["commit"])
    the_same_command_again_writes_nothing(scene)


def git_holds_the_release(scene: Scene, base: str, commit: str) -> None:
    refs = scene.refs()
    assert (refs[f"refs/tags/{TAG}"], refs["refs/heads/main"]) == (commit, commit)
    assert scene.git("rev-list", "--parents", "-1", commit).split() == [commit, base]
    assert scene.git("diff", "--name-only", base, commit).split() == [MANIFEST, LOCKFILE]
    changed = [
        line for line in scene.git("diff", "-U0", base, commit).splitlines() if line[:2] in {"+ ", "- "}
    ]
    assert [line.split(":")[1].strip(' ",') for line in changed] == ["1.2.3", "1.2.4"] * 2
    lockfile = json.loads(scene.git("show", f"{commit}:{LOCKFILE}"))
    assert lockfile["packages"]["apps/cms"]["version"] == "1.2.4"
    assert scene.tree() == (commit, "")
    assert scene.git("symbolic-ref", "--short", "HEAD") == "main"
    record = scene.record()
    assert (record["outcome"], record["holder"]) == ("released", None)


def people_see_the_release(scene: Scene, commit: str) -> None:
    health = scene.health()
    assert (health["status"], health["version"], health["commit"]) == ("ok", "1.2.4", commit)
    live = scene.live()
    assert {tag for _, tag in live.values()} == {f"{TAG}+{commit}"}
    assert health["versionId"] == live["cms"][0]
    badge = LexborHTMLParser(httpx.get(scene.url).text).css_first(".version-badge")
    assert badge is not None
    assert badge.attributes["data-version"] == "1.2.4"
    assert scene.ledger()[-1] == "0005_page_slug.sql"
    release = scene.github(f"/releases/tags/{TAG}").json()
    assert (release["draft"], release["prerelease"]) == (False, False)
    assert "cms-v1.2.3...cms-v1.2.4" in release["body"]


def the_same_command_again_writes_nothing(scene: Scene) -> None:
    facts, record, writes = scene.facts(), scene.record(), scene.writes()
    again = scene.release()
    assert (again.code, again.answer["outcome"]) in {(0, "nothing"), (5, "nothing")}, str(again)
    assert (scene.facts(), scene.record(), scene.writes()) == (facts, record, writes)
    verified = scene.inv("verify", "--json")
    assert (verified.code, verified.answer["outcome"]) == (0, "verified"), str(verified)
    assert scene.writes() == writes
