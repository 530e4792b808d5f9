"""Check that the manifest and the tags tell the same story."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.bump import current_version
from release.model.problem import Problem
from release.model.repository import Base, Checkout, History, Remote

if TYPE_CHECKING:
    from release.config import App
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class ManifestAgrees:
    """The manifest of the base holds the version of the highest tag."""

    app: App
    name: str = "manifest"
    guards: frozenset[str] = frozenset({"bump", "deploy", "publish"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem that names both."""
        if not isinstance(world.base, Base) or release.previous is None:
            return ()
        current = current_version(world.base, self.app)
        if current == release.previous:
            return ()
        advice = (
            "The branch has it already: git pull, then run the same command again."
            if _is_behind(world)
            else f"Set it to {release.previous} in a commit on the branch (the release raises it), or push the missing tag."
        )
        return (
            Problem(
                self.name,
                f"{self.app.manifest} says {current}, but the highest tag on the remote is {release.previous_tag}.",
                advice,
                self.app.manifest,
            ),
        )


def _is_behind(world: World) -> bool:
    """Whether this checkout is not the branch's tip, and the branch holds the last release."""
    if not isinstance(world.history, History) or not isinstance(world.remote, Remote):
        return False
    here = world.checkout.head if isinstance(world.checkout, Checkout) else None
    return world.history.is_on_branch and here != world.remote.tip
