"""Step `build`: what each worker's own `build` makes is there, and it is of this environment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.deployment import WorkerDeployment
from release.model.effects import BuildWorker
from release.model.step import Done, Todo

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Build:
    """The workers that have a build, each with its command. Every run builds again what it is about to deploy."""

    commands: tuple[tuple[str, str], ...]
    name: str = "build"
    reads: tuple[Part, ...] = ("live",)
    changes: bool = False
    meaning: str = "The build is broken, or made for another environment."
    advice: str = (
        "Nothing was migrated or deployed. Fix it on main (or `build` in [[tool.release.workers]]), "
        "then run the same command again."
    )

    def look(self, world: World, release: Release) -> Look:
        """Done when each of them is built in this run, or serves this release already."""
        left = [
            (worker, command)
            for worker, command in self.commands
            if BuildWorker.name_of(worker) not in world.done and not _serves(world, worker, release)
        ]
        said = "; ".join(f"{worker}: {command}" for worker, command in left or self.commands)
        return Todo(tuple(BuildWorker(worker) for worker, _ in left), said) if left else Done(said)


def _serves(world: World, worker: str, release: Release) -> bool:
    live = world.live.get(worker)
    return isinstance(live, WorkerDeployment) and live.release == (release.tag, release.commit)
