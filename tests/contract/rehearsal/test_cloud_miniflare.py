"""Uploads in a real workerd: what runs, what is refused, what survives, and what is gone afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from release.rehearsal.cloud.runtime import RuntimeGoneError
from release.rehearsal.cloud.statements import Statement
from release.rehearsal.loopback import refuses
from tests.contract.cloud_account import DATABASE, bundle, miniflare, node, opened, runtime_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
    from tests.contract.cloud_account import Account

pytestmark = pytest.mark.rehearsal

BINDINGS: tuple[dict[str, Any], ...] = (
    {"type": "d1", "name": "DB", "id": DATABASE},
    {"type": "plain_text", "name": "COMMIT_SHA", "text": "4f2c1ab"},
    {"type": "json", "name": "LIMITS", "json": {"pages": 3}},
    {"type": "service", "name": "MCP", "service": "mcp"},
    {"type": "version_metadata", "name": "CF_VERSION"},
)
ECHO = """export default { async fetch(request, env) {
  const one = await env.DB.prepare("SELECT 1 AS one").first("one");
  const mcp = await (await env.MCP.fetch("http://mcp/who")).text();
  const { COMMIT_SHA: commit, LIMITS: limits, CF_VERSION: version } = env;
  return Response.json({ url: request.url, one, mcp, commit, limits, version });
} };"""


def says(text: str) -> str:
    return f"export default {{ fetch: () => new Response({json.dumps(text)}) }};"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    folder = tmp_path_factory.mktemp("workerd")
    with opened(folder / "state", miniflare(folder / "runtime")) as account:
        yield account


@pytest.fixture
def account(shared: Account) -> Account:
    """The account with a script `cms` that says `one`: workerd is started once for all tests."""
    if "cms" in shared.cloud.account.scripts:
        shared.serve(shared.upload(source=says("one")))
    else:
        shared.deploy_first(source=says("one"))
    return shared


def test_a_worker_gets_its_bindings_its_version_and_its_own_address(account: Account) -> None:
    account.result("PUT", "/workers/scripts/mcp", files=bundle(says("mcp one")))
    version = account.upload(source=ECHO, tag="cms-v1.2.4", bindings=BINDINGS)
    account.serve(version)
    answer = account.get("/api/health?a=b").json()
    metadata = answer.pop("version")
    assert (metadata["id"], metadata["tag"]) == (version, "cms-v1.2.4")
    url = f"{account.cloud.url_for('cms')}/api/health?a=b"
    assert answer == {"url": url, "one": 1, "mcp": "mcp one", "commit": "4f2c1ab", "limits": {"pages": 3}}


def test_a_service_binding_follows_the_other_scripts_deployment(account: Account) -> None:
    account.result("PUT", "/workers/scripts/mcp", files=bundle(says("mcp one")))
    account.serve(account.upload(source=ECHO, bindings=BINDINGS))
    account.result("PUT", "/workers/scripts/mcp", files=bundle(says("mcp two")))
    assert account.get("/").json()["mcp"] == "mcp two"


def test_a_module_that_throws_at_load_is_refused_with_workerds_reason(account: Account) -> None:
    files = bundle('throw new Error("boom at load"); export default {};')
    refusal = account.refusal("POST", "/workers/scripts/cms/versions", files=files)
    assert refusal == (400, 10021, "Uncaught Error: boom at load")
    assert account.get("/").text == "one"


@pytest.mark.parametrize("source", ["export default {", 'import "./nowhere.js"; export default {};'])
def test_a_module_that_does_not_load_is_refused_and_the_old_one_serves(account: Account, source: str) -> None:
    code = account.refusal("POST", "/workers/scripts/cms/versions", files=bundle(source))[1]
    assert code == 10021
    assert account.get("/").text == "one"


def test_a_handler_that_throws_deploys_and_answers_500(account: Account) -> None:
    account.serve(account.upload(source='export default { fetch() { throw new Error("boom"); } };'))
    assert account.get("/").status_code == 500


def test_a_bundle_of_several_modules_is_loaded(account: Account) -> None:
    main = 'import { text } from "./lib/text.js"; export default { fetch: () => new Response(text) };'
    part = ("lib/text.js", b'export const text = "two modules";', "application/javascript+module")
    version = account.script("POST", "/versions", files={"lib/text.js": part, **bundle(main)})["id"]
    account.serve(version)
    assert account.get("/").text == "two modules"


def test_a_version_override_reaches_a_version_that_gets_no_traffic(account: Account) -> None:
    live, shadow = account.upload(source=says("live")), account.upload(source=says("shadow"))
    shares = [{"version_id": live, "percentage": 100}, {"version_id": shadow, "percentage": 0}]
    account.script("POST", "/deployments", json={"strategy": "percentage", "versions": shares})
    assert {account.get("/").text for _ in range(8)} == {"live"}
    override = {"Cloudflare-Workers-Version-Overrides": f'cms="{shadow}"'}
    assert account.get("/", headers=override).text == "shadow"


def test_a_version_that_is_no_longer_loaded_serves_again(account: Account) -> None:
    old = account.upload(source=says("old"))
    account.upload(source=says("new"))
    assert f"cms.{old}" not in {worker["name"] for worker in running(account)._loaded}
    account.serve(old)
    assert account.get("/").text == "old"


def test_bodies_and_headers_go_both_ways(account: Account) -> None:
    source = """export default { async fetch(request) {
      const headers = { "x-got": request.headers.get("x-sent") };
      return new Response((await request.text()).toUpperCase(), { status: 201, headers });
    } };"""
    account.serve(account.upload(source=source))
    url = account.cloud.url_for("cms")
    answer = account.client.post(url, content="hello", headers={"x-sent": "yes"})
    assert (answer.status_code, answer.text, answer.headers["x-got"]) == (201, "HELLO", "yes")


def test_a_worker_cannot_leave_this_machine(account: Account) -> None:
    source = 'export default { fetch: () => fetch("http://example.com/") };'
    account.serve(account.upload(source=source))
    answer = account.get("/")
    assert (answer.status_code, answer.text) == (
        502,
        "a rehearsal reaches this machine alone, not example.com\n",
    )


def test_a_worker_reaches_another_by_its_loopback_address(account: Account) -> None:
    account.result("PUT", "/workers/scripts/mcp", files=bundle(says("mcp by address")))
    source = f'export default {{ fetch: () => fetch("{account.cloud.url_for("mcp")}") }};'
    account.serve(account.upload(source=source))
    assert account.get("/").text == "mcp by address"


def test_no_request_is_lost_while_versions_are_uploaded_and_switched(account: Account) -> None:
    url, seen, done = account.cloud.url_for("cms"), [], threading.Event()

    def visit() -> None:
        with httpx.Client(trust_env=False, verify=False, timeout=30) as visitor:
            while not done.is_set():
                seen.append(visitor.get(url).text)

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    try:
        for text in ("two", "three"):
            account.serve(account.upload(source=says(text)))
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    assert set(seen) <= {"one", "two", "three"}
    assert account.get("/").text == "three"


def test_everything_is_there_again_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        account.deploy_first(source=says("one"))
        account.sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        url = account.cloud.url_for("cms")
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        assert account.cloud.url_for("cms") == url
        assert account.get("/").text == "one"
        assert account.sql("SELECT a FROM t") == [[{"a": 1}]]


def group_of(leader: int) -> list[str]:
    """Command lines of the processes in a group of which a thread still runs; a zombie's may."""
    listing = subprocess.run(
        ["ps", "-A", "-o", "pgid=,stat=,nlwp=,args="], capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 3) for line in listing.stdout.splitlines())
    return [
        row[3] for row in rows if int(row[0]) == leader and (not row[1].startswith("Z") or int(row[2]) > 1)
    ]


