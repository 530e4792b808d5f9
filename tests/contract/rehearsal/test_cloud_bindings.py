"""Assets, modules and triggers in a real workerd."""

from __future__ import annotations

import base64
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.cloud_account import bundle, miniflare, node, opened, uploaded_assets

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.cloud_account import Account

pytestmark = pytest.mark.rehearsal

HTML = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
WASM = base64.b64decode("AGFzbQEAAAABBQFgAAF/AwIBAAcFAQFmAAAKBgEEAEEqCw==")  # a function f that returns 42


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    at = tmp_path_factory.mktemp("bindings")
    with opened(at / "state", miniflare(at / "runtime")) as account:
        yield account


def site(account: Account, files: dict[str, str], source: str = "", **config: Any) -> None:  # noqa: ANN401  # metadata
    """Put the script `site` live: assets, and a worker where there is a source."""
    given = uploaded_assets(account, files, "site", **config)
    form = bundle(source, assets=given)
    if not source:
        form = {"metadata": bundle(assets=given, main_module="")["metadata"]}
    account.result("PUT", "/workers/scripts/site", files=form)


def test_assets_are_served_beside_the_worker_and_through_its_binding(account: Account) -> None:
    own = 'r.url.endsWith("/own") ? env.ASSETS.fetch("http://x/a.txt") : new Response("w")'
    source = f"export default {{ fetch: (r, env) => {own} }};"
    given = uploaded_assets(account, {"/a.txt": "hello", "/deep/p%20q/index.html": "<p>deep</p>"}, "site")
    form = bundle(source, bindings=({"type": "assets", "name": "ASSETS"},), assets=given)
    account.result("PUT", "/workers/scripts/site", files=form)
    assert account.get("/a.txt", "site").text == "hello"
    assert account.get("/deep/p%20q/", "site").text == "<p>deep</p>"
    assert (account.get("/x", "site").text, account.get("/own", "site").text) == ("w", "hello")


def test_assets_without_a_worker_and_without_a_binding_are_a_site(account: Account) -> None:
    given = uploaded_assets(
        account, {"/index.html": "<p>home</p>"}, "spa", not_found_handling="single-page-application"
    )
    form = {name: part for name, part in bundle(assets=given, main_module="").items() if name == "metadata"}
    account.result("PUT", "/workers/scripts/spa", files=form)
    assert account.get("/", "spa").text == "<p>home</p>"
    html = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
    assert account.get("/any/where", "spa", headers=html).text == "<p>home</p>"


def test_a_session_sees_only_what_is_lacking_and_its_token_opens_nothing_else(account: Account) -> None:
    given = uploaded_assets(account, {"/kept.txt": "kept"}, "again")
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
    given = uploaded_assets(account, {"/..%2f..%2f..%2fout.txt": "out"}, "bad")
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


def test_assets_follow_their_own_headers_and_redirects(account: Account) -> None:
    rules = {"_headers": "/a.txt\n  X-Own: yes\n", "_redirects": "/old /a.txt 301\n"}
    site(account, {"/a.txt": "hello"}, **rules)
    assert account.get("/a.txt", "site").headers["x-own"] == "yes"
    answer = account.get("/old", "site")
    assert (answer.status_code, answer.headers["location"]) == (301, "/a.txt")
    assert account.get("/_headers", "site").status_code == 404


@pytest.mark.parametrize(
    ("path", "who"), [("/api/a.txt", "worker"), ("/a.txt", "asset"), ("/none", "worker")]
)
def test_a_worker_runs_first_where_it_is_said(account: Account, path: str, who: str) -> None:
    source = "export default { fetch: () => new Response('worker') };"
    site(account, {"/a.txt": "asset", "/api/a.txt": "asset"}, source, run_worker_first=["/api/*"])
    assert account.get(path, "site").text == who


@pytest.mark.parametrize(
    ("handling", "path", "found"),
    [
        ({"not_found_handling": "single-page-application"}, "/any/where", (200, "<p>home</p>")),
        ({"not_found_handling": "404-page"}, "/any/where", (404, "<p>none</p>")),
        ({"not_found_handling": "none"}, "/any/where", (404, "")),
        ({"html_handling": "drop-trailing-slash"}, "/about/", (307, "")),
        ({"html_handling": "none"}, "/about", (404, "")),
        ({}, "/about", (200, "<p>about</p>")),
    ],
)
def test_pages_are_found_as_the_configuration_says(
    account: Account, handling: dict[str, str], path: str, found: tuple[int, str]
) -> None:
    pages = {"/index.html": "<p>home</p>", "/404.html": "<p>none</p>", "/about.html": "<p>about</p>"}
    site(account, pages, **handling)
    answer = account.get(path, "site", headers=HTML)
    assert (answer.status_code, answer.text) == found


def test_the_assets_of_a_version_come_and_go_with_it(account: Account) -> None:
    site(account, {"/index.html": "one", "/one.js": "1"})
    site(account, {"/index.html": "two", "/two.js": "2"})
    assert (account.get("/", "site").text, account.get("/two.js", "site").text) == ("two", "2")
    assert (
        account.get("/one.js", "site").status_code == 404
    )  # as on Cloudflare, where a page loaded before loses it
    first = account.result("GET", "/workers/scripts/site/versions")["items"][1]["id"]
    shares = [{"version_id": first, "percentage": 100}]
    account.result(
        "POST", "/workers/scripts/site/deployments", json={"strategy": "percentage", "versions": shares}
    )
    assert (account.get("/", "site").text, account.get("/one.js", "site").text) == ("one", "1")


