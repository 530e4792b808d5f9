"""publish-api.yml, executed: approved, published by trusted publishing, tagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from release.testing import packages
from tests.workflows.identity import trusting
from tests.workflows.scene import DEPLOYER, configuration
from tests.workflows.scene import place as opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.workflows.engine import GitHubEngine
    from tests.workflows.scene import Place

TARGETS = packages.PLUGIN.replace("packages/{name}", "packages/{name[4:]}").replace(
    '[target("api"), target("cli")]', '[target("cms-api"), target("cms-cli")]'
)


@pytest.fixture
def place(tmp_path: Path, engine: GitHubEngine) -> Iterator[Place]:
    """A place of work whose monorepo has two packages, none of which was ever published."""
    files = {**packages.files(config=configuration()), "extensions/plugin.py": TARGETS}
    with opened(tmp_path, engine, files) as found:
        yield found


def test_a_package_is_approved_and_published_without_any_npm_token(place: Place) -> None:
    run = place.dispatch("publish-api.yml", version_bump="minor")
    assert (run.waiting, place.world.registry.writes) == ({"publish": "npm"}, [])
    place.review(run)
    assert run.result == "success", run.told
    assert place.world.registry.writes == ["@double/api@1.4.0"]
    assert "cms-api-v1.4.0" in place.tags()
    assert place.pushes() == {DEPLOYER}


def test_a_workflow_that_is_not_the_trusted_publisher_publishes_nothing(place: Place) -> None:
    others = {"@double/api": {"workflow": "publish-cli.yml", "environment": "npm"}}
    place.world.registry.before = trusting(place.world.registry, place.issuer, others)
    run = place.dispatch("publish-api.yml")
    place.review(run)
    assert run.result == "failure"
    assert "authorization required to access package" in run.told
    assert place.world.registry.writes == []
    assert set(place.tags()) == {"cms-v1.2.3"}
