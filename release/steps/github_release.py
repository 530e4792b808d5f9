"""Step `github-release`: GitHub has a Release for the tag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.attestation import footer
from release.effects import CreateRelease
from release.record import Record
from release.step import Done, Stuck, Todo

if TYPE_CHECKING:
    from release.model import Part, Release, World
    from release.step import Look


@dataclass(frozen=True)
class GitHubRelease:
    """Made with GitHub's own notes since the previous tag of the same app, unless a plugin writes them."""

    notes: str | None = None
    is_latest: bool = True
    name: str = "github-release"
    reads: tuple[Part, ...] = ("releases",)
    changes: bool = True
    meaning: str = "GitHub did not make the Release; production is healthy and recorded."
    advice: str = "Run the same command again; it only makes the Release."

    @property
    def _whose(self) -> str:
        return "generated" if self.notes is None else "a plugin's"

    def look(self, world: World, release: Release) -> Look:
        """Done when the Release exists."""
        if not isinstance(world.releases, frozenset):
            return Stuck(world.releases.because, world.releases.advice or self.advice)
        if release.tag in world.releases:
            return Done(f"{release.tag} is there")
        said = footer(world.record) if isinstance(world.record, Record) else ""
        return Todo(
            (CreateRelease(release, self.notes, said, is_latest=self.is_latest),),
            f"{release.tag} with {self._whose} notes",
        )
