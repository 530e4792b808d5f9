"""Uploads, versions, deployments and secrets, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from release.rehearsal.cloud.memory_runtime import MemoryRuntime
from tests.contract.cloud_account import DATABASE, bundle, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from tests.contract.cloud_account import Account

SCRIPT = "/workers/scripts/cms"


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with opened(tmp_path / "state") as account:
        yield account


@pytest.mark.parametrize("path", ["", "/secrets", "/deployments", "/settings", "/versions", "/subdomain"])
def test_a_script_that_does_not_exist_is_cloudflares_10007(account: Account, path: str) -> None:
    method = "GET" if path else "PATCH"
    status, code, _ = account.refusal(method, SCRIPT + (path or "/script-settings"))
    assert (status, code) == (404, 10007)


def test_a_service_that_does_not_exist_is_cloudflares_10090(account: Account) -> None:
    assert account.refusal("GET", "/workers/services/cms")[:2] == (404, 10090)


def test_before_the_first_deployment_the_address_answers_404(account: Account) -> None:
    answer = account.get("/api/health")
    assert (answer.status_code, answer.text) == (404, "cms: no deployment\n")


def test_a_first_upload_is_deployed_at_once(account: Account) -> None:
    result = account.script("PUT", "", files=bundle(tag="cms-v1.2.3"))
    (deployment,) = account.script("GET", "/deployments")["deployments"]
    (share,) = deployment["versions"]
    assert share["percentage"] == 100
    assert share["version_id"].replace("-", "") == result["deployment_id"]
    assert account.get("/api/health").json()["version"] == "1.2.3"


def test_what_wrangler_reads_before_a_second_deploy(account: Account) -> None:
    account.deploy_first()
    script = account.result("GET", "/workers/services/cms")["default_environment"]["script"]
    assert (script["tag"], script["last_deployed_from"]) == ("cms", "wrangler")
    assert account.result("GET", "/workers/workers/cms")["subdomain"]["url"] == account.cloud.url_for("cms")
    assert account.script("GET", "/settings")["compatibility_date"] == "2026-01-01"
    assert account.result("GET", "/workers/subdomain")["subdomain"]
    assert account.script("POST", "/subdomain", json={"enabled": True})["enabled"]
    assert account.script("PATCH", "/script-settings", json={})["logpush"] is False
    assert account.script("GET", "/subdomain")["enabled"]


def test_an_uploaded_version_serves_nothing_until_it_is_deployed(account: Account) -> None:
    account.deploy_first()
    second = account.upload(source='const version = "1.2.4";', tag="cms-v1.2.4")
    assert account.get("/api/health").json()["version"] == "1.2.3"
    account.serve(second, message="ship it")
    assert account.get("/api/health").json()["version"] == "1.2.4"
    newest = account.script("GET", "/deployments")["deployments"][0]
    assert newest["annotations"] == {"workers/message": "ship it"}


def test_versions_are_numbered_tagged_and_newest_first(account: Account) -> None:
    account.deploy_first(tag="one")
    account.upload(tag="two")
    items = account.script("GET", "/versions?deployable=true")["items"]
    assert [(item["number"], item["annotations"]["workers/tag"]) for item in items] == [
        (2, "two"),
        (1, "one"),
    ]


def test_a_version_shows_its_bindings_and_runtime(account: Account) -> None:
    variable = {"type": "plain_text", "name": "COMMIT_SHA", "text": "4f2c1ab"}
    first = account.deploy_first(bindings=(variable,), tag="one")
    shown = account.script("GET", f"/versions/{first}")
    assert shown["resources"]["bindings"] == [variable]
    assert shown["resources"]["script_runtime"]["compatibility_date"] == "2026-01-01"
    assert shown["annotations"]["workers/tag"] == "one"
    assert account.get("/api/health").json()["commit"] == "4f2c1ab"


def test_traffic_is_shared_among_the_versions_of_a_deployment(account: Account) -> None:
    first = account.deploy_first()
    second = account.upload(source='const version = "1.2.4";')
    account.serve(first, second)
    seen = {account.get("/api/health").json()["version"] for _ in range(64)}
    assert seen == {"1.2.3", "1.2.4"}


@pytest.mark.parametrize("percentages", [[], [99], [60, 60]])
def test_a_deployment_that_is_not_whole_is_refused(account: Account, percentages: list[int]) -> None:
    first = account.deploy_first()
    shares = [{"version_id": first, "percentage": part} for part in percentages]
    body = {"strategy": "percentage", "versions": shares}
    assert account.refusal("POST", f"{SCRIPT}/deployments", json=body)[:2] == (400, 10211)
    assert len(account.script("GET", "/deployments")["deployments"]) == 1


def test_a_deployment_of_an_unknown_version_is_refused(account: Account) -> None:
    account.deploy_first()
    body = {"strategy": "percentage", "versions": [{"version_id": "nope", "percentage": 100}]}
    assert account.refusal("POST", f"{SCRIPT}/deployments", json=body)[:2] == (404, 10212)


def test_a_bundle_that_throws_at_load_is_refused_and_the_old_one_serves(account: Account) -> None:
    account.deploy_first()
    status, code, text = account.refusal(
        "POST", f"{SCRIPT}/versions", files=bundle('throw new Error("boom");')
    )
    assert (status, code) == (400, 10021)
    assert "boom" in text
    assert len(account.script("GET", "/versions")["items"]) == 1
    assert account.get("/api/health").json()["version"] == "1.2.3"


@pytest.mark.parametrize("binding", [{"type": "d1", "name": "DB", "id": "nope"}])
def test_a_binding_to_an_unknown_database_is_refused(account: Account, binding: dict[str, str]) -> None:
    assert account.refusal("PUT", SCRIPT, files=bundle(bindings=(binding,)))[:2] == (400, 10181)


def test_a_binding_to_the_database_is_taken(account: Account) -> None:
    account.deploy_first(bindings=({"type": "d1", "name": "DB", "id": DATABASE},))
    assert account.get("/").status_code == 200


def test_a_binding_that_cannot_be_inherited_is_refused_by_name(account: Account) -> None:
    form = bundle(bindings=({"type": "inherit", "name": "OLD"},))
    _, code, text = account.refusal("PUT", SCRIPT, files=form)
    assert (code, "OLD" in text) == (10021, True)


@pytest.mark.parametrize("kind", ["ai", "browser", "mtls_certificate", "dispatch_namespace", "unheard_of"])
def test_a_binding_of_a_kind_that_does_not_run_here_is_taken_and_kept(account: Account, kind: str) -> None:
    binding = {"type": kind, "name": "IT", "detail": {"a": 1}}
    account.deploy_first(bindings=(binding,))
    assert account.script("GET", "/settings")["bindings"] == [binding]


def test_a_module_outside_the_bundle_is_refused(account: Account, tmp_path: Path) -> None:
    files = {**bundle(), "../../x.js": ("../../x.js", b"", "application/javascript+module")}
    assert account.refusal("PUT", SCRIPT, files=files)[:2] == (400, 10021)
    assert not list(tmp_path.rglob("x.js"))


@pytest.mark.parametrize("metadata", [b"{", b"[]", b'{"main_module": "other.js"}'])
def test_an_upload_without_usable_metadata_is_refused(account: Account, metadata: bytes) -> None:
    files = {**bundle(), "metadata": (None, metadata, "application/json")}
    assert account.refusal("PUT", SCRIPT, files=files)[:2] == (400, 10034)


def test_a_secret_makes_a_deployed_version_without_a_tag(account: Account) -> None:
    account.deploy_first(tag="cms-v1.2.3")
    secret = {"name": "KEY", "text": "hush", "type": "secret_text"}
    account.script("PUT", "/secrets", json=secret)
    newest = account.script("GET", "/versions")["items"][0]
    assert "workers/tag" not in newest["annotations"]
    assert (
        account.script("GET", "/deployments")["deployments"][0]["versions"][0]["version_id"] == newest["id"]
    )
    assert account.script("GET", "/secrets") == [{"name": "KEY", "type": "secret_text"}]


def test_the_text_of_a_secret_is_in_no_answer_and_no_log(account: Account) -> None:
    account.deploy_first()
    account.script("PUT", "/secrets", json={"name": "KEY", "text": "hush", "type": "secret_text"})
    newest = account.script("GET", "/versions")["items"][0]["id"]
    paths = ("/secrets", "/settings", "/versions", f"/versions/{newest}", "/deployments")
    assert not any("hush" in account.ask("GET", SCRIPT + path).text for path in paths)
    assert "hush" not in repr(account.cloud.log)


def test_a_new_version_keeps_the_secrets_it_asks_to_keep(account: Account) -> None:
    account.deploy_first()
    account.script("PUT", "/secrets", json={"name": "KEY", "text": "hush", "type": "secret_text"})
    account.upload(keep_bindings=["secret_text"])
    assert [secret["name"] for secret in account.script("GET", "/secrets")] == ["KEY"]
    account.upload()
    assert account.script("GET", "/secrets") == []


def test_a_deleted_secret_is_gone(account: Account) -> None:
    account.deploy_first()
    account.script("PUT", "/secrets", json={"name": "KEY", "text": "hush", "type": "secret_text"})
    account.script("DELETE", "/secrets/KEY")
    assert account.script("GET", "/secrets") == []


def test_health_can_be_broken_for_one_version_alone(tmp_path: Path) -> None:
    def broken(loaded: LoadedVersion, request: Request) -> Response:
        return Response(request.path, 500 if loaded.number == "1.2.4" else 200)

    runtime = MemoryRuntime()
    runtime.behaviour["cms"] = broken
    with opened(tmp_path / "state", runtime) as account:
        first = account.deploy_first()
        account.serve(account.upload(source='const version = "1.2.4";'))
        assert account.get("/api/health").status_code == 500
        account.serve(first)
        assert account.get("/api/health").status_code == 200


def test_the_version_is_taken_from_a_variable_before_the_bundle(account: Account) -> None:
    account.deploy_first(bindings=({"type": "plain_text", "name": "VERSION", "text": "2.0.0-rc.1"},))
    assert account.get("/api/health").json()["version"] == "2.0.0-rc.1"
    assert 'data-version="2.0.0-rc.1"' in account.get("/").text


def test_a_bundle_without_a_version_reports_zero(account: Account) -> None:
    account.deploy_first(source="export default {};")
    assert account.get("/health").json() == {"status": "ok", "version": "0.0.0", "commit": None}


def test_a_migration_of_durable_objects_needs_a_deployment_and_is_remembered(account: Account) -> None:
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}
    account.deploy_first(migrations=migrations)
    account.serve(account.upload())
    (listed,) = account.result("GET", "/workers/scripts")
    assert (listed["id"], listed["migration_tag"]) == ("cms", "v1")
    refusal = account.refusal("POST", f"{SCRIPT}/versions", files=bundle(migrations={"new_tag": "v2"}))
    assert refusal[:2] == (400, 10211)
    assert account.script("GET", "/settings")["migration_tag"] == "v1"
