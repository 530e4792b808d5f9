"""Releases that somebody else began: finished or superseded from another machine, with no local state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest
from werkzeug.wrappers import Response

from release.commands.rollback.course import RollbackOptions, rollback
from release.commands.status import course as status
from release.testing import Recorder
from tests.contract.record_on_remote import REF, deployed, record_of, refs, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from release.model.outcome import Outcome
    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double

TAG, MAIN = "refs/tags/cms-v1.2.4", "refs/heads/main"
FIX = {"apps/cms/worker.js": "export default { fetch: () => new Response('fixed') };\n"}


def healthy_and_unrecorded(world: Double) -> Outcome:
    """The push was refused: 1.2.4 is live and healthy, and in no ref."""
    lifted = refuse(world, "refs/tags/*|refs/heads/*")
    outcome = world.release()
    lifted()
    assert (outcome.outcome, outcome.exit_code) == ("unrecorded", 3)
    return outcome


def unhealthy(world: Double) -> Outcome:
    """The new bundle is live and bad; a fix would heal it."""

    def sick(loaded: LoadedVersion, request: Request) -> Response:
        body = json.dumps({"status": "error", "error": "no such column: slug"})
        is_new = loaded.number == "1.2.4" and "fixed" not in loaded.source
        commit = loaded.variables.get("COMMIT_SHA")
        good = json.dumps({"status": "ok", "version": loaded.number, "commit": commit})
        badge = f'<b class="version-badge" data-version="{loaded.number}"></b>'
        if request.path != "/api/health":
            return Response(badge, content_type="text/html")
        return Response(body if is_new else good, 500 if is_new else 200, content_type="application/json")

    world.runtime.behaviour[world.script("cms")] = sick
    outcome = world.release()
    assert outcome.exit_code == 3
    return outcome


def refusing(method: str, ending: str) -> Callable[[Request], Response | None]:
    """A fault: requests of this kind are refused for good."""

    def before(request: Request) -> Response | None:
        is_meant = request.method == method and request.path.endswith(ending)
        return Response('{"message": "no"}', 403, content_type="application/json") if is_meant else None

    return before


def told(world: Double) -> str:
    """What `inv status` says of production, from another machine."""
    found = status.read(world.clone("of-status"), world.environ)
    return "\n".join(status.lines(found)).partition("staging")[0]


def back(world: Double, **wanted: object) -> Outcome:
    """`inv rollback --despite-migrations` on a colleague's machine."""
    asked = RollbackOptions("production", despite_migrations=True, **wanted)  # type: ignore[arg-type]
    return rollback(
        world.clone("colleague"), world.environ, asked, lambda *_: None, Recorder(), connect=world.connect
    )


def test_a_healthy_unrecorded_release_is_finished_first_without_a_new_deploy(double: Double) -> None:
    first = healthy_and_unrecorded(double).release
    double.merge({"docs/more.md": "more\n"})
    outcome = double.release("major", root=double.clone())
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    assert first is not None
    assert refs(double)[TAG] == first.commit
    assert deployed(double) == ["mcp", "cms"]
    assert "refs/tags/cms-v2.0.0" not in refs(double)
    assert double.release(root=double.clone("third")).release.version == "1.2.5"  # type: ignore[union-attr]


def test_it_is_finished_where_staging_the_tree_and_head_are_in_no_order(double: Double) -> None:
    healthy_and_unrecorded(double)
    elsewhere = double.clone()
    double.git("checkout", "--quiet", "--detach", "HEAD~1", cwd=elsewhere)
    (elsewhere / "apps/cms/worker.js").write_text("changed by hand")
    outcome = double.release(root=elsewhere)
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    assert (elsewhere / "apps/cms/worker.js").read_text() == "changed by hand"


def test_it_is_finished_from_its_marks_at_cloudflare_where_the_record_is_lost(double: Double) -> None:
    first = healthy_and_unrecorded(double).release
    double.git("update-ref", "-d", REF, cwd=double.forge.repository)
    double.merge({"docs/more.md": "more\n"})
    outcome = double.release(root=double.clone())
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    assert first is not None
    assert refs(double)[TAG] == first.commit


def test_an_unhealthy_release_is_superseded_under_the_same_number(double: Double) -> None:
    first = unhealthy(double).release
    fix = double.merge(FIX, "fix: slug")
    outcome = double.release(root=double.clone())
    assert (outcome.decision, outcome.exit_code) == ("supersede", 0)
    assert outcome.release is not None
    assert first is not None
    assert (outcome.release.version, outcome.release.base) == ("1.2.4", fix)
    assert refs(double)[TAG] == outcome.release.commit != first.commit


def test_a_number_that_was_healthy_is_not_given_to_another_commit(double: Double) -> None:
    healthy_and_unrecorded(double)
    double.runtime.behaviour[double.script("cms")] = lambda *_: Response("down", 500)
    double.merge(FIX, "fix: slug")
    assert double.release(root=double.clone()).exit_code == 3
    del double.runtime.behaviour[double.script("cms")]
    outcome = double.release(root=double.clone("third"))
    assert outcome.release is not None
    assert (outcome.release.version, outcome.exit_code) == ("1.2.5", 0)
    assert TAG not in refs(double)


