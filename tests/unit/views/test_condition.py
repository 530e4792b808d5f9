"""How production does, in a plan, by what its health route tells and what Cloudflare serves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from release.model.deployment import Health, WorkerDeployment
from release.model.health import NO_ROUTE
from release.model.unread import Unread
from release.views.plan_facts import condition
from tests.unit.worlds import SOUND

LIVE = WorkerDeployment("cms", (("1c0b6f85", 100.0),), f"cms-v1.2.3+{'a' * 40}", None)
BOTH = {"mcp": LIVE, "cms": LIVE}


@pytest.mark.parametrize(
    ("health", "live", "said"),
    [
        (Health("1.2.3", None, None), BOTH, "production runs 1.2.3 and is healthy"),
        (Health(None, None, None), BOTH, "production runs cms-v1.2.3 and is healthy"),
        (
            Health(None, None, None),
            {"mcp": LIVE, "cms": None},
            "production runs an unknown version and is healthy",
        ),
        (Health(None, None, "it is ill"), BOTH, "production is not healthy: it is ill"),
        (NO_ROUTE, BOTH, "production runs cms-v1.2.3; it has no health route"),
        (NO_ROUTE, {"mcp": None, "cms": None}, "production serves nothing"),
        (Unread("no such host"), BOTH, "the health of production could not be read"),
    ],
)
def test_a_plan_says_what_runs_and_by_how_much_that_is_known(
    health: Health | Unread, live: dict[str, WorkerDeployment | None], said: str
) -> None:
    assert condition(replace(SOUND, health=health, live=live)) == said
