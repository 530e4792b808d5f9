"""The API as such: token, envelope, hooks, log, and what a restart keeps."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest
from werkzeug.wrappers import Response

from release.rehearsal.cloud.envelope import Write
from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from release.rehearsal.cloud.runtime import RuntimeGoneError
from release.rehearsal.loopback import DropConnection, refuses
from release.rehearsal.not_run import not_run
from tests.contract.cloud_account import ACCOUNT, DATABASE, bundle, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request

    from tests.contract.cloud_account import Account


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with opened(tmp_path / "state") as account:
        yield account


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic dDBrZW4=", "t0ken"])
def test_a_request_without_the_right_token_is_refused_in_the_envelope(account: Account, header: str) -> None:
    answer = account.ask("GET", "/workers/subdomain", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json() == {
        "success": False,
        "errors": [{"code": 10000, "message": "Authentication error"}],
        "messages": [],
        "result": None,
    }


def test_a_write_without_the_token_changes_nothing(account: Account) -> None:
    account.ask("PUT", "/workers/scripts/cms", files=bundle(), headers={"Authorization": ""})
    assert account.cloud.account.scripts == {}
    assert account.cloud.log == ()


def test_a_token_for_reading_reads_and_changes_nothing(account: Account) -> None:
    account.cloud.api.read_tokens.add("read-only")
    header = {"Authorization": "Bearer read-only"}
    query = f"/d1/database/{DATABASE}/query"
    assert account.ask("GET", "/d1/database", headers=header).status_code == 200
    assert account.ask("POST", query, json={"sql": "SELECT 1"}, headers=header).status_code == 200
    for sql in ("CREATE TABLE t (x)", "select 1; drop table t"):
        assert account.ask("POST", query, json={"sql": sql}, headers=header).status_code == 403
    assert account.ask("PUT", "/workers/scripts/cms", files=bundle(), headers=header).status_code == 403
    assert account.cloud.log == ()


def test_no_request_is_kept_once_it_is_answered(account: Account) -> None:
    account.cloud.api.read_tokens.add("read-only")
    seen: list[weakref.ref[Request]] = []
    account.cloud.before = lambda request: seen.append(weakref.ref(request))
    account.ask("GET", "/workers/subdomain", headers={"Authorization": "Bearer read-only"})
    account.cloud.stop()
    gc.collect()
    assert [one() for one in seen] == [None]


def test_another_account_is_not_ours_to_answer_for(account: Account) -> None:
    answer = account.client.get(f"{account.cloud.base_url}/accounts/other/workers/subdomain")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, 9109)


def test_a_call_that_is_not_known_gets_an_empty_answer_and_is_remembered(account: Account) -> None:
    assert account.result("POST", "/workers/dispatch") == {}
    assert account.result("GET", "/workers/dispatch") == []
    path = f"/client/v4/accounts/{ACCOUNT}/workers/dispatch"
    assert account.cloud.api.unrouted == [f"POST {path}", f"GET {path}"]


@pytest.mark.parametrize(
    "path", ["/client/v5/accounts", "/client/v4/accountz/x", "/", "/client/v4/rehearsals"]
)
def test_what_lies_outside_of_the_account_has_no_route(account: Account, path: str) -> None:
    url = account.cloud.base_url.removesuffix("/client/v4") + path
    answer = account.client.get(url)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, 7003)


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'{"sql": 1}', b"[]"])
def test_a_body_that_is_no_request_is_a_400_and_no_traceback(account: Account, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    path = f"/d1/database/{DATABASE}/query"
    assert account.refusal("POST", path, content=body, headers=headers)[:2] == (400, 7400)


def test_whoami_finds_token_user_account_and_membership(account: Account) -> None:
    paths = ("/user/tokens/verify", "/user", "/accounts", "/memberships", f"/accounts/{ACCOUNT}")
    answers = [account.client.get(account.cloud.base_url + path).json() for path in paths]
    token, user, accounts, memberships, one = (answer["result"] for answer in answers)
    assert token["status"] == "active"
    assert "@" in user["email"]
    assert accounts[0]["id"] == memberships[0]["account"]["id"] == one["id"] == ACCOUNT


def test_lists_carry_page_information(account: Account) -> None:
    info = account.client.get(f"{account.cloud.base_url}/accounts").json()["result_info"]
    assert (info["page"], info["total_count"], info["total_pages"]) == (1, 1, 1)
    assert info["per_page"] >= 1


def test_the_log_holds_every_change_in_order_and_no_read(account: Account) -> None:
    first = account.deploy_first(tag="cms-v1.2.3")
    account.script("GET", "/versions")
    account.sql("SELECT 1")
    account.sql("CREATE TABLE t (a)")
    account.serve(first)
    script, database = "/workers/scripts/cms", f"/d1/database/{DATABASE}/query"
    assert account.cloud.log == (
        Write("PUT", script, f"upload and deploy cms {first} cms-v1.2.3"),
        Write("POST", database, "query cms-production CREATE TABLE t (a)"),
        Write("POST", f"{script}/deployments", f"deploy cms {first}@100%"),
    )


def test_a_refused_write_is_not_in_the_log(account: Account) -> None:
    account.refusal("POST", "/workers/scripts/cms/versions", files=bundle())
    account.sql_error("CREATE TABLE")
    assert account.cloud.log == ()


def test_before_can_answer_instead_of_the_api(account: Account) -> None:
    account.cloud.before = lambda _: Response("<html>bad gateway</html>", 502)
    assert account.ask("PUT", "/workers/scripts/cms", files=bundle()).status_code == 502
    account.cloud.before = None
    assert account.cloud.account.scripts == {}


def test_after_can_lose_the_answer_of_a_deployment_that_was_made(account: Account) -> None:
    def lose_deployments(request: Request, response: Response) -> Response:
        if "cloud.write" in request.environ:
            raise DropConnection
        return response

    first = account.deploy_first()
    account.cloud.after = lose_deployments
    with pytest.raises(httpx.TransportError):
        account.serve(first, message="lost")
    account.cloud.after = None
    newest = account.script("GET", "/deployments")["deployments"][0]
    assert newest["annotations"]["workers/message"] == "lost"


def test_a_restart_keeps_scripts_routes_and_addresses(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as account:
        first = account.deploy_first(tag="cms-v1.2.3")
        second = account.upload(source='const version = "1.2.4";')
        account.serve(second)
        url, kept = account.cloud.url_for("cms"), account.cloud.account
    with opened(tmp_path / "state") as account:
        assert account.cloud.account == kept
        assert account.cloud.url_for("cms") == url
        assert account.get("/api/health").json()["version"] == "1.2.4"
        account.serve(first)
        assert account.get("/api/health").json()["version"] == "1.2.3"


def test_a_restart_finds_another_port_when_the_old_one_is_taken(tmp_path: Path) -> None:
    with opened(tmp_path / "one") as one:
        one.deploy_first()
        port = one.cloud.account.ports.get("cms") or int(one.cloud.url_for("cms").rsplit(":", 1)[1])
        with opened(tmp_path / "two") as two:
            two.cloud.store.save(two.cloud.account.__class__(ports={"cms": port}))
            assert two.cloud.url_for("cms") != one.cloud.url_for("cms")
            assert two.get("/").status_code == 404


def test_a_runtime_that_does_not_start_leaves_no_port_behind(tmp_path: Path) -> None:
    class Broken(MemoryRuntime):
        def start(self) -> None:
            raise RuntimeGoneError("no node here")

    with opened(tmp_path / "state") as account:
        account.deploy_first()
        url = account.cloud.url_for("cms")
    with pytest.raises(RuntimeGoneError), opened(tmp_path / "state", Broken()):
        pass
    assert refuses(port_of(url))


def test_nothing_listens_after_stop(tmp_path: Path) -> None:
    with opened(tmp_path / "state") as account:
        account.deploy_first()
        addresses = [account.cloud.base_url, account.cloud.url_for("cms")]
    assert all(refuses(port_of(address)) for address in addresses)


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def test_the_state_lies_in_a_folder_that_others_cannot_read(tmp_path: Path) -> None:
    with opened(tmp_path / "state"):
        assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_what_does_not_run_is_one_line_and_nothing_where_all_runs(account: Account) -> None:
    stage = {"CLOUDFLARE_API_BASE_URL": account.cloud.base_url, "CLOUDFLARE_API_TOKEN": account.cloud.token}
    assert not_run(stage) == ""
    account.deploy_first(bindings=({"type": "ai", "name": "AI"}, {"type": "kv_namespace", "name": "KV"}))
    account.result("PUT", "/workers/scripts/cms/schedules", json=[{"cron": "* * * * *"}])
    account.result("PUT", "/pipelines/new", json={})
    assert not_run(stage) == (
        "The local cloud does not run: AI (ai), PUT /pipelines/new. "
        "Each call of such a binding fails and names it."
    )
    account.serve(account.upload())
    assert "AI" not in not_run(stage)


def test_a_stage_without_a_cloud_or_with_one_that_is_gone_says_nothing(account: Account) -> None:
    assert not_run({}) == ""
    assert not_run({"CLOUDFLARE_API_BASE_URL": account.cloud.base_url, "CLOUDFLARE_API_TOKEN": "x"}) == ""
    assert not_run({"CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:9/client/v4"}) == ""