def test_a_bundle_has_modules_of_every_type(account: Account) -> None:
    source = """import text from "./a.txt"; import data from "./a.bin"; import wasm from "./a.wasm"; import cjs from "./a.cjs";
    export default { async fetch() {
      const { exports } = await WebAssembly.instantiate(wasm);
      return Response.json([text, new Uint8Array(data).length, exports.f(), cjs.own]);
    } };"""
    parts = {
        "a.txt": ("a.txt", b"text", "text/plain"),
        "a.bin": ("a.bin", b"\0\1\2", "application/octet-stream"),
        "a.wasm": ("a.wasm", WASM, "application/wasm"),
        "a.cjs": ("a.cjs", b"module.exports = { own: 'cjs' };", "application/javascript"),
    }
    account.result("PUT", "/workers/scripts/modules", files={**bundle(source), **parts})
    assert account.get("/", "modules").json() == ["text", 3, 42, "cjs"]


def test_a_worker_without_modules_has_parts(account: Account) -> None:
    source = """const { exports } = new WebAssembly.Instance(CODE);
    addEventListener("fetch", (event) => event.respondWith(Response.json([TEXT, DATA.byteLength, exports.f()])));"""
    kinds = (("text_blob", "TEXT"), ("data_blob", "DATA"), ("wasm_module", "CODE"))
    bindings = tuple({"type": kind, "name": name, "part": name} for kind, name in kinds)
    parts = {
        "TEXT": ("TEXT", b"text", "text/plain"),
        "DATA": ("DATA", b"\0\1", "application/octet-stream"),
        "CODE": ("CODE", WASM, "application/wasm"),
    }
    form = bundle(source, main_module="", body_part="index.js", bindings=bindings)
    account.result("PUT", "/workers/scripts/classic", files={**form, **parts})
    assert account.get("/", "classic").json() == ["text", 2, 42]


HANDLERS = """export default {
  fetch: async (request, env) => Response.json(await env.KV.get(new URL(request.url).pathname.slice(1))),
  scheduled: (event, env) => env.KV.put("cron", event.cron),
  email: (message, env) => env.KV.put("mail", message.from),
  tail: (events, env) => env.KV.put("tail", events[0].logs[0].message[0]),
};"""
KV = {"type": "kv_namespace", "name": "KV", "namespace_id": "handlers"}


@pytest.fixture(scope="module")
def handlers(account: Account) -> Account:
    account.result("PUT", "/workers/scripts/handlers", files=bundle(HANDLERS, bindings=(KV,)))
    return account


def test_a_cron_is_called_by_hand(handlers: Account) -> None:
    script = "/workers/scripts/handlers"
    assert handlers.result("PUT", f"{script}/schedules", json=[{"cron": "0 * * * *"}])["schedules"]
    assert handlers.result("GET", f"{script}/schedules")["schedules"] == [{"cron": "0 * * * *"}]
    answer = handlers.get("/cdn-cgi/handler/scheduled?cron=0+*+*+*+*", "handlers")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert handlers.get("/cron", "handlers").json() == "0 * * * *"


def test_a_message_is_sent_by_hand(handlers: Account) -> None:
    lines = [
        "From: a@example.com",
        "To: b@example.com",
        "Message-ID: <2@example.com>",
        "Subject: s",
        "",
        "hi",
    ]
    address = handlers.cloud.url_for("handlers")
    url = f"{address}/cdn-cgi/handler/email?from=a@example.com&to=b@example.com"
    answer = handlers.client.post(url, content="\r\n".join(lines))
    assert answer.status_code == 200, answer.text
    assert handlers.get("/mail", "handlers").json() == "a@example.com"


def test_what_one_script_logs_is_sent_to_its_tail_consumer(handlers: Account) -> None:
    source = "export default { fetch: () => { console.log('logged'); return new Response('ok'); } };"
    form = bundle(source, tail_consumers=[{"service": "handlers"}])
    handlers.result("PUT", "/workers/scripts/logging", files=form)
    assert handlers.get("/", "logging").text == "ok"
    while handlers.get("/tail", "handlers").json() is None:
        pass
    assert handlers.get("/tail", "handlers").json() == "logged"


def test_routes_and_domains_are_taken_and_shown(handlers: Account) -> None:
    script = "/workers/scripts/handlers"
    assert handlers.result("PUT", f"{script}/routes", json=[{"pattern": "a.example.com/*"}])[0]["pattern"]
    assert handlers.result("GET", f"{script}/routes")[0]["pattern"] == "a.example.com/*"
    changes = handlers.result("POST", f"{script}/domains/changeset?replace_state=true", json=[])
    assert changes["conflicting"] == []
    handlers.result("PUT", f"{script}/domains/records", json={"origins": [{"hostname": "shop.example.com"}]})
    assert handlers.cloud.account.domains["handlers"] == ("shop.example.com",)


def test_a_web_socket_goes_through(account: Account) -> None:
    source = """export default { fetch() {
      const [one, other] = Object.values(new WebSocketPair());
      other.accept(); other.addEventListener("message", ({ data }) => other.send(data.toUpperCase()));
      return new Response(null, { status: 101, webSocket: one });
    } };"""
    account.result("PUT", "/workers/scripts/sockets", files=bundle(source))
    address = account.cloud.url_for("sockets").replace("http", "ws")
    said = f"""const socket = new WebSocket("{address}");
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({{ data }}) => {{ console.log(data); process.exit(); }};"""
    done = subprocess.run([node(), "-e", said], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "HELLO\n"