def running(account: Account) -> MiniflareRuntime:
    runtime: Any = account.cloud.runtime
    return runtime  # type: ignore[no-any-return]  # the fixture made it


def test_killed_workers_refuse_and_the_api_says_so(tmp_path: Path) -> None:
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        account.deploy_first(source=says("one"))
        group, url = running(account).process_group, account.cloud.url_for("cms")
        running(account).kill()
        assert group_of(group) == []
        assert refuses(urlsplit(url).port or 0)
        with pytest.raises(RuntimeGoneError):
            account.cloud.runtime.d1(DATABASE, [Statement("SELECT 1")])
        assert account.refusal("POST", f"/d1/database/{DATABASE}/query", json={"sql": "SELECT 1"})[0] == 503


def test_workerd_that_dies_alone_is_replaced(account: Account) -> None:
    listing = subprocess.run(
        ["ps", "-A", "-o", "pid=,pgid=,comm="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listing.stdout.splitlines()]
    (workerd,) = [
        int(row[0]) for row in rows if int(row[1]) == running(account).process_group and row[2] == "workerd"
    ]
    os.kill(workerd, signal.SIGKILL)
    account.serve(account.upload(source=says("two")))
    assert account.get("/").text == "two"


HOLDER = """
import sys
from pathlib import Path
from release.rehearsal.cloud.miniflare_runtime import MiniflareRuntime
runtime = MiniflareRuntime(*map(Path, sys.argv[1:]))
runtime.start()
print(runtime.process_group, runtime.port_for("cms"), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_whoever_started_it(tmp_path: Path, blow: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER, str(node()), str(runtime_modules()), str(tmp_path)]
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=root
    ) as holder:
        assert holder.stdout is not None
        group, port = map(int, holder.stdout.readline().split())
        assert len(group_of(group)) == 2
        holder.send_signal(blow)
    waiting = threading.Event()
    while group_of(group):
        waiting.wait(0.05)
    assert refuses(port)
