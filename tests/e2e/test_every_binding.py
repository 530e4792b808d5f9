"""A worker with every kind of binding that wrangler can configure, through real wranglers: two releases and a rollback."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.cloud_account import DATABASE, miniflare, node, opened
from tests.contract.rehearsal import kinds
from tests.e2e.test_wrangler_ages import OLDEST
from tests.e2e.wranglers import PINNED, environment, wrangler_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.cloud_account import Account

pytestmark = [pytest.mark.rehearsal, pytest.mark.whole]

DATE = "2026-01-01"
JOBS = {
    "name": "jobs",
    "main": "jobs.js",
    "compatibility_date": DATE,
    "kv_namespaces": [{"binding": "KV", "id": "ab12"}],
    "queues": {"consumers": [{"queue": "jobs", "max_batch_size": 1, "max_batch_timeout": 0}]},
}
OLD: dict[str, Any] = {
    "name": "cms",
    "main": "index.js",
    "compatibility_date": DATE,
    "kv_namespaces": [{"binding": "KV", "id": "ab12"}],
    "r2_buckets": [{"binding": "R2_BUCKET", "bucket_name": "files"}],
    "d1_databases": [{"binding": "D1", "database_name": "cms-production", "database_id": DATABASE}],
    "durable_objects": {"bindings": [{"name": "DURABLE_OBJECT_NAMESPACE", "class_name": "Room"}]},
    "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
    "queues": {"producers": [{"binding": "QUEUE", "queue": "jobs"}]},
    "workflows": [{"binding": "WORKFLOW", "name": "flow", "class_name": "Flow"}],
    "services": [{"binding": "SERVICE", "service": "jobs", "entrypoint": "Named", "props": {"by": 10}}],
    "assets": {"directory": "assets", "binding": "ASSETS"},
    "analytics_engine_datasets": [{"binding": "ANALYTICS_ENGINE", "dataset": "stats"}],
    "send_email": [{"name": "SEND_EMAIL"}],
    "hyperdrive": [{"binding": "DATABASE", "id": "h1"}],
    "vars": {"PLAIN_TEXT": "kept", "JSON": {"a": [1]}},
    "version_metadata": {"binding": "VERSION_METADATA"},
    "triggers": {"crons": ["0 * * * *"]},
    "ai": {"binding": "AI"},
    "vectorize": [{"binding": "VECTORIZE", "index_name": "i"}],
    "browser": {"binding": "BROWSER"},
    "mtls_certificates": [{"binding": "MTLS_CERTIFICATE", "certificate_id": "c"}],
}
NEW: dict[str, Any] = {
    **OLD,
    "ratelimits": [{"name": "RATELIMIT", "namespace_id": "1", "simple": {"limit": 9, "period": 60}}],
    "secrets_store_secrets": [{"binding": "SECRETS_STORE_SECRET", "store_id": "s", "secret_name": "KEY"}],
    "worker_loaders": [{"binding": "WORKER_LOADER"}],
    "images": {"binding": "IMAGES"},
    "pipelines": [{"binding": "PIPELINES", "pipeline": "events"}],
    "vpc_services": [{"binding": "VPC_SERVICE", "service_id": "v"}],
}
# props came later, and a version has its tag only where `deploy` takes one
LATER = frozenset({"service", "version_metadata"})


class Worker:
    """The folder of two workers, one wrangler, and the account that it deploys to."""

    def __init__(self, folder: Path, installed: Path, account: Account, settings: dict[str, Any]) -> None:
        self.folder, self.account, self.environ = folder, account, environment(account, folder)
        (folder / "assets").mkdir(parents=True)
        (folder / "assets" / "a.txt").write_text("hello")
        (folder / "assets" / "_headers").write_text("/a.txt\n  X-Own: yes\n")
        (folder / "jobs.js").write_text(kinds.JOBS)
        (folder / "jobs.json").write_text(json.dumps(JOBS))
        (folder / "wrangler.json").write_text(json.dumps(settings))
        self.program = installed / "node_modules" / "wrangler" / "bin" / "wrangler.js"
        names = json.dumps(settings)
        everything = (*kinds.RUN, *kinds.STAND_IN)
        self.kinds = tuple(one for one in everything if f'"{one.name}"' in names)

    def wrangler(self, *words: str) -> None:
        """A command of wrangler's that must succeed."""
        quiet = {"CI": "1", "WRANGLER_SEND_METRICS": "false", "WRANGLER_HIDE_BANNER": "true"}
        done = subprocess.run(
            [str(node()), "--no-warnings", str(self.program), *words],
            cwd=self.folder,
            env={**os.environ, **self.environ, **quiet},
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def deploy(self, number: int) -> None:
        """Deploy a release of `cms`."""
        (self.folder / "index.js").write_text(kinds.source(self.kinds, number))
        self.wrangler("deploy")

    def answers(self, when: str) -> dict[str, Any]:
        """What `cms` answers for each kind."""
        found = {}
        for one in self.kinds:
            answer = self.account.get(f"/{when}/{one.kind}")
            found[one.kind] = answer.json() if answer.is_success else answer.text
        return found


@pytest.mark.parametrize(
    ("version", "settings"),
    [
        (PINNED, NEW),
        (OLDEST, OLD),
        ("4.164.0", NEW),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_every_kind_goes_through_wrangler_two_releases_and_a_rollback(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    version: str,
    settings: dict[str, Any],
) -> None:
    installed = wrangler_of(tmp_path_factory.getbasetemp().parent, version)
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime"), kinds.HYPERDRIVE) as account:
        worker = Worker(tmp_path / "worker", installed, account, settings)
        worker.wrangler("deploy", "--config", "jobs.json")
        worker.deploy(1)
        first = worker.answers("first")
        written(account, "job", "flow")
        worker.deploy(2)
        following = worker.answers("then")
        old = account.script("GET", "/versions")["items"][-1]["id"]
        worker.wrangler("rollback", old, "--yes", "--message", "back")
        assert account.cloud.account.scripts["cms"].home == old
        expected = {one.kind: one.found for one in worker.kinds if one in kinds.RUN and one.kind not in LATER}
        assert expected.keys() >= {"kv_namespace", "durable_object_namespace", "workflow", "queue", "assets"}
        assert not [one for one in first.values() if isinstance(one, str)]
        for found in (following, worker.answers("then")):
            assert {kind: found[kind] for kind in expected} == expected
            assert "does not run AI (ai)" in found["ai"]
        assert account.get("/a.txt").headers["x-own"] == "yes"
        assert account.cloud.account.scripts["cms"].crons == ("0 * * * *",)
        assert account.cloud.account.scripts["cms"].migration_tag == "v1"
        assert account.cloud.api.unrouted == []


def written(account: Account, *keys: str) -> None:
    waiting = threading.Event()
    for key in keys:
        for _ in range(200):
            if account.get(f"/has/{key}").json() is True:
                break
            waiting.wait(0.05)
        else:
            pytest.fail(f"{key} was never written")