def test_a_half_deployed_release_goes_on_with_what_is_missing(double: Double) -> None:
    double.cloud.before = refusing("POST", f"{double.script('cms')}/deployments")
    assert double.release().exit_code == 3
    double.cloud.before = None
    outcome = double.release(root=double.clone())
    assert outcome.exit_code == 0
    assert deployed(double) == ["mcp", "cms"]
    assert [step.outcome for step in outcome.steps if step.name.startswith("deploy")] == ["skipped", "ok"]


def test_a_half_deployed_release_gives_its_number_to_the_fix(double: Double) -> None:
    double.cloud.before = refusing("POST", f"{double.script('cms')}/deployments")
    double.release()
    double.cloud.before = None
    fix = double.merge(FIX, "fix: the build")
    outcome = double.release(root=double.clone())
    assert outcome.release is not None
    assert (outcome.decision, outcome.exit_code, outcome.release.base) == ("supersede", 0, fix)
    assert outcome.release.version == "1.2.4"
    assert deployed(double) == ["mcp", "mcp", "cms"]


def test_a_tag_without_a_release_gets_one_and_nothing_else(double: Double) -> None:
    double.forge.before = refusing("POST", "/releases")
    outcome = double.release()
    assert (outcome.exit_code, TAG in refs(double)) == (3, True)
    double.forge.before = None
    double.merge({"docs/more.md": "more\n"})
    before = refs(double)
    outcome = double.release(root=double.clone())
    assert (outcome.decision, outcome.exit_code) == ("finish", 0)
    assert {name: oid for name, oid in refs(double).items() if name != REF} == {
        name: oid for name, oid in before.items() if name != REF
    }
    assert deployed(double) == ["mcp", "cms"]


def test_what_a_colleague_rolled_back_is_closed_and_its_number_burnt(double: Double) -> None:
    unhealthy(double)
    assert back(double).exit_code == 0
    count = len(deployed(double))
    again = double.release()
    assert (again.outcome, again.exit_code) == ("nothing", 5)
    assert "rolled back as cms-v1.2.4" in again.why
    assert len(deployed(double)) == count
    double.merge(FIX, "fix: slug")
    outcome = double.release(root=double.clone())
    assert outcome.release is not None
    assert (outcome.release.version, outcome.exit_code) == ("1.2.5", 0)
    assert TAG not in refs(double)


def test_what_was_rolled_back_stays_closed_where_the_record_is_lost(double: Double) -> None:
    unhealthy(double)
    back(double)
    double.git("update-ref", "-d", REF, cwd=double.forge.repository)
    double.merge(FIX, "fix: slug")
    outcome = double.release(root=double.clone())
    assert outcome.release is not None
    assert outcome.release.version == "1.2.5"


@pytest.mark.parametrize("worker", ["mcp", "cms"])
def test_an_untagged_live_version_is_named_and_replaced(double: Double, worker: str) -> None:
    healthy_and_unrecorded(double)
    by_hand(double, worker)
    assert "made by no release" in told(double)
    outcome = double.release(root=double.clone())
    assert outcome.exit_code == 0
    assert deployed(double).count(worker) == 3  # the release's, the one by hand, the release's again
    assert "made by no release" not in told_again(double)


def told_again(world: Double) -> str:
    return "\n".join(status.lines(status.read(world.root, world.environ))).partition("staging")[0]


def by_hand(world: Double, worker: str) -> None:
    """`wrangler secret put`, as far as it can be seen: the same bundle once more, without a mark."""
    script = world.script(worker)
    headers = {"Authorization": f"Bearer {world.environ['CLOUDFLARE_API_TOKEN']}"}
    url = f"{world.cloud.base_url}/accounts/{world.cloud.account_id}/workers/scripts/{script}/"
    with httpx.Client(base_url=url, headers=headers) as api:
        source = 'var version = "1.2.4";\n'
        metadata = {"main_module": "index.js", "compatibility_date": "2026-01-01", "bindings": []}
        form = {
            "metadata": (None, json.dumps(metadata).encode(), "application/json"),
            "index.js": ("index.js", source.encode(), "application/javascript+module"),
        }
        made = api.post("versions", files=form).raise_for_status().json()["result"]["id"]
        share = {"version_id": made, "percentage": 100}
        api.post("deployments", json={"strategy": "percentage", "versions": [share]}).raise_for_status()


def test_status_shows_what_is_unfinished(double: Double) -> None:
    assert "unfinished release" not in told(double)
    healthy_and_unrecorded(double)
    before = refs(double)
    text = told_again(double)
    assert "unfinished release cms-v1.2.4; to finish: inv release --finish" in text
    assert "inv release" in text
    assert refs(double) == before
    double.release()
    assert "unfinished release" not in told_again(double)
    assert record_of(double).outcome == "released"
