"""The Cloudflare client against the local cloud, and against answers that nobody expects."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.errors import CannotReadError, EffectError, ReleaseError
from release.model.deployment import Database
from release.systems.cloudflare.api import Cloudflare
from release.systems.web.http import Http
from release.testing.double import DATABASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.testing import Double

FIELDS = (
    "deployments",
    "versions",
    "version_id",
    "percentage",
    "annotations",
    "workers/tag",
    "items",
    "bookmark",
)
ROWS = ("results", "uuid", "name", "type", "sql", "code", "message", "errors", "success", "result")
WORDS = st.sampled_from((*FIELDS, *ROWS))
ANY_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
ENVIRON = {
    "CLOUDFLARE_API_TOKEN": "t0ken",
    "CLOUDFLARE_ACCOUNT_ID": "acc0",
    "CLOUDFLARE_API_BASE_URL": "http://127.0.0.1",
}


def answering(answer: Callable[[httpx.Request], httpx.Response]) -> Cloudflare:
    """A client whose every request gets this answer."""
    return Cloudflare(Http(attempts=1, transport=httpx.MockTransport(answer)), ENVIRON)


def saying(result: Any, status: int = 200, *, success: bool = True, errors: Any = ()) -> Cloudflare:  # noqa: ANN401
    """A client that is always given this result."""
    text = json.dumps({"success": success, "errors": errors, "result": result})
    return answering(lambda _: httpx.Response(status, text=text))


@given(ANY_JSON)
def test_any_result_is_understood_or_told(result: Any) -> None:  # noqa: ANN401
    client = saying(result)
    database = Database("d", "u", (), ())
    asked: tuple[Callable[[], object], ...] = (
        lambda: client.live("cms"),
        lambda: client.database("d"),
        lambda: client.versions("cms"),
        lambda: client.query("u", "SELECT 1"),
        lambda: client.bookmark(database),
        lambda: client.deploy_version("cms", "v", ""),
    )
    for ask in asked:
        with contextlib.suppress(ReleaseError):
            ask()


@given(ANY_JSON, st.sampled_from([200, 302, 400, 401, 403, 404, 409]))
def test_any_body_is_understood_or_told(body: Any, status: int) -> None:  # noqa: ANN401
    client = answering(lambda _: httpx.Response(status, text=json.dumps(body)))
    with contextlib.suppress(ReleaseError):
        client.live("cms")


def test_a_script_that_was_never_deployed_is_none(double: Double) -> None:
    with double.ops() as ops:
        assert ops.cloudflare.live("nothing") is None
        assert ops.cloudflare.deployments("nothing") == []


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, text="<html>no such page</html>"),
        httpx.Response(
            404, json={"success": False, "errors": [{"code": 7003, "message": "Could not route"}]}
        ),
    ],
    ids=["something in between", "no such account"],
)
def test_a_404_that_speaks_of_something_else_is_not_a_missing_script(answer: httpx.Response) -> None:
    with pytest.raises(CannotReadError):
        answering(lambda _: answer).live("cms")


def test_live_is_the_newest_deployment_with_its_marks(double: Double) -> None:
    with double.ops() as ops:
        live = ops.cloudflare.live(double.script("cms"))
        assert live is not None
        commit = double.git("rev-parse", "cms-v1.2.3^{commit}", cwd=double.forge.repository)
        assert live.release == ("cms-v1.2.3", commit)
        assert live.message == f"was nothing base {commit}"
        assert live.shares == ((live.version_id, 100.0),)


def test_split_traffic_names_the_larger_share_first() -> None:
    versions = [{"version_id": "a", "percentage": 20}, {"version_id": "b", "percentage": 80}]

    def answer(request: httpx.Request) -> httpx.Response:
        marks = {"annotations": {"workers/tag": request.url.path[-1], "workers/message": "said"}}
        deployments = {"deployments": [{"versions": versions}]}
        result = deployments if request.url.path.endswith("/deployments") else marks
        return httpx.Response(200, json={"success": True, "result": result})

    live = answering(answer).live("cms")
    assert live is not None
    assert (live.shares, live.version_id, live.release) == ((("b", 80.0), ("a", 20.0)), None, None)
    assert (live.tag, live.message) == ("b", "said")


def test_reading_a_database_does_not_make_its_ledger(double: Double) -> None:
    with double.ops() as ops:
        ops.cloudflare.query(DATABASES["double-production"], "DROP TABLE d1_migrations")
        seen = len(double.cloud.log)
        database = ops.cloudflare.database("double-production")
        assert (database.ledger, database.applied) == (None, ())
        assert [entry.name for entry in database.schema] == ["pages", "users"]
        assert len(double.cloud.log) == seen


def test_the_ledger_is_filled_in_order_and_twice_makes_no_difference(double: Double) -> None:
    with double.ops() as ops:
        uuid = DATABASES["double-production"]
        ops.cloudflare.query(uuid, "DROP TABLE d1_migrations")
        database = ops.cloudflare.database("double-production")
        for _ in range(2):
            ops.cloudflare.insert_ledger(database, ("0002_b.sql", "0001_it's.sql"))
        assert ops.cloudflare.database("double-production").applied == ("0002_b.sql", "0001_it's.sql")


def test_a_database_that_is_not_there_is_named(double: Double) -> None:
    with double.ops() as ops, pytest.raises(CannotReadError, match="no D1 database elsewhere"):
        ops.cloudflare.database("elsewhere")


def test_a_bookmark_moves_with_a_write(double: Double) -> None:
    with double.ops() as ops:
        database = ops.cloudflare.database("double-production")
        first = ops.cloudflare.bookmark(database)
        ops.cloudflare.query(database.uuid, "INSERT INTO pages (title) VALUES ('x')")
        assert ops.cloudflare.bookmark(database) > first


def test_deploying_a_version_gives_it_all_traffic_and_says_why(double: Double) -> None:
    double.release()
    script = double.cloud.account.scripts[double.script("cms")]
    with double.ops() as ops:
        ops.cloudflare.deploy_version(script.name, script.versions[0].id, "rollback")
        live = ops.cloudflare.live(script.name)
    assert live is not None
    assert (live.version_id, live.message) == (script.versions[0].id, "rollback")


@pytest.mark.parametrize(("status", "code"), [(401, 1), (403, 1), (400, 10000), (400, 9109)])
def test_a_refused_token_says_what_it_needs(status: int, code: int) -> None:
    errors = [{"code": code, "message": "Authentication error"}]
    with pytest.raises(CannotReadError, match="refuses the token") as raised:
        saying(None, status, success=False, errors=errors).live("cms")
    assert "Workers Scripts: Edit and D1: Edit" in raised.value.advice


def test_a_refused_write_is_an_effect_that_failed() -> None:
    client = saying(None, 400, success=False, errors=[{"code": 10211, "message": "no"}])
    with pytest.raises(EffectError, match=r"no \(10211\)"):
        client.deploy_version("cms", "v", "")


def test_names_are_quoted_in_addresses() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json={"success": True, "result": {}})

    answering(answer).live("a/b?c")
    assert asked == ["/accounts/acc0/workers/scripts/a%2Fb%3Fc/deployments"]


def test_what_the_deployments_say_was_rolled_back_is_kept_with_its_base() -> None:
    from release.systems.cloudflare.messages import closed

    def said(message: str) -> dict[str, object]:
        return {"annotations": {"workers/message": message}}

    told = [
        said("Secret put"),
        said("rollback cms-v1.2.4 -> cms-v1.2.3: bad"),
        said("was x base abc"),
        said("was y base def"),
    ]
    assert closed(told) == (("cms-v1.2.4", "abc"),)
    assert closed([said("rollback it")]) == ()
    assert closed([said("rollback a -> b")]) == (("a", ""),)
