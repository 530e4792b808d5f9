"""Durable Objects: what a migration makes of their classes, and where their objects are afterwards."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.contract.cloud_account import bundle, miniflare, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.cloud_account import Account

SCRIPT = "/workers/scripts/cms"


def first(*names: str, kind: str = "new_sqlite_classes") -> dict[str, Any]:
    """The first migration, that of new classes."""
    return {"new_tag": "v1", "steps": [{kind: list(names)}]}


def binding(class_name: str = "Room", **more: str) -> dict[str, str]:
    return {"type": "durable_object_namespace", "name": "ROOM", "class_name": class_name, **more}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with opened(tmp_path / "state") as account:
        yield account


def test_a_class_that_no_migration_has_made_cannot_be_bound(account: Account) -> None:
    status, code, text = account.refusal("PUT", SCRIPT, files=bundle(bindings=(binding(),)))
    assert (status, code) == (400, 10061)
    assert "'Room'" in text


def test_a_migration_needs_a_deployment(account: Account) -> None:
    account.deploy_first(migrations=first("Room"))
    pending = {"old_tag": "v1", "new_tag": "v2", "steps": [{"deleted_classes": ["Room"]}]}
    refusal = account.refusal("POST", f"{SCRIPT}/versions", files=bundle(migrations=pending))
    assert refusal[:2] == (400, 10211)
    assert account.script("GET", "/settings")["migration_tag"] == "v1"


def test_a_migration_starts_where_the_last_one_ended(account: Account) -> None:
    account.deploy_first(migrations=first("Room"))
    status, code, text = account.refusal("PUT", SCRIPT, files=bundle(migrations=first("Hall")))
    assert (status, code, text) == (400, 10079, "Migration tag precondition failed; current tag is 'v1'.")


@pytest.mark.parametrize(
    "step", [{"renamed_classes": [{"from": "Hall", "to": "Room"}]}, {"deleted_classes": ["Hall"]}]
)
def test_a_class_that_is_not_there_is_neither_renamed_nor_deleted(
    account: Account, step: dict[str, Any]
) -> None:
    account.deploy_first(migrations=first("Room"))
    sent = {"old_tag": "v1", "new_tag": "v2", "steps": [step]}
    _, code, text = account.refusal("PUT", SCRIPT, files=bundle(migrations=sent))
    assert (code, "'Hall'" in text) == (10061, True)
    assert account.cloud.account.scripts["cms"].migration_tag == "v1"


def test_a_version_that_a_migration_lies_behind_is_not_deployed_again(account: Account) -> None:
    old = account.deploy_first()
    account.script("PUT", "", files=bundle(migrations=first("Room")))
    body = {"strategy": "percentage", "versions": [{"version_id": old, "percentage": 100}]}
    status, _, text = account.refusal("POST", f"{SCRIPT}/deployments", json=body)
    assert (status, "a Durable Object migration (v1) was applied since" in text) == (400, True)


def test_a_version_uploaded_after_the_migration_is_deployed_and_rolled_back(account: Account) -> None:
    migrated = account.deploy_first(migrations=first("Room"))
    account.serve(account.upload(bindings=(binding(),)))
    account.serve(migrated)
    assert account.cloud.account.scripts["cms"].home == migrated


def test_exports_say_what_classes_there_are(account: Account) -> None:
    room = {"type": "durable-object", "storage": "sqlite"}
    renamed = {"type": "durable-object", "state": "renamed", "renamedTo": "Hall"}
    account.deploy_first(exports={"Room": room}, bindings=(binding(),))
    before = account.cloud.account.scripts["cms"].classes["Room"]
    account.script("PUT", "", files=bundle(exports={"Hall": room, "Room": renamed}))
    assert account.cloud.account.scripts["cms"].classes == {"Hall": before}


COUNTING = """import { DurableObject } from "cloudflare:workers";
class Counting extends DurableObject {
  async count() {
    const seen = ((await this.ctx.storage.get("seen")) ?? 0) + 1;
    await this.ctx.storage.put("seen", seen);
    return seen;
  }
}
export class Room extends Counting {}
export class Hall extends Counting {}
export default { fetch: async (request, env) => {
  const seen = await env.ROOM.getByName("a").count();
  return new Response(`VERSION counts ${seen}`);
} };"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    at = tmp_path_factory.mktemp("objects")
    with opened(at / "state", miniflare(at / "runtime")) as account:
        yield account


