"""Step `verify` where health tells no version and there is no badge: Cloudflare's marks speak in their place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.config import Environment, Health
from release.model.deployment import Health as Answered
from release.model.deployment import WorkerDeployment
from release.model.health import NO_ROUTE
from release.model.repository import History, Remote
from release.model.step import Done, Stuck
from release.model.unread import Unread
from release.steps.verify import Verify
from tests.unit.worlds import BASES, SOUND, release_of, subject_of

SUBJECT = subject_of(BASES[0], "1.2.4")
RELEASE = release_of(SUBJECT)
LIVE = WorkerDeployment("cms", (("1c0b6f85-90d2", 100.0),), RELEASE.annotation, None)
WELL = Answered(None, None, None)
GOOD = replace(
    SOUND,
    health=WELL,
    live={"mcp": LIVE, "cms": LIVE},
    remote=Remote(SUBJECT.commit, {SUBJECT.tag: SUBJECT.commit}, None),
    history=History(contained=True, unreleased=(), is_on_branch=True),
    releases=frozenset({SUBJECT.tag}),
)


def step(health: Health | bool) -> Verify:  # noqa: FBT001
    return Verify.of(Environment(url="https://cms.example.com", health=health))


OK_TRUE = step(Health(status="ok", ok=True, version=False))
BY_ID = step(Health(status=False, version=False, version_id="id"))
NONE = step(health=False)


def test_all_agree_and_the_line_says_by_whose_word() -> None:
    said = "what Cloudflare serves, tag, Release agree on 1.2.4"
    assert OK_TRUE.look(GOOD, RELEASE) == Done(said)
    assert NONE.look(replace(GOOD, health=NO_ROUTE), RELEASE) == Done(said)
    assert "live" in NONE.reads


@pytest.mark.parametrize(
    ("wanted", "changes", "said"),
    [
        (OK_TRUE, {"health": Answered(None, None, "it is ill")}, "it is ill"),
        (OK_TRUE, {"health": Unread("no such host")}, "no such host"),
        (OK_TRUE, {"live": {"mcp": LIVE, "cms": None}}, "Cloudflare does not serve cms of cms-v1.2.4"),
        (
            NONE,
            {"live": {"mcp": replace(LIVE, tag=None), "cms": Unread("no")}},
            "does not serve mcp and cms of",
        ),
        (
            BY_ID,
            {"health": Answered(None, None, None, version_id="0" * 36)},
            "health says version id 00000000",
        ),
        (OK_TRUE, {"remote": Remote("x", {}, None)}, "cms-v1.2.4 is not on the remote"),
    ],
)
def test_what_disagrees_is_said(wanted: Verify, changes: dict[str, object], said: str) -> None:
    look = wanted.look(replace(GOOD, **changes), RELEASE)  # type: ignore[arg-type]
    assert isinstance(look, Stuck)
    assert said in look.what
