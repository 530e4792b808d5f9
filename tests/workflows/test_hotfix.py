"""A hotfix in deploy-prod.yml: its reason excuses it from its time on staging, from nothing else, and that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workflows.scene import Place

REASON = "hotfix of cms-v1.2.3: the login"
CHANGES: dict[str, bytes | str | None] = {
    "apps/cms/fix.js": "// fix\n",
    "apps/cms/migrations/0004_fix.sql": "ALTER TABLE pages ADD COLUMN fixed TEXT;\n",
}


def merged(place: Place, conclusion: str) -> None:
    """Something is on main that CI has looked at, and staging has not had."""
    sha = place.world.merge(CHANGES, "fix: the login")
    place.world.forge.add_check_run(sha, "required", conclusion)


def test_a_hotfix_skips_its_two_items_and_they_are_told_before_and_kept_after(place: Place) -> None:
    merged(place, "success")
    usual = place.dispatch(reason="the login")
    assert (usual.how("plan"), usual.how("deploy")) == ("failure", "skipped")
    assert "staging is not running" in usual.told
    run = place.dispatch(reason=REASON)
    assert run.waiting == {"deploy": "production"}, run.told
    assert run.told.count("Skipped: ") == 4, (
        run.told
    )  # two, in the log and in the annotation that `inv approve` shows
    place.review(run)
    assert run.result == "success", run.told
    skipped = [one for one in place.record()["remarks"] if one["kind"] == "skip"]
    assert [one["what"].partition(":")[0] for one in skipped] == ["staging", "staging-migrations"]
    assert {one["why"] for one in skipped} == {REASON}
    tag = place.world.git(
        "for-each-ref", "--format=%(contents)", "refs/tags/cms-v1.2.4", cwd=place.world.forge.repository
    )
    assert tag.count("Skipped: ") == 2
    assert f"Reason: {REASON}" in tag


def test_a_hotfix_is_not_excused_from_red_ci(place: Place) -> None:
    merged(place, "failure")
    run = place.dispatch(reason=REASON)
    assert (run.how("plan"), run.how("deploy")) == ("failure", "skipped")
    assert "CI is red on" in run.told
    assert place.health("production")["version"] == "1.2.3"
