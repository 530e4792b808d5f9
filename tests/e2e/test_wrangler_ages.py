"""Real wranglers from the oldest that works to the newest, driven by the tool's own client against the local cloud.

One of them by default, which has no mark to give at `deploy`; all with --whole (or -m whole).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from release.config import Worker
from release.errors import EffectError
from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database
from release.model.migrating import ApplyMigrations
from release.model.release import Release
from release.model.repository import Migration
from release.systems.cloudflare.api import Cloudflare
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask
from release.systems.npm.wrangler_ages import LEAST
from release.systems.web.http import Http
from tests.contract.cloud_account import DATABASE, miniflare, opened
from tests.e2e.wranglers import PINNED, environment, wrangler_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from release.model.deployment import WorkerDeployment
    from tests.contract.cloud_account import Account

pytestmark = pytest.mark.rehearsal

OLDEST = ".".join(map(str, LEAST))
WITHOUT_MARKS, FIRST_WITH_MARKS = "4.65.0", "4.66.0"  # of `deploy`
BY_DEFAULT = (WITHOUT_MARKS,)
OTHERS = (OLDEST, "4.7.0", "4.40.0", FIRST_WITH_MARKS, "4.80.0", "4.86.0", "4.110.0", PINNED, "4.164.0")
EVERY = [*BY_DEFAULT, *(pytest.param(version, marks=pytest.mark.whole) for version in OTHERS)]
BOUND = [{"binding": "DB", "database_name": "cms-production", "database_id": DATABASE}]
CONFIG = {
    "name": "cms",
    "main": "index.js",
    "compatibility_date": "2024-11-01",
    "env": {"production": {"d1_databases": BOUND, "version_metadata": {"binding": "META"}}},
}
SOURCE = """export default { fetch: (_, env) => Response.json({ commit: env.COMMIT, tag: env.META.tag, n: NUMBER }) };"""
CMS = Worker(name="cms", path="worker", script="cms-{environment}", vars={"COMMIT": "{commit}"})
MIGRATED = ApplyMigrations(
    Database("cms-production", DATABASE, (), (), "d1_migrations"),
    (Migration("0001_a.sql", b"CREATE TABLE a (id);\n", ""),),
    Rules("migrations"),
)


class Driven:
    """A worker, its wrangler, and the account that it is deployed to."""

    def __init__(self, root: Path, installed: Path, account: Account) -> None:
        self.folder, self.account = root / "worker", account
        self.folder.mkdir(parents=True)
        (self.folder / "node_modules").symlink_to(installed / "node_modules")
        (self.folder / "wrangler.json").write_text(json.dumps(CONFIG))
        environ = environment(account, root)
        self.http = Http(attempts=1)
        self.cloudflare = Cloudflare(self.http, environ)
        self.wrangler = Wrangler(root, environ, Mask(()), self.cloudflare.deploy_version)
        self.said: list[str] = []

    def release(self, number: int, source: str = SOURCE) -> str:
        """Deploy the source of a release; the id of its version."""
        (self.folder / "index.js").write_text(source.replace("NUMBER", str(number)))
        commit, base = str(number) * 40, "c" * 40
        release = Release("cms", "production", base, None, None, f"1.0.{number}", f"v1.0.{number}", commit)
        return self.wrangler.deploy(
            CMS, "production", release, f"was {number - 1} base ccc", self.said.append
        )

    @property
    def health(self) -> object:
        """What the worker answers."""
        return self.account.get("/", "cms-production").json()

    @property
    def live(self) -> WorkerDeployment | None:
        """What the tool's own reader finds live."""
        return self.cloudflare.live("cms-production")


@pytest.fixture
def driven(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driven]:
    installed = wrangler_of(tmp_path_factory.getbasetemp().parent, request.param)
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        driven = Driven(tmp_path / "root", installed, account)
        yield driven
        driven.http.close()
        assert account.cloud.api.unrouted == []


@pytest.mark.parametrize("driven", EVERY, indirect=True)
def test_a_first_and_a_second_release_and_a_migration_bear_their_marks(driven: Driven) -> None:
    first, second = driven.release(1), driven.release(2)
    assert driven.health == {"commit": "2" * 40, "tag": f"v1.0.2+{'2' * 40}", "n": 2}
    live = driven.live
    assert live is not None
    assert (live.version_id, live.tag, live.message) == (second, f"v1.0.2+{'2' * 40}", "was 1 base ccc")
    version = driven.cloudflare.version("cms-production", first)
    assert version["annotations"]["workers/tag"] == f"v1.0.1+{'1' * 40}"
    driven.wrangler.migrate("worker", "production", MIGRATED, driven.said.append)
    assert driven.account.sql("SELECT name FROM d1_migrations") == [[{"name": "0001_a.sql"}]]


@pytest.mark.parametrize("driven", [pytest.param(WITHOUT_MARKS, marks=pytest.mark.whole)], indirect=True)
def test_a_version_that_does_not_start_is_refused_in_the_words_of_the_runtime(driven: Driven) -> None:
    first = driven.release(1)
    with pytest.raises(EffectError, match="boom at load"):
        driven.release(2, 'throw new Error("boom at load"); export default {};')
    live = driven.live
    assert live is not None
    assert live.version_id == first
