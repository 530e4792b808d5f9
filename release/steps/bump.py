"""Step `bump`: the files of the bump commit are in the work tree, so that the build sees the new version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.effects import PlaceFiles
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class Bump:
    """The bump commit itself was computed with the plan; here its files are put in place."""

    manifest: str
    name: str = "bump"
    reads: tuple[Part, ...] = ("checkout",)
    changes: bool = False
    meaning: str = "This should not happen."
    advice: str = "Nothing was deployed. Read the journal under .release/, then run the same command again."

    def look(self, world: World, release: Release) -> Look:
        """Done when the files hold the bump commit's bytes."""
        if isinstance(world.checkout, Unread):
            return Stuck.by(world.checkout)
        detail = f"{self.manifest}  {release.previous or 'first release'} -> {release.version}"
        missing = {
            file: text for file, text in release.files.items() if world.checkout.files.get(file) != text
        }
        return Todo((PlaceFiles(missing),), detail) if missing else Done(detail)
