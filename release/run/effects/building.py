"""The workers' own builds, and the comparison of what wrangler would deploy with the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.model.deployment import Database, WorkerDeployment
from release.model.effects import BuildWorker

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.config import Config, Worker
    from release.model.release import Release
    from release.model.world import World
    from release.systems.ops import Ops, Tell


def build(ops: Ops, effect: BuildWorker, world: World, tell: Tell) -> World:
    """Build one worker, and compare what it made with the plan. Raises EffectError."""
    worker, environment = ops.config.placed(effect.worker, ops.name), ops.environment.wrangler
    ops.wrangler.build(worker, environment, tell)
    ops.wrangler.compare(worker, environment, bound(ops, worker.name, world))
    return effect.expect(world)


def is_built(config: Config, worker: Worker, world: World) -> bool:
    """Whether what a worker's build made in this run lies there still: another build in its folder may have replaced it."""
    beside = [one for one in config.workers if one.build and one.path == worker.path]
    return not worker.build or (len(beside) == 1 and BuildWorker.name_of(worker.name) in world.done)


def prove(ops: Ops, world: World, release: Release) -> None:
    """Raise EffectError where wrangler would deploy anything but the plan: looked at before the first write to an environment.

    A worker that serves the release already is passed over, and one that is built once more when it is deployed.
    """
    for one in ops.config.workers:
        live, worker = world.live.get(one.name), ops.config.placed(one.name, ops.name)
        is_live = isinstance(live, WorkerDeployment) and live.release == (release.tag, release.commit)
        if not is_live and is_built(ops.config, worker, world):
            ops.wrangler.compare(worker, ops.environment.wrangler, bound(ops, one.name, world))


def bound(ops: Ops, worker: str, world: World) -> Mapping[str, str | None]:
    """The databases that a worker has to bind here: name -> Cloudflare's id, None where it was not read."""
    found: dict[str, str | None] = {}
    for one in ops.config.databases:
        there, name = world.databases.get(one.name), ops.environment.databases.get(one.name)
        if one.worker == worker and isinstance(there, Database):
            found[there.name] = there.uuid
        elif one.worker == worker and name:
            found[name] = None
    return found