def counting(version: str, class_name: str = "Room", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # metadata
    return {
        "source": COUNTING.replace("VERSION", version),
        "bindings": (binding(class_name, **more.pop("owner", {})),),
        **more,
    }


def migrate(old: str, new: str, **step: Any) -> dict[str, Any]:  # noqa: ANN401  # as wrangler sends it
    return {"old_tag": old, "new_tag": new, "steps": [step]}


@pytest.mark.rehearsal
@pytest.mark.parametrize("kind", ["new_classes", "new_sqlite_classes"])
def test_objects_stay_over_deploys_a_new_name_and_a_rollback_and_go_with_their_class(
    running: Account, kind: str
) -> None:
    script = f"/workers/scripts/{kind}"

    def deploy(**options: Any) -> str:  # noqa: ANN401  # of the upload
        running.result("PUT", script, files=bundle(**options))
        return running.get("/", kind).text

    assert deploy(**counting("one", migrations=first("Room", kind=kind))) == "one counts 1"
    assert deploy(**counting("two")) == "two counts 2"
    renaming = migrate("v1", "v2", renamed_classes=[{"from": "Room", "to": "Hall"}])
    assert deploy(**counting("three", "Hall", migrations=renaming)) == "three counts 3"
    three = running.cloud.account.scripts[kind].home
    assert deploy(**counting("four", "Hall")) == "four counts 4"
    shares = [{"version_id": three, "percentage": 100}]
    running.result("POST", f"{script}/deployments", json={"strategy": "percentage", "versions": shares})
    assert running.get("/", kind).text == "three counts 5"
    anew = {
        "old_tag": "v2",
        "new_tag": "v4",
        "steps": [{"deleted_classes": ["Hall"]}, {kind: ["Hall"]}],
    }
    assert deploy(**counting("five", "Hall", migrations=anew)) == "five counts 1"


@pytest.mark.rehearsal
def test_a_split_script_and_another_script_share_the_same_objects(running: Account) -> None:
    one = running.deploy_first(**counting("one", migrations=first("Room")))
    two = running.upload(**counting("two"))
    running.result(
        "PUT", "/workers/scripts/other", files=bundle(**counting("other", owner={"script_name": "cms"}))
    )
    running.serve(one, two)
    seen = [running.get("/").text.split(" counts ") for _ in range(24)]
    assert {version for version, _ in seen} == {"one", "two"}
    assert [int(count) for _, count in seen] == list(range(1, 25))
    assert running.get("/", "other").text == "other counts 25"
    running.serve(two)
    assert running.get("/").text == "two counts 26"


@pytest.mark.rehearsal
def test_no_request_is_lost_while_a_script_with_objects_is_switched(running: Account) -> None:
    path, seen, done = "/workers/scripts/visited", [], threading.Event()
    running.result("PUT", path, files=bundle(**counting("one", migrations=first("Room"))))
    url = running.cloud.url_for("visited")

    def visit() -> None:
        with httpx.Client(trust_env=False, verify=False, timeout=30) as visitor:
            while not done.is_set():
                seen.append(visitor.get(url))

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for visitor in visitors:
        visitor.start()
    try:
        for version in ("two", "three"):
            running.result("PUT", path, files=bundle(**counting(version)))
    finally:
        done.set()
        for visitor in visitors:
            visitor.join()
    assert {answer.status_code for answer in seen} == {200}
    counts = [int(answer.text.rpartition(" ")[2]) for answer in seen]
    assert sorted(counts) == list(range(1, len(counts) + 1))


@pytest.mark.rehearsal
def test_a_bundle_that_has_no_such_class_is_refused_and_the_old_one_serves(running: Account) -> None:
    path = "/workers/scripts/lacking"
    running.result("PUT", path, files=bundle(**counting("one", migrations=first("Room"))))
    _, code, text = running.refusal("PUT", path, files=bundle("export default { fetch() {} };"))
    assert code == 10064
    assert "Room" in text
    assert running.get("/", "lacking").text == "one counts 1"
