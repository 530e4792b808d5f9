"""A release with the real wrangler, killed and lied to at the requests that wrangler makes: the same command finishes it."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.rehearsal.loopback import DropConnection
from tests.e2e.scene import ROOT, invocation
from tests.faults.children import PATIENCE, descendants, end

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from tests.e2e.scene import Scene

    Noted = Callable[[str, object], None]

pytestmark = pytest.mark.rehearsal

TAG = "cms-v1.2.4"
MIGRATION = "0005_page_slug.sql"


@dataclass
class Blow:
    """Kills `inv release` when a request has been answered whose method, path and body hold these words.

    `takes_all`: with everything that it has started; else what it has started goes on.
    """

    scene: Scene
    words: tuple[str, str, bytes]
    takes_all: bool
    process: subprocess.Popen[bytes] = field(init=False)
    has_struck: bool = False

    def fall(self) -> int:
        """Run the release until it is killed; its exit code."""
        cloud = self.scene.stage.cloud
        cloud.before, cloud.after = self._read, self._answered
        try:
            self.process = subprocess.Popen(
                invocation("release", "--yes", "--json"),
                cwd=ROOT,
                env=self.scene.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            return self.process.wait(PATIENCE)
        finally:
            cloud.before = cloud.after = None

    def _read(self, request: Request) -> Response | None:
        if request.path.endswith("/query"):
            request.get_data()
        return None

    def _answered(self, request: Request, response: Response) -> Response:
        method, path, text = self.words
        body = request.get_data() if request.path.endswith("/query") else b""
        if self.has_struck or request.method != method or not request.path.endswith(path) or text not in body:
            return response
        self.has_struck = True
        end(self.process.pid, *(descendants(self.process.pid) if self.takes_all else ()))
        if self.takes_all:
            raise DropConnection
        return response


def test_a_release_killed_three_times_and_lied_to_is_finished_by_the_same_command(
    scene: Scene, record_property: Noted
) -> None:
    migrated = Blow(scene, ("POST", "/query", b"INSERT INTO"), takes_all=True)
    orphaned = Blow(scene, ("POST", "alokai-cms-mcp-production/versions", b""), takes_all=False)
    deployed = Blow(scene, ("POST", "alokai-cms-production/deployments", b""), takes_all=True)
    for blow in (migrated, orphaned, deployed):
        assert (blow.fall(), blow.has_struck) == (-9, True)
    assert scene.ledger()[-1] == MIGRATION
    is_converged(scene)
    record_property("figure: fault cases run", 3)
    record_property("figure: fault cases converged", 3)
    record_property("figure: fault cases with the real wrangler", 3)


@pytest.mark.whole  # tests/faults has it on a double
def test_a_deployment_that_happened_and_was_denied_is_believed(scene: Scene, record_property: Noted) -> None:
    def denied(request: Request, response: Response) -> Response:
        return Response("{}", 500) if is_deployment(request) else response

    scene.stage.cloud.after = denied
    first = scene.release()
    scene.stage.cloud.after = None
    assert (first.code, first.answer["outcome"]) == (0, "released"), str(first)
    is_converged(scene, after_success=True)
    record_property("figure: fault cases run", 1)
    record_property("figure: fault cases converged", 1)
    record_property("figure: fault cases with the real wrangler", 1)


def is_deployment(request: Request) -> bool:
    """Whether a worker of production gets its traffic."""
    return request.method == "POST" and request.path.endswith("-production/deployments")


def is_converged(scene: Scene, *, after_success: bool = False) -> None:
    """The same command ends as an unbroken release does, whatever happened before."""
    done = scene.release()
    assert done.code in ({0, 5} if after_success else {0}), str(done)
    commit = scene.refs()[f"refs/tags/{TAG}"]
    assert scene.refs()["refs/heads/main"] == commit
    assert {tag for _, tag in scene.live().values()} == {f"{TAG}+{commit}"}
    assert (scene.health()["commit"], scene.tree()) == (commit, (commit, ""))
    record = scene.record()
    assert (record["outcome"], record["holder"], record["healthy"]) == ("released", None, True)
    assert [one["tag_name"] for one in scene.github("/releases").json()].count(TAG) == 1
    assert scene.ledger().count(MIGRATION) == 1
