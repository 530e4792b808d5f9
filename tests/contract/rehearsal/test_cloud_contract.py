"""The local cloud's answers, held against what Cloudflare's own SDK says that its API answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from release.rehearsal.cloud.api import _TABLE, ROOT, _path
from tests.contract.cloud_account import DATABASE, opened, uploaded_assets
from tools.cloudflare_slice import ANSWERS, SLICE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from werkzeug.wrappers import Request, Response

    from tests.contract.cloud_account import Account


class Contract:
    """Every answer that went by, and what is wrong with each by Cloudflare's own description."""

    def __init__(self) -> None:
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
        from werkzeug.routing import Map, Rule

        schemas: Mapping[str, Any] = json.loads(SLICE.read_text("utf-8"))
        self.validators: dict[str, Any] = {
            route: Draft202012Validator(schema) for route, schema in schemas.items()
        }
        self.seen: set[str] = set()
        self.wrong: list[str] = []
        rules = [
            Rule(ROOT + _path(short), methods=[method], endpoint=f"{method} {short}")
            for method, short, _ in _TABLE
        ]
        self.routes = Map(rules).bind("")

    def judge(self, request: Request, response: Response) -> Response:
        """Look at one answer; it goes on as it is."""
        if not request.path.startswith(ROOT):  # the file of an import
            return response
        route, _ = self.routes.match(request.path, request.method)
        validator = self.validators.get(route)
        if validator is not None and response.status_code == 200:
            self.seen.add(route)
            result = json.loads(response.get_data())["result"]
            for error in validator.iter_errors(result):
                self.wrong.append(f"{route}: {error.json_path}: {error.message[:120]}")
        return response


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    """After a course that asks for each of them."""
    found = Contract()
    with opened(tmp_path_factory.mktemp("contract") / "state") as account:
        account.cloud.after = found.judge
        course(account)
        account.cloud.after = None
    return found


def course(account: Account) -> None:
    given = uploaded_assets(account, {"/a.txt": "hello"})
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}
    kinds = (
        {"type": "plain_text", "name": "TEXT", "text": "t"},
        {"type": "durable_object_namespace", "name": "ROOM", "class_name": "Room"},
        {"type": "d1", "name": "DB", "id": DATABASE},
    )
    account.deploy_first(bindings=kinds, migrations=migrations, assets=given, tag="v1.0.0")
    second = account.upload(bindings=kinds, tag="v1.0.1")
    account.serve(second)
    for path in (
        "/versions",
        f"/versions/{second}",
        "/deployments",
        "/settings",
        "/script-settings",
        "/secrets",
        "/subdomain",
    ):
        account.script("GET", path)
    account.script("PUT", "/secrets", json={"name": "KEY", "text": "s", "type": "secret_text"})
    account.script("GET", "/secrets")
    account.script("PUT", "/schedules", json=[{"cron": "0 * * * *"}])
    account.script("GET", "/schedules")
    account.script("POST", "/subdomain", json={"enabled": True})
    for path in (
        "/workers/scripts",
        "/workers/subdomain",
        "/r2/buckets/files",
        f"/d1/database/{DATABASE}",
        "/d1/database",
    ):
        account.result("GET", path)
    (queue,) = account.result("GET", "/queues?name=jobs")
    consumers = f"/queues/{queue['queue_id']}/consumers"
    account.result("POST", consumers, json={"type": "worker", "script_name": "cms", "settings": {}})
    account.result("GET", consumers)
    account.result("GET", "/queues?name=jobs")
    account.result("PUT", "/workflows/flow", json={"script_name": "cms", "class_name": "Flow"})
    account.result("GET", "/workflows/flow")
    account.result("POST", "/d1/database", json={"name": "another"})
    account.sql("CREATE TABLE t (a); INSERT INTO t VALUES (1); SELECT * FROM t")
    at = f"/d1/database/{DATABASE}"
    sent = account.result("POST", f"{at}/import", json={"action": "init", "etag": "0"})
    account.client.put(sent["upload_url"], content=b"INSERT INTO t VALUES (2);")
    account.result(
        "POST", f"{at}/import", json={"action": "ingest", "filename": sent["filename"], "etag": "0"}
    )
    account.result("POST", f"{at}/export", json={"output_format": "polling"})
    bookmark = account.result("GET", f"{at}/time_travel/bookmark")["bookmark"]
    account.result("POST", f"{at}/time_travel/restore?bookmark={bookmark}")


def test_no_answer_differs_from_what_cloudflare_says_of_it(contract: Contract) -> None:
    assert contract.wrong == []


def test_each_route_that_cloudflare_describes_was_asked(contract: Contract) -> None:
    assert contract.seen == ANSWERS.keys() == contract.validators.keys()


def test_an_answer_of_another_form_is_found() -> None:
    validator = Contract().validators["POST S/deployments"]
    assert [error.json_path for error in validator.iter_errors({"id": 1})]
