"""Bindings, assets and triggers in a real workerd: what runs, what has a stand-in, and that nothing is a refused upload."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from release.rehearsal.cloud.api import NOT_RUN
from tests.contract.cloud_account import DATABASE, bundle, miniflare, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.cloud_account import Account

pytestmark = pytest.mark.rehearsal

NATIVE = (
    {"type": "kv_namespace", "name": "KV", "namespace_id": "ab12"},
    {"type": "r2_bucket", "name": "FILES", "bucket_name": "Files"},
    {"type": "queue", "name": "JOBS", "queue_name": "jobs"},
    {"type": "ratelimit", "name": "LIMIT", "namespace_id": "1", "simple": {"limit": 9, "period": 60}},
    {"type": "analytics_engine", "name": "STATS", "dataset": "stats"},
    {"type": "d1", "name": "DB", "id": DATABASE},
)
LACKING = (
    {"type": "ai", "name": "AI"},
    {"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"},
    {"type": "vectorize", "name": "INDEX", "index_name": "i"},
    {"type": "a_kind_of_next_year", "name": "NEXT"},
)
SOURCE = """
const calls = {
  write: async (env) => {
    await env.KV.put("k", "kv"); await env.FILES.put("f", "r2"); await env.JOBS.send({ a: 1 });
    env.STATS.writeDataPoint({ blobs: ["x"] });
    return `written ${(await env.LIMIT.limit({ key: "k" })).success}`;
  },
  read: async (env) => `${await env.KV.get("k")} ${await (await env.FILES.get("f")).text()}`,
  ai: (env) => env.AI.run("model", {}),
  room: (env) => env.ROOM.get(env.ROOM.idFromName("a")).fetch("http://x/"),
  index: (env) => env.INDEX.query([1]),
  next: (env) => env.NEXT.fetch("http://x/"),
};
export default { async fetch(request, env) {
  try { return new Response(await calls[new URL(request.url).pathname.slice(1)](env)); }
  catch (error) { return new Response(error.message, { status: 500 }); }
} };
export class Room {}
"""


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    at = tmp_path_factory.mktemp("bindings")
    with opened(at / "state", miniflare(at / "runtime")) as account:
        yield account


@pytest.fixture(scope="module")
def deployed(account: Account) -> Account:
    account.deploy_first(source=SOURCE, bindings=(*NATIVE, *LACKING))
    return account


def not_run(account: Account) -> list[str]:
    """What the rehearsal names."""
    answer = account.client.get(account.cloud.base_url.removesuffix("/client/v4") + NOT_RUN)
    found: list[str] = answer.json()["result"]
    return found


def test_what_the_runtime_has_is_written_in_one_version_and_read_in_the_next(deployed: Account) -> None:
    assert deployed.get("/write").text == "written true"
    assert deployed.get("/read").text == "kv r2"
    deployed.serve(deployed.upload(source=f"{SOURCE}//2", bindings=(*NATIVE, *LACKING)))
    assert deployed.get("/read").text == "kv r2"


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("ai", "env.AI.run: the local cloud of a rehearsal does not run AI (ai)"),
        (
            "room",
            "env.ROOM.fetch: the local cloud of a rehearsal does not run ROOM (durable_object_namespace)",
        ),
        ("index", "env.INDEX.query: the local cloud of a rehearsal does not run INDEX (vectorize)"),
        ("next", "env.NEXT.fetch: the local cloud of a rehearsal does not run NEXT (a_kind_of_next_year)"),
    ],
)
def test_each_call_of_a_binding_that_no_local_runtime_has_fails_and_names_it(
    deployed: Account, path: str, call: str
) -> None:
    answer = deployed.get(f"/{path}")
    assert answer.status_code == 500
    assert call in answer.text


def test_the_bindings_without_a_runtime_are_named_with_their_kind(deployed: Account) -> None:
    assert not_run(deployed)[:4] == [
        "AI (ai)", "INDEX (vectorize)", "NEXT (a_kind_of_next_year)", "ROOM (durable_object_namespace)",
    ]  # fmt: skip


def assets(account: Account, files: dict[str, str], script: str = "cms", **config: Any) -> dict[str, Any]:  # noqa: ANN401
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


def test_assets_are_served_beside_the_worker_and_through_its_binding(account: Account) -> None:
    own = 'r.url.endsWith("/own") ? env.ASSETS.fetch("http://x/a.txt") : new Response("w")'
    source = f"export default {{ fetch: (r, env) => {own} }};"
    given = assets(account, {"/a.txt": "hello", "/deep/p%20q/index.html": "<p>deep</p>"}, "site")
    form = bundle(source, bindings=({"type": "assets", "name": "ASSETS"},), assets=given)
    account.result("PUT", "/workers/scripts/site", files=form)
    assert account.get("/a.txt", "site").text == "hello"
    assert account.get("/deep/p%20q/", "site").text == "<p>deep</p>"
    assert (account.get("/x", "site").text, account.get("/own", "site").text) == ("w", "hello")


def test_assets_without_a_worker_and_without_a_binding_are_a_site(account: Account) -> None:
    given = assets(
        account, {"/index.html": "<p>home</p>"}, "spa", not_found_handling="single-page-application"
    )
    form = {name: part for name, part in bundle(assets=given, main_module="").items() if name == "metadata"}
    account.result("PUT", "/workers/scripts/spa", files=form)
    assert account.get("/", "spa").text == "<p>home</p>"
    html = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
    assert account.get("/any/where", "spa", headers=html).text == "<p>home</p>"


def test_a_session_sees_only_what_is_lacking_and_its_token_opens_nothing_else(account: Account) -> None:
    given = assets(account, {"/kept.txt": "kept"}, "again")
    path = "/workers/scripts/again/assets-upload-session"
    manifest = {"/kept.txt": {"hash": b"kept".hex().ljust(32, "0"), "size": 4}}
    assert account.result("POST", path, json={"manifest": manifest})["buckets"] == []
    headers = {"Authorization": f"Bearer {given['jwt']}"}
    assert account.ask("GET", "/d1/database", headers=headers).status_code == 401
    bad = {"/x": {"hash": "../../x", "size": 1}}
    assert account.refusal("POST", path, json={"manifest": bad})[0] == 400


def test_assets_of_an_unknown_session_are_refused(account: Account) -> None:
    answer = account.ask(
        "PUT", "/workers/scripts/other", files=bundle(assets={"jwt": "not one", "config": {}})
    )
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10304)


def test_an_asset_never_lands_outside_of_its_folder(account: Account) -> None:
    given = assets(account, {"/..%2f..%2f..%2fout.txt": "out"}, "bad")
    answer = account.ask("PUT", "/workers/scripts/bad", files=bundle(assets=given))
    assert "lies outside its folder" in answer.text


def test_a_service_worker_without_modules_runs(account: Account) -> None:
    source = 'addEventListener("fetch", (event) => event.respondWith(new Response(GREETING)));'
    form = bundle(
        source,
        main_module="",
        body_part="index.js",
        bindings=({"type": "plain_text", "name": "GREETING", "text": "hello"},),
    )
    account.result("PUT", "/workers/scripts/classic", files=form)
    assert account.get("/", "classic").text == "hello"


def test_crons_routes_domains_and_queues_are_taken_and_named(account: Account) -> None:
    script = "/workers/scripts/cms"
    assert account.result("PUT", f"{script}/schedules", json=[{"cron": "* * * * *"}])["schedules"]
    assert account.result("PUT", f"{script}/routes", json=[{"pattern": "a.example.com/*"}])[0]["pattern"]
    changes = account.result("POST", f"{script}/domains/changeset?replace_state=true", json=[])
    assert changes["conflicting"] == []
    account.result("PUT", f"{script}/domains/records", json={"origins": []})
    (queue,) = account.result("GET", "/queues?name=jobs")
    account.result("POST", f"/queues/{queue['queue_id']}/consumers", json={"type": "worker"})
    account.result("PUT", "/workflows/order", json={"class_name": "Order"})
    account.result("PUT", "/something/new", json={})
    named = not_run(account)
    assert {"crons", "routes", "custom domains", "queue consumers", "workflows", "PUT /something/new"} <= set(
        named
    )
