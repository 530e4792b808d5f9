"""Packages published with the real npm to a real Verdaccio: the whole way, and a registry that dies on it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import httpx
import pytest

from release.model.options import Options
from release.model.request import Request
from release.rehearsal.rehearse import rehearsed
from release.rehearsal.stage import Stage
from release.run import release as releasing
from release.testing import Recorder, approve
from tests.contract.release_facts import told
from tests.e2e.processes import gone, of_folder
from tests.e2e.scene import bare_environment, inv
from tests.e2e.test_rehearsals import nothing_is_left

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.model.request import Level

pytestmark = pytest.mark.rehearsal
API = "@alokai/cms-api"


@pytest.fixture
def stage(repository: Path, tmp_path: Path) -> Iterator[Stage]:
    """A stage without a cloud: a forge, and a registry with the last packages."""
    folder = tmp_path / "stage"
    stage = Stage(repository, folder, bare_environment(), publishes=True, serves=False)
    stage.start(lambda _: None)
    try:
        yield stage
    finally:
        stage.stop()
        shutil.rmtree(folder)


def publish(stage: Stage, target: str, bump: Level = "patch", listener: Recorder | None = None) -> Outcome:
    """`inv publish TARGET --yes` on the stage."""
    environ = rehearsed(bare_environment(), stage.environment)
    asked = Options(Request(target, bump), target=target)
    return releasing.release(
        stage.clone, environ, asked, lambda _, found: approve(found), listener or Recorder()
    )


def versions(stage: Stage, name: str = API) -> list[str]:
    """What the registry has, read past this tool."""
    assert stage.registry is not None
    answer = httpx.get(f"{stage.registry.url}/{name.replace('/', '%2F')}", trust_env=False)
    return list(answer.json()["versions"])


class Stopping(Recorder):
    """Stops the registry once npm has said that it published."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage

    def line(self, text: str) -> None:
        """Stop it."""
        super().line(text)
        if text.startswith(f"+ {API}@") and self.stage.registry is not None:
            self.stage.registry.stop()


@pytest.mark.whole  # tests/faults has it on a double
def test_a_registry_that_dies_behind_the_publish_is_finished_when_it_is_back(stage: Stage) -> None:
    assert stage.registry is not None
    died = publish(stage, "cms-api", "minor", Stopping(stage))
    assert (died.outcome, died.exit_code) == ("unrecorded", 3), told(died)
    assert "Whether it is published could not be read" in told(died)
    stage.registry.start()
    assert versions(stage) == ["1.3.0", "1.4.0"]
    again = publish(stage, "cms-api")
    assert (again.decision, again.exit_code) == ("finish", 0), told(again)
    assert [step.name for step in again.steps] == ["read-back", "record", "github-release", "verify"]
    assert versions(stage) == ["1.3.0", "1.4.0"]


def test_rehearsing_a_package_publishes_it_installs_it_back_and_leaves_nothing(
    fresh_repository: Path,
) -> None:
    ended = inv("rehearse", "--publish", "cms-api", "--pre", "beta", "--json", root=fresh_repository)
    assert ended.code == 0, str(ended)
    answer = ended.answer
    assert (answer["outcome"], answer["version"], answer["tag"]) == (
        "released", "1.4.0-beta.1", "cms-api-v1.4.0-beta.1",
    )  # fmt: skip
    assert [write["system"] for write in answer["writes"]] == ["npm", "git", "git", "github"]
    assert f"stage: {API}@1.4.0-beta.1 installs and loads" in ended.err
    assert json.loads(ended.out) == answer
    nothing_is_left(fresh_repository)
    assert gone(of_folder(fresh_repository))
