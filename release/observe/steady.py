"""A smoke check of what is live before a first release: health as configured, several times in a row."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.model.by_hand import by_hand
from release.model.deployment import Health

if TYPE_CHECKING:
    from release.model.world import World
    from release.systems.ops import Ops


def smoked(ops: Ops, world: World) -> World:
    """The same world; where production was deployed by hand, with the first bad answer of a streak, else its last."""
    health = world.health
    if ops.name != ops.config.production or not by_hand(world, ops.config.app.tag):
        return world
    for _ in range(ops.environment.smoke.streak - 1):
        if not isinstance(health, Health) or not health.asked or health.problem is not None:
            break
        ops.clock.sleep(ops.environment.smoke.interval)
        health = ops.web.health(ops.environment, ops.health_url)
    return replace(world, health=health)
