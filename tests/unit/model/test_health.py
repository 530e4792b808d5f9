"""What an answer of a health route proves, by the rule of its environment: every shape that teams have."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.config import Environment
from release.config import Health as Table
from release.model.deployment import Health, WorkerDeployment
from release.model.health import (
    DEFAULT,
    is_exact,
    judged,
    live_mark,
    rule_of,
    unlike,
)
from release.model.release import Release
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.model.health import (
        HealthRule,
        Proof,
    )

COMMIT, BASE, ID = "c" * 40, "b" * 40, "1c0b6f85-90d2-4f6b-8d13-1b5a6e9f7c42"
RELEASE = Release("cms", "production", BASE, "1.2.3", "cms-v1.2.3", "1.2.4", "cms-v1.2.4", COMMIT)


def rule(**keys: Any) -> HealthRule:  # noqa: ANN401 - any keys of the table
    """The rule of a table with these keys."""
    health = msgspec.convert(keys, Table)
    return rule_of(Environment(url="https://cms.example.com", health=health))


OK_TRUE = rule(status="ok", ok=True, version=False)
COMMIT_ONLY = rule(status=False, version="", commit="commit")
TEXT = rule(text="OK", path="/healthz")
BARE = rule(status=False, version=False)
ID_ONLY = rule(status=False, version=False, version_id="version.id")


@pytest.mark.parametrize(
    ("wanted", "status", "body", "problem"),
    [
        (OK_TRUE, 200, '{"ok": true}', None),
        (OK_TRUE, 200, '{"ok": 1}', "/api/health says ok 1, not true"),
        (OK_TRUE, 200, '{"ok": "true"}', "/api/health says ok 'true', not true"),
        (OK_TRUE, 200, '{"ok": false}', "/api/health says ok false, not true"),
        (OK_TRUE, 200, '{"ok": null}', "/api/health says ok None, not true"),
        (OK_TRUE, 200, "{}", "/api/health says ok None, not true"),
        (OK_TRUE, 503, '{"ok": true}', "/api/health answered 503"),
        (OK_TRUE, 503, '{"ok": true, "error": "no db"}', "/api/health answered 503 (no db)"),
        (OK_TRUE, 200, "<!doctype html>", "/api/health answered 200 with something that is not JSON"),
        (OK_TRUE, 200, "", "/api/health answered 200 with something that is not JSON"),
        (OK_TRUE, 302, "", "/api/health answered 302 with something that is not JSON"),
        (OK_TRUE, 200, '\ufeff{"ok": true}', None),
        (OK_TRUE, 200, '"ok"', "/api/health says ok None, not true"),
        (OK_TRUE, 200, '{"ok": {"db": true}}', '/api/health says ok {"db":true}, not true'),
        (rule(status="code", ok=0, version=False), 200, '{"code": 0}', None),
        (rule(status="code", ok=0, version=False), 200, '{"code": 0.0}', None),
        (
            rule(status="code", ok=0, version=False),
            200,
            '{"code": false}',
            "/api/health says code false, not 0",
        ),
        (rule(status="checks.0.state", version=False), 200, '{"checks": [{"state": "ok"}]}', None),
        (
            rule(status="checks.1.state", version=False),
            200,
            '{"checks": [{"state": "ok"}]}',
            "/api/health says checks.1.state None, not 'ok'",
        ),
        (TEXT, 200, "OK\n", None),
        (TEXT, 200, "status: OK", None),
        (TEXT, 200, "ok", '/healthz does not hold the text "OK"'),
        (TEXT, 200, "NOTOK", '/healthz does not hold the text "OK"'),
        (TEXT, 200, "", '/healthz does not hold the text "OK"'),
        (TEXT, 500, "OK", "/healthz answered 500"),
        (TEXT, 200, '{"status": "OK"}', None),
        (rule(text="healthy"), 200, "unhealthy", '/api/health does not hold the text "healthy"'),
        (rule(text="a+b"), 200, "is a+b now", None),
        (BARE, 200, "<html>anything</html>", None),
        (BARE, 301, "", "/api/health answered 301"),
        (rule(status=False, version=False, expect_status=204), 204, "", None),
        (rule(status=False, version=False, expect_status=204), 200, "", "/api/health answered 200"),
        (rule(status=False, version=False, expect_status=302), 302, "", None),
        (
            COMMIT_ONLY,
            200,
            '{"sha": "abc"}',
            "/api/health names no commit (if it never does, set health.commit = false)",
        ),
        (
            ID_ONLY,
            200,
            '{"version": {}}',
            "/api/health names no version.id (if it never does, set health.version_id = false)",
        ),
        (rule(url="https://status.example.com/z?key=x"), 500, "{}", "status.example.com/z answered 500"),
    ],
)
def test_an_answer_is_well_as_configured_or_says_what_is_not(
    wanted: HealthRule, status: int, body: str, problem: str | None
) -> None:
    assert judged(wanted, status, body.encode()).problem == problem


@pytest.mark.parametrize(
    ("wanted", "answer", "version", "commit", "version_id"),
    [
        (DEFAULT, {"status": "ok", "version": "v1.2.4"}, "1.2.4", None, None),
        (DEFAULT, {"status": "ok", "version": "vanilla"}, "vanilla", None, None),
        (OK_TRUE, {"ok": True, "commit": COMMIT, "version": "9.9.9"}, None, COMMIT, None),
        (BARE, {"commit": COMMIT}, None, COMMIT, None),
        (rule(status=False, version=False, commit=False), {"commit": COMMIT}, None, None, None),
        (COMMIT_ONLY, {"commit": COMMIT[:7]}, None, COMMIT[:7], None),
        (ID_ONLY, {"version": {"id": ID, "tag": "x"}}, None, None, ID),
        (
            rule(text="up", version="build.number"),
            {"state": "up", "build": {"number": "1.2.4"}},
            "1.2.4",
            None,
            None,
        ),
    ],
)
def test_an_answer_tells_what_is_configured_and_nothing_else(
    wanted: HealthRule, answer: object, version: str | None, commit: str | None, version_id: str | None
) -> None:
    assert judged(wanted, 200, json.dumps(answer).encode()) == Health(
        version, commit, None, version_id=version_id
    )


@pytest.mark.parametrize(
    ("wanted", "proof"),
    [
        (DEFAULT, "number"),
        (OK_TRUE, "well"),
        (COMMIT_ONLY, "commit"),
        (TEXT, "well"),
        (BARE, "well"),
        (ID_ONLY, "version id"),
        (rule_of(Environment(url="https://cms.example.com", health=False)), "nothing"),
    ],
)
def test_a_plan_knows_beforehand_what_each_good_answer_will_prove(wanted: HealthRule, proof: Proof) -> None:
    assert wanted.proof == proof
    weaker = wanted.weaker(60, 3)
    assert bool(weaker) is (proof in {"well", "nothing"})
    assert ("60 s" in weaker) is bool(weaker)


@pytest.mark.parametrize(
    ("found", "fault"),
    [
        (Health(None, None, None), None),
        (Health(None, BASE[:9], None), None),
        (Health("1.2.4", BASE, None), None),
        (Health(None, "d" * 40, None), "health says commit ddddddd, not ccccccc"),
        (Health(None, None, None, version_id=ID), None),
        (Health(None, None, None, version_id=ID[:8].upper()), None),
        (Health(None, None, None, version_id=ID[:4]), f"health says version id 1c0b, not {ID[:8]}"),
        (Health(None, None, None, version_id="0" * 36), f"health says version id 00000000, not {ID[:8]}"),
        (Health("1.2.3", COMMIT, None), "health says version 1.2.3, not 1.2.4"),
        (Health(None, None, "down"), "down"),
    ],
)
def test_an_answer_speaks_against_a_release_only_with_what_it_tells(found: Health, fault: str | None) -> None:
    assert unlike(found, RELEASE, (ID,)) == fault


def test_only_a_commit_or_a_version_id_tells_a_bundle_from_every_other() -> None:
    assert [
        is_exact(one)
        for one in (
            Health("1.2.4", None, None),
            Health(None, COMMIT, None),
            Health(None, None, None, version_id=ID),
            Health(None, None, None),
        )
    ] == [False, True, True, False]


def test_what_is_live_is_a_release_only_where_every_worker_serves_it() -> None:
    one = WorkerDeployment("cms", ((ID, 100.0),), RELEASE.annotation, None)
    assert live_mark({"cms": one, "mcp": replace(one, script="mcp")}) == (RELEASE.tag, COMMIT)
    assert live_mark({"cms": one, "mcp": None}) is None
    assert live_mark({"cms": one, "mcp": Unread("no answer")}) is None
    assert live_mark({"cms": replace(one, tag="by hand")}) is None


@given(
    st.binary(),
    st.integers(100, 599),
    st.sampled_from([DEFAULT, OK_TRUE, COMMIT_ONLY, TEXT, BARE, ID_ONLY]),
)
def test_no_answer_breaks_it(body: bytes, status: int, wanted: HealthRule) -> None:
    found = judged(wanted, status, body)
    assert found.answered
    assert found.problem is None or found.problem.startswith(wanted.shown)
