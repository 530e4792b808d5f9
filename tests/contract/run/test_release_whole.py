"""A whole release, on the double: what is where afterwards, and what the next command says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import pytest

from release.errors import BlockedError
from release.testing import CONFIG, Recorder, double
from tests.contract.release_facts import (
    STEPS,
    ledger,
    on_remote,
    once_deployed,
    record_of,
    remote,
    served,
    tags,
    version_id,
)

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double


def test_a_release_serves_is_tagged_and_is_told_by_github(double: Double) -> None:
    base = remote(double, "main")
    outcome = double.release()
    assert (outcome.outcome, outcome.exit_code, outcome.decision) == ("released", 0, "start")
    assert tuple(step.name for step in outcome.steps) == STEPS
    commit = remote(double, "cms-v1.2.4")
    assert outcome.release is not None
    assert commit == outcome.release.commit == remote(double, "main")
    assert remote(double, "cms-v1.2.4~1") == base
    assert [served(double, name)[0] for name in ("mcp", "cms")] == [f"cms-v1.2.4+{commit}"] * 2
    assert ledger(double) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]
    with double.ops() as ops:
        assert ops.github.has_release("cms-v1.2.4")


def test_the_bump_commit_changes_only_the_version(double: Double) -> None:
    double.release("minor")
    diff = double.git("diff", "--unified=0", "cms-v1.3.0~1", "cms-v1.3.0", cwd=double.forge.repository)
    changed = [line for line in diff.splitlines() if line.startswith(("+ ", "- "))]
    assert [line.strip("+- ,") for line in changed] == [
        '"version": "1.2.3"',
        '"version": "1.3.0"',
        '"version": "1.2.3"',
        '"version": "1.3.0"',
    ]


def test_the_checkout_follows_and_is_clean(double: Double) -> None:
    double.release()
    assert double.git("status", "--porcelain") == ""
    assert double.git("rev-parse", "HEAD") == remote(double, "main")
    assert double.git("branch", "--show-current") == "main"
    manifest = json.loads((double.root / "apps/cms/package.json").read_text())
    assert manifest["version"] == "1.2.4"


def test_the_record_keeps_the_release_and_is_free(double: Double) -> None:
    before = {name: version_id(double, name) for name in ("mcp", "cms")}
    outcome = double.release()
    record = record_of(double)
    assert (record.outcome, record.holder, record.healthy) == ("released", None, True)
    assert record.subject is not None
    assert record.subject.tag == "cms-v1.2.4"
    assert record.before == before
    assert record.plan_hash == outcome.plan
    assert [approval.who for approval in record.approvals] == ["ada"]
    assert record.bookmark


def test_each_deployment_names_what_served_before_and_the_base(double: Double) -> None:
    before = version_id(double, "cms")
    base = remote(double, "main")
    double.release()
    assert served(double, "cms")[1] == f"was {before} base {base}"[:100]


def test_a_plan_names_exactly_the_writes_of_the_release_that_follows(double: Double) -> None:
    planned = double.plan().as_json()
    outcome = double.release().as_json()
    assert planned["outcome"] == "planned"
    assert planned["writes"] == outcome["writes"] != []
    assert planned["plan"] == outcome["plan"]


def test_a_plan_writes_nothing(double: Double) -> None:
    refs = double.git("show-ref", cwd=double.forge.repository)
    seen = len(double.cloud.log)
    double.plan()
    assert double.git("show-ref", cwd=double.forge.repository) == refs
    assert len(double.cloud.log) == seen
    assert double.git("status", "--porcelain", "--ignored") == "!! node_modules/"


def test_after_a_release_there_is_nothing_to_release(double: Double) -> None:
    double.release()
    again = double.release()
    assert (again.outcome, again.exit_code) == ("nothing", 5)
    assert "cms-v1.2.4" in again.why


def test_the_commit_that_was_released_is_released_from_another_checkout_too(double: Double) -> None:
    other = double.clone()
    double.release()
    again = double.release(root=other)
    assert (again.outcome, again.exit_code) == ("nothing", 0)


def test_the_approved_plan_that_was_carried_out_already_ends_well(double: Double, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    double.plan(output=plan)
    assert double.release(plan_file=plan).exit_code == 0
    assert double.release(plan_file=plan).exit_code == 0


def test_an_approved_plan_is_refused_when_its_commit_was_released_as_another_version(
    double: Double, tmp_path: Path
) -> None:
    plan = tmp_path / "plan.json"
    double.plan(output=plan)
    double.release("minor")
    outcome = double.release(plan_file=plan, root=double.clone())
    assert (outcome.outcome, outcome.exit_code) == ("blocked", 4)
    assert "is to release cms-v1.2.4, but meanwhile cms-v1.3.0 was released" in outcome.problems[0].what


def test_an_approved_plan_does_not_cover_another_bump(double: Double, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    double.plan(output=plan)
    with pytest.raises(BlockedError, match="was approved for --bump patch to production"):
        double.release("minor", plan_file=plan)


def test_an_approved_plan_says_itself_which_bump_it_is_for(double: Double, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert double.plan("minor", output=plan).exit_code == 0
    assert double.release(plan_file=plan).as_json()["version"] == "1.3.0"


def test_the_next_release_is_the_next_number(double: Double) -> None:
    double.release()
    double.commit({"readme": "more"})
    assert double.release().release.version == "1.2.5"  # type: ignore[union-attr]  # it is there when released


def test_the_first_release_ever_takes_the_manifests_version_as_the_previous(tmp_path: Path) -> None:
    with double(tmp_path, released=None) as world:
        outcome = world.release("minor")
        assert (outcome.outcome, outcome.exit_code) == ("released", 0)
        assert outcome.as_json()["previous"] is None
        assert remote(world, "cms-v1.3.0") == remote(world, "main")
        assert ledger(world) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]


def test_a_shallow_checkout_releases_the_same_commits(double: Double) -> None:
    double.merge({"readme": "1"}, count=5)
    shallow = double.clone("shallow", "--depth=1")
    told = Recorder()
    assert double.release(root=shallow, listener=told).outcome == "released"
    assert told.preview is not None
    assert len(told.preview.world.history.unreleased) == 6  # type: ignore[union-attr]  # a release read it
    assert remote(double, "main") == remote(double, "cms-v1.2.4")


def test_a_shallow_checkout_of_what_was_released_has_nothing_to_release(double: Double) -> None:
    shallow = double.clone("shallow", "--depth=1")
    double.release()
    double.merge({"readme": "later"})
    outcome = double.release(root=shallow)
    assert (outcome.outcome, outcome.exit_code) in {("nothing", 0), ("nothing", 5)}


def test_a_worktree_releases_too(double: Double) -> None:
    double.git("switch", "--quiet", "--detach")
    tree = double.folder / "tree"
    double.git("worktree", "add", "--quiet", str(tree), "main")
    (tree / "node_modules").symlink_to(double.root / "node_modules")
    double.git("config", "core.excludesFile", str(double.folder / "ignored"))
    (double.folder / "ignored").write_text("node_modules\n")
    assert double.release(root=tree).outcome == "released"


@pytest.mark.parametrize("commits", [1, 20])
def test_main_that_moves_while_production_deploys_gets_the_bump_on_top(double: Double, commits: int) -> None:
    base = remote(double, "main")
    moved: list[str] = []
    once_deployed(double, lambda: moved.append(double.merge({"readme": "meanwhile"}, count=commits)))
    assert double.release().outcome == "released"
    assert [remote(double, f"main^{parent}") for parent in (1, 2)] == [moved[0], remote(double, "cms-v1.2.4")]
    assert remote(double, "cms-v1.2.4^1") == base
    assert on_remote(double, "main:readme") == "meanwhile"
    assert '"1.2.4"' in on_remote(double, "main:apps/cms/package.json")
    trailer = ["log", "-1", "--format=%(trailers:key=Release,valueonly)", "main"]
    assert double.git(*trailer, cwd=double.forge.repository) == "cms-v1.2.4"


def test_a_linear_branch_gets_one_commit_without_a_merge(tmp_path: Path) -> None:
    config = CONFIG.replace("[tool.release]\n", "[tool.release]\nlinear_history = true\n")
    with double(tmp_path, overlay={"pyproject.toml": config}) as world:
        moved: list[str] = []
        once_deployed(world, lambda: moved.append(world.merge({"readme": "meanwhile"})))
        assert world.release().outcome == "released"
        assert remote(world, "main^1") == moved[0]
        assert world.git("rev-list", "--count", "--merges", "main", cwd=world.forge.repository) == "0"


def test_a_commit_beside_the_version_line_does_not_conflict(double: Double) -> None:
    manifest = (double.root / "apps/cms/package.json").read_text()
    edited = manifest.replace('"version"', '"description": "pages",\n  "version"').replace(
        "@double", "@twice"
    )
    once_deployed(double, lambda: double.merge({"apps/cms/package.json": edited}))
    assert double.release().outcome == "released"
    assert on_remote(double, "main:apps/cms/package.json") == edited.replace("1.2.3", "1.2.4").strip()


def test_main_that_was_released_further_meanwhile_is_not_lowered(double: Double) -> None:
    manifest = (double.root / "apps/cms/package.json").read_text().replace("1.2.3", "2.0.0")
    once_deployed(double, lambda: double.merge({"apps/cms/package.json": manifest}))
    assert double.release().outcome == "released"
    assert '"2.0.0"' in on_remote(double, "main:apps/cms/package.json")
    assert '"1.2.4"' in on_remote(double, "cms-v1.2.4:apps/cms/package.json")


def test_git_over_http_releases_the_same(tmp_path: Path) -> None:
    with double(tmp_path, remote="http") as world:
        assert world.release().outcome == "released"
        pushes = [write for write in world.forge.log if write.path.endswith("git-receive-pack")]
        landing = next(push for push in pushes if len(push.updates) > 1)
        assert [update.accepted for update in landing.updates] == [True] * 3


def test_a_deployment_to_staging_bumps_and_tags_nothing(double: Double) -> None:
    commit = double.commit({"readme": "more"})
    before = tags(double)
    outcome = double.deploy()
    assert (outcome.outcome, outcome.exit_code) == ("deployed", 0)
    assert tuple(step.name for step in outcome.steps) == (
        "backfill",
        "migrate",
        "deploy mcp",
        "deploy cms",
        "smoke",
    )
    assert served(double, "cms", "staging")[0] == f"cms-v1.2.3+{commit}"
    assert tags(double) == before
    assert record_of(double, "staging").outcome == "released"


def test_one_step_alone_runs_only_when_those_before_it_are_done(double: Double) -> None:
    outcome = double.release(only="record")
    assert (outcome.outcome, outcome.exit_code) == ("failed", 1)
    assert outcome.failure is not None
    assert "not done yet" in outcome.failure.what
    assert tags(double) == ["cms-v1.2.3"]


def test_a_listener_hears_each_step_and_the_journal_keeps_it(double: Double) -> None:
    from release.run.journal import entries

    told = Recorder()
    outcome = double.release(listener=told)
    assert tuple(told.steps) == STEPS
    assert [result.name for result in told.results] == list(STEPS)
    assert told.outcome == outcome
    events = [entry["event"] for entry in entries(double.root)]
    assert (events[0], events[-1]) == ("planned", "ended")
    assert events.count("finished") == len(STEPS)


def test_the_notes_of_a_plugin_are_those_of_the_github_release(tmp_path: Path) -> None:
    hook = "@hookimpl\ndef release_notes(release):\n    return f'All of {release.tag}'\n"
    plugin = f"from release.hookspecs import hookimpl\n\n{hook}"
    settings = CONFIG.replace("[tool.release]\n", '[tool.release]\nplugins = ["notes.py"]\n', 1)
    with double(tmp_path, overlay={"notes.py": plugin, "pyproject.toml": settings}) as world:
        assert world.release().outcome == "released"
        api = f"{world.environ['GITHUB_API_URL']}/repos/acme/cms/releases/tags/cms-v1.2.4"
        headers = {"authorization": f"Bearer {world.environ['GITHUB_TOKEN']}"}
        assert httpx.get(api, headers=headers).json()["body"].startswith("All of cms-v1.2.4")
