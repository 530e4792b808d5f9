"""What the first release asks about a production that no release of this tool made, and where it asks nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from release.checks.by_hand import ByHand
from release.model.by_hand import by_hand, deployed
from release.model.deployment import Health, WorkerDeployment
from release.model.health import DEFAULT
from release.model.record import Record
from release.model.repository import Commit, History, Remote
from release.model.unread import Unread
from tests.unit.worlds import BASES, CONFIGURED, SOUND, STRANGER, release_of, subject_of

if TYPE_CHECKING:
    from release.model.world import World

TAG = CONFIGURED.app.tag
SUBJECT = subject_of(BASES[0], "1.2.4")
LIVE = WorkerDeployment(
    "cms", (("1c0b6f85-90d2", 100.0),), None, None, who="ada@example.com", at=1.0, source="dash"
)
WORLD = replace(
    SOUND,
    live={"mcp": LIVE, "cms": LIVE},
    history=History(contained=True, unreleased=(Commit("1" * 40, "feat: one"),)),
    health=Health("1.2.3", None, None),
)
FIRST = replace(release_of(SUBJECT), previous=None, previous_tag=None)


def said(world: World, *, is_tagged: bool = False) -> str:
    """The question, or nothing."""
    check = ByHand(CONFIGURED.app, "main", DEFAULT)
    release = release_of(SUBJECT) if is_tagged else FIRST
    return " ".join(one.what for one in check.find(world, release))


def marked(tag: str | None) -> WorkerDeployment:
    return replace(LIVE, tag=tag)


@pytest.mark.parametrize(
    ("world", "is_asked"),
    [
        (WORLD, True),
        (replace(WORLD, live={"mcp": LIVE, "cms": None}), True),
        (replace(WORLD, live={"mcp": marked("v9"), "cms": marked("other-1.2.3+abc")}), True),
        (replace(WORLD, record=Record(environment="production", nonce="n")), True),
        (replace(WORLD, live={"mcp": None, "cms": None}), False),
        (replace(WORLD, live={"mcp": LIVE, "cms": marked(f"cms-v1.2.3+{STRANGER}")}), False),
        (replace(WORLD, record=Record(environment="production", nonce="n", subject=SUBJECT)), False),
        (replace(WORLD, live={"mcp": Unread("no answer"), "cms": Unread("no answer")}), False),
        (replace(WORLD, package=Unread("no registry")), False),
    ],
)
def test_it_is_asked_only_before_anything_of_this_tool_was_begun(world: World, is_asked: bool) -> None:  # noqa: FBT001
    assert bool(by_hand(world, TAG)) is is_asked
    assert bool(said(world)) is is_asked


@pytest.mark.parametrize(
    ("world", "is_tagged", "words"),
    [
        (WORLD, False, "version 1.2.3 (apps/cms/package.json); commit unknown"),
        (WORLD, False, "the 1 commit of main counts as new"),
        (WORLD, False, "mcp 1c0b6f85 (deployed by ada@example.com on 1970-01-01 00:00 UTC with dash)"),
        (WORLD, False, "/api/health answered well 3 times, as 1.2.3. Is that right?"),
        (
            replace(WORLD, health=Health("1.4.0", None, None)),
            False,
            "that is not 1.2.3: one of the two is wrong",
        ),
        (replace(WORLD, health=Health(None, None, None)), False, "answered well 3 times, without a version"),
        (replace(WORLD, health=Health(None, None, "it is ill")), False, "it is unhealthy: it is ill"),
        (replace(WORLD, health=Unread("no such host")), False, "its health is unknown: no such host"),
        (replace(WORLD, health=Health(None, None, None, asked=False)), False, "there is no health route"),
        (
            replace(WORLD, health=Health(None, STRANGER, None)),
            False,
            "commit fffffff by the health route, which no release tag names",
        ),
        (
            replace(
                WORLD,
                health=Health(None, STRANGER[:8], None),
                remote=Remote("x", {"cms-v1.2.3": STRANGER}, None),
            ),
            True,
            "version 1.2.3 (the highest tag, cms-v1.2.3); commit fffffff, by the health route and the tag",
        ),
    ],
)
def test_the_question_says_what_is_taken_as_the_start_and_where_it_is_from(
    world: World,
    is_tagged: bool,  # noqa: FBT001
    words: str,
) -> None:
    assert words in said(world, is_tagged=is_tagged)


def test_traffic_that_is_split_and_a_deployment_without_an_author_are_said_as_they_are() -> None:
    split = WorkerDeployment("cms", (("aaaaaaaa-1", 90.0), ("bbbbbbbb-2", 10.0)), None, None)
    assert deployed(split) == "aaaaaaaa (90 %) and bbbbbbbb (10 %) (Cloudflare does not say by whom)"
