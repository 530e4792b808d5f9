"""Step `deploy NAME`: Cloudflare serves this release's version of one worker to everybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.effects import DeployWorker
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread
from release.model.world import LiveOf

if TYPE_CHECKING:
    from release.model.deployment import WorkerDeployment
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Deploy:
    """One worker; `meaning` and `advice` say what of this release serves where it fails."""

    worker: str
    script: str
    meaning: str
    advice: str
    changes: bool = True

    @property
    def reads(self) -> tuple[Part, ...]:
        """Its own worker alone: of fifty, each would ask for all."""
        return (LiveOf(self.worker),)

    @property
    def name(self) -> str:
        """As in `deploy mcp`."""
        return f"deploy {self.worker}"

    def look(self, world: World, release: Release) -> Look:
        """Done when a version with this release's mark has all the traffic."""
        live = world.live.get(self.worker)
        if isinstance(live, Unread):
            return Stuck.by(live)
        if live and live.release == (release.tag, release.commit):
            return Done(f"version {(live.version_id or '')[:8]} serves")
        was = f"(was {_described(live)})" if live else "(first deployment)"
        return Todo((DeployWorker(self.worker, self.script, release),), f"{self.script} {was}")


def _described(live: WorkerDeployment) -> str:
    version_id = (live.version_id or "a split")[:8]
    return f"{version_id}, {live.release[0]}" if live.release else f"{version_id}, made by no release"
