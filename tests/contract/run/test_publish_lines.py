"""Prereleases, older lines and packages that need each other: numbers, branches and dist-tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.testing import double as opened
from release.testing.packages import API, CLI, files
from tests.contract.publish_facts import dist_tags, had, published, release_once, released, work
from tests.contract.release_facts import remote, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.testing import Double


@pytest.fixture
def double(tmp_path: Path) -> Iterator[Double]:
    """A double with two packages; api 1.3.0 is released, and one commit to it is not."""
    with opened(tmp_path, overlay=files()) as world:
        release_once(world)
        yield world


def test_prereleases_count_up_under_their_own_dist_tag_and_lead_to_the_release(double: Double) -> None:
    for version in ("1.4.0-beta.1", "1.4.0-beta.2"):
        released(double.publish("api", "minor", pre="beta"), version)
        work(double, f"// {version}\n")
    assert dist_tags(double) == {"latest": "1.3.0", "beta": "1.4.0-beta.2"}
    released(double.publish("api", "minor"), "1.4.0")
    assert dist_tags(double) == {"latest": "1.4.0", "beta": "1.4.0-beta.2"}


def test_github_knows_a_prerelease(double: Double) -> None:
    double.publish("api", "minor", pre="rc")
    url = f"{double.forge.api_url}/repos/acme/cms/releases/tags/api-v1.4.0-rc.1"
    with double.ops() as ops:
        made = ops.http.send("GET", url, headers={"authorization": f"Bearer {double.forge.token}"}).json()
    assert made["prerelease"] is True


def test_a_prerelease_that_would_go_back_is_refused(double: Double) -> None:
    released(double.publish("api", "minor", pre="rc"), "1.4.0-rc.1")
    work(double, "// more\n")
    outcome = double.publish("api", "minor", pre="beta")
    assert (outcome.exit_code, "1.4.0-beta.1 would come before 1.4.0-rc.1" in told(outcome)) == (4, True)


def older_line(world: Double) -> None:
    """1.4.0 is out; a branch from 1.3.0 has a fix."""
    released(world.publish("api", "minor"), "1.4.0")
    world.git("fetch", "--quiet", "--tags", "origin")
    world.git("switch", "--quiet", "--create", "api-1.3.x", "api-v1.3.0")
    (world.root / API / "src" / "index.js").write_text("export const answer = 41.5;\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    world.git(*who, "commit", "--quiet", "--all", "--message", "fix(api): the old answer")
    world.git("push", "--quiet", "origin", "api-1.3.x")


def test_an_older_lines_hotfix_gets_a_dist_tag_of_its_own(double: Double) -> None:
    older_line(double)
    main = remote(double, "main")
    released(double.publish("api", line="1.3"), "1.3.1")
    assert dist_tags(double) == {"latest": "1.4.0", "latest-1.3": "1.3.1"}
    assert remote(double, "main") == main
    assert remote(double, "api-1.3.x") == remote(double, "api-v1.3.1")


def test_a_line_keeps_to_its_numbers(double: Double) -> None:
    older_line(double)
    outcome = double.publish("api", "minor", line="1.3")
    assert (outcome.exit_code, "1.4.0 is not in the line 1.3" in told(outcome)) == (4, True)


def test_a_line_is_released_from_its_own_branch(double: Double) -> None:
    older_line(double)
    double.git("switch", "--quiet", "main")
    outcome = double.publish("api", line="1.3")
    assert (outcome.exit_code, "api-1.3.x" in told(outcome)) == (4, True)


def test_a_number_that_was_unpublished_is_not_asked_for_again(double: Double) -> None:
    had(double, "1.3.1")
    double.registry.unpublish("@double/api", "1.3.1")
    released(double.publish("api"), "1.3.2")


def test_the_cli_names_an_api_that_the_registry_does_not_have(tmp_path: Path) -> None:
    with opened(tmp_path, overlay=files()) as world:
        outcome = world.publish("cli")
        assert outcome.exit_code == 4
        assert "It needs @double/api ^1.3.0, and the registry does not have it." in told(outcome)
        assert "Publish it first: inv publish api." in told(outcome)


def test_the_cli_names_an_api_that_is_too_old(double: Double) -> None:
    raised = files()[f"{CLI}/package.json"].replace("^1.3.0", "^1.4.0")  # type: ignore[arg-type]
    double.commit({f"{CLI}/package.json": raised}, "feat(cli): needs more")
    outcome = double.publish("cli")
    assert "It needs @double/api ^1.4.0, and the registry has 1.3.0 at most." in told(outcome)


def test_the_cli_names_an_api_with_unpublished_commits_and_goes_on_once_it_is_out(double: Double) -> None:
    outcome = double.publish("cli")
    assert "as it is here, and no published version of that holds its last changes" in told(outcome)
    released(double.publish("api"))
    released(double.publish("cli"), "0.9.2")
    assert published(double, "@double/cli") == ["0.9.2"]
