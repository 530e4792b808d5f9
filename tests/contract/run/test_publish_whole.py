"""A package is published on its own version: what is where afterwards, and what the next command says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.errors import BlockedError, UsageError
from release.testing import Recorder, approve
from release.testing import double as opened
from release.testing.packages import API, files
from tests.contract.publish_facts import dist_tags, published, release_once, released, work
from tests.contract.release_facts import everything, on_remote, record_of, remote, served, tags, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.testing import Double

STEPS = ("test", "bump", "pack", "inspect", "publish", "read-back", "record", "github-release", "verify")


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A double with two packages; api 1.3.0 is released, and one commit to it is not."""
    with opened(tmp_path, overlay=files()) as world:
        release_once(world)
        yield world


def test_a_package_is_published_tagged_and_told_by_github(double: Double) -> None:
    base, cms = remote(double, "main"), served(double, "cms")
    outcome = double.publish("api", "minor")
    released(outcome, "1.4.0")
    assert tuple(step.name for step in outcome.steps) == STEPS
    assert double.registry.writes[1:] == ["@double/api@1.4.0"]
    assert remote(double, "api-v1.4.0") == remote(double, "main")
    assert remote(double, "api-v1.4.0~1") == base
    assert served(double, "cms") == cms
    with double.ops() as ops:
        assert ops.github.has_release("api-v1.4.0")


def test_the_record_keeps_the_tarballs_integrity_and_is_free(double: Double) -> None:
    double.publish("api")
    record = record_of(double, "api")
    dist = double.registry.packages["@double/api"]["versions"]["1.3.1"]["dist"]
    assert (record.outcome, record.holder, record.packed) == ("released", None, (dist["integrity"],))


def test_the_bump_covers_the_lockfile_and_nothing_else(double: Double) -> None:
    double.publish("api", "minor")
    diff = double.git("diff", "--unified=0", "api-v1.4.0~1", "api-v1.4.0", cwd=double.forge.repository)
    changed = [line.strip("+- ,") for line in diff.splitlines() if line.startswith(("+ ", "- "))]
    assert changed == ['"version": "1.3.0"', '"version": "1.4.0"'] * 2
    assert double.git("status", "--porcelain") == ""


def test_the_github_release_of_a_package_is_never_the_latest(double: Double) -> None:
    released(double.release())
    released(double.publish("api"))
    url = f"{double.forge.api_url}/repos/acme/cms/releases/latest"
    with double.ops() as ops:
        latest = ops.http.send("GET", url, headers={"authorization": f"Bearer {double.forge.token}"})
    assert latest.json()["tag_name"] == "cms-v1.2.4"


def test_the_notes_tell_of_the_packages_commits_alone(double: Double) -> None:
    double.commit({"apps/cms/worker.js": "export default {};\n"}, "feat(cms): something else")
    released(double.publish("api"))
    url = f"{double.forge.api_url}/repos/acme/cms/releases/tags/api-v1.3.1"
    with double.ops() as ops:
        made = ops.http.send("GET", url, headers={"authorization": f"Bearer {double.forge.token}"}).json()
    assert "* feat(api): another answer (" in made["body"]
    assert "something else" not in made["body"]
    assert "/acme/cms/compare/api-v1.3.0...api-v1.3.1\n" in made["body"]


def test_the_tarball_is_kept_and_is_what_the_registry_hands_out(double: Double) -> None:
    double.publish("api")
    (kept,) = (double.root / ".release" / "packages" / "api").rglob("*.tgz")
    assert kept.read_bytes() == double.registry.tarballs["@double/api/api-1.3.1.tgz"]


def test_the_same_command_again_says_that_it_is_released(double: Double) -> None:
    double.publish("api")
    double.git("switch", "--quiet", "--detach", "HEAD~1")
    again = double.publish("api")
    assert (again.outcome, again.exit_code) == ("nothing", 0)
    assert published(double) == ["1.3.0", "1.3.1"]


def test_commits_that_leave_the_package_alone_are_nothing_to_release(double: Double) -> None:
    double.publish("api")
    double.commit({"apps/cms/worker.js": "export default {};\n"}, "feat(cms): more")
    again = double.publish("api")
    assert (again.outcome, again.exit_code) == ("nothing", 5)


def test_a_shallow_checkout_publishes_and_knows_when_there_is_nothing(double: Double) -> None:
    double.commit({"README.md": "more\n"}, "docs: more")
    shallow = double.clone("shallow", "--depth=1")
    released(double.publish("api", root=shallow), "1.3.1")
    double.merge({"apps/cms/worker.js": "export default {};\n"}, "feat(cms): more")
    again = double.publish("api", root=double.clone("later", "--depth=1"))
    assert (again.outcome, again.exit_code) == ("nothing", 5), told(again)


def test_the_cms_and_a_package_are_released_side_by_side(double: Double) -> None:
    double.ran_ci()
    released(double.release())
    released(double.publish("api"))
    assert {"cms-v1.2.4", "api-v1.3.1"} <= set(tags(double))


def test_a_dry_run_writes_nothing_and_lists_what_the_run_writes(double: Double) -> None:
    before, recorder = everything(double), Recorder()
    planned = double.plan(target="api", listener=recorder)
    assert (planned.outcome, everything(double), len(published(double))) == ("planned", before, 1)
    promised = [write for step in planned.steps for write in step.writes]
    made = [write for step in double.publish("api").steps for write in step.writes]
    assert promised == made


def test_a_dry_run_needs_no_token(double: Double) -> None:
    environ = {name: value for name, value in double.environ.items() if "TOKEN" not in name}
    planned = double.plan(target="api", environ={**environ, "GITHUB_TOKEN": double.forge.token})
    assert planned.outcome == "planned", told(planned)


def test_an_approved_plan_is_published_and_a_changed_world_refused(double: Double, tmp_path: Path) -> None:
    double.plan("minor", target="api", output=tmp_path / "plan.json")
    work(double, "export const answer = 44;\n")
    refused = double.publish("api", plan_file=tmp_path / "plan.json")
    assert (refused.exit_code, "no longer what plan" in told(refused)) == (4, True)
    double.git("switch", "--quiet", "--detach", "HEAD~1")
    released(double.publish("api", plan_file=tmp_path / "plan.json"), "1.4.0")


def test_main_that_moved_keeps_its_content_and_gets_the_version(double: Double) -> None:
    base = remote(double, "main")

    def gate(preview: Preview) -> Granted:
        double.merge({"README.md": "meanwhile\n"}, "docs: meanwhile")
        return approve(preview)

    released(double.publish("api", gate=gate))
    assert remote(double, "api-v1.3.1~1") == base
    assert on_remote(double, "main:README.md") == "meanwhile"
    assert '"version": "1.3.1"' in on_remote(double, f"main:{API}/package.json")


def test_a_first_release_follows_the_manifest(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=files()) as world:
        released(world.publish("api", "minor"), "1.4.0")
        assert dist_tags(world) == {"latest": "1.4.0"}


def test_a_target_that_nobody_contributes_is_named_with_the_nearest(double: Double) -> None:
    with pytest.raises(UsageError, match=r'Unknown package "apy". Did you mean api'):
        double.publish("apy")


def test_a_private_package_is_refused(double: Double) -> None:
    manifest = (double.root / API / "package.json").read_text().replace("{", '{\n  "private": true,', 1)
    double.commit({f"{API}/package.json": manifest})
    outcome = double.publish("api")
    assert (outcome.exit_code, '"private": true' in told(outcome)) == (4, True)
    assert BlockedError.exit_code == outcome.exit_code
