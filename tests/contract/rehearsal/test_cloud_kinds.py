"""Every kind of binding, used by a worker: written in one release, read in the next one and after a rollback."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from release.rehearsal.cloud import kinds as known
from release.rehearsal.cloud.api import NOT_RUN
from tests.contract.cloud_account import bundle, miniflare, opened, uploaded_assets
from tests.contract.rehearsal import kinds
from tools import bindings_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.cloud_account import Account

pytestmark = pytest.mark.rehearsal

MODULES = tuple(one for one in kinds.RUN if one.kind not in kinds.CLASSIC)
ALL = (*MODULES, *kinds.STAND_IN)


@dataclass(frozen=True)
class Releases:
    """A worker that was released twice and rolled back, and what it answered each time."""

    account: Account
    first: dict[str, Any]
    next: dict[str, Any]
    back: dict[str, Any]


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    at = tmp_path_factory.mktemp("kinds")
    with opened(at / "state", miniflare(at / "runtime"), hyperdrives=kinds.HYPERDRIVE) as account:
        yield account


@pytest.fixture(scope="module")
def releases(account: Account) -> Releases:
    jobs = bundle(kinds.JOBS, bindings=(kinds.KV.binding,))
    account.result("PUT", "/workers/scripts/jobs", files=jobs)
    (queue,) = account.result("GET", "/queues?name=jobs")
    consumer = {"type": "worker", "script_name": "jobs", "settings": {"batch_size": 1, "max_wait_time_ms": 0}}
    account.result("POST", f"/queues/{queue['queue_id']}/consumers", json=consumer)
    bindings = tuple(one.binding for one in ALL)
    given = {"bindings": bindings, "tag": "cms-v1", "assets": uploaded_assets(account, {"/a.txt": "hello"})}
    migrations = {"new_tag": "v1", "steps": [{"new_sqlite_classes": ["Room"]}]}
    one = account.deploy_first(source=kinds.source(ALL, 1), migrations=migrations, **given)
    first = answers(account, "first")
    for kind in kinds.RUN:
        until_written(account, kind.after)
    account.serve(account.upload(source=kinds.source(ALL, 2), **given))
    following = answers(account, "then")
    account.serve(one)
    return Releases(account, first, following, answers(account, "then"))


def answers(account: Account, when: str) -> dict[str, Any]:
    """What the worker answers for each kind: JSON, or the text of an error."""
    found = {}
    for one in ALL:
        answer = account.get(f"/{when}/{one.kind}")
        found[one.kind] = answer.json() if answer.is_success else answer.text
    return found


def until_written(account: Account, key: str) -> None:
    waiting = threading.Event()
    while key and account.get(f"/has/{key}").json() is not True:
        waiting.wait(0.05)


@pytest.mark.parametrize("kind", MODULES, ids=lambda one: one.kind)
def test_what_one_release_wrote_is_there_in_the_next_and_after_a_rollback(
    releases: Releases, kind: kinds.Kind
) -> None:
    assert (releases.next[kind.kind], releases.back[kind.kind]) == (kind.found, kind.found)


@pytest.mark.parametrize("kind", kinds.STAND_IN, ids=lambda one: one.kind)
def test_each_call_of_a_binding_that_no_local_runtime_has_fails_and_names_it(
    releases: Releases, kind: kinds.Kind
) -> None:
    assert releases.first[kind.kind] == 0
    assert releases.next[kind.kind].startswith(f"env.{kind.name}.")
    assert (
        f"the local cloud of a rehearsal does not run {kind.name} ({kind.kind})" in releases.next[kind.kind]
    )


def test_the_bindings_without_a_runtime_are_all_that_the_rehearsal_names(releases: Releases) -> None:
    address = releases.account.cloud.base_url.removesuffix("/client/v4") + NOT_RUN
    named = releases.account.client.get(address).json()["result"]
    assert named == sorted(f"{one.name} ({one.kind})" for one in kinds.STAND_IN)


def test_each_kind_that_runs_is_tried_here() -> None:
    assert {one.kind for one in kinds.RUN} == known.RUN
    assert not {one.kind for one in kinds.STAND_IN} & known.RUN


def test_the_table_of_the_docs_is_the_one_that_is_tried_here() -> None:
    text = bindings_page.PAGE.read_text("utf-8")
    assert bindings_page.page(text) == text, "python -m tools.bindings_page writes it again"
