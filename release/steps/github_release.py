"""Step `github-release`: GitHub has a Release for the tag, and shows it as what the environment runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.formats.version import TagPattern, highest
from release.model.effects import CreateRelease, NoteDeployment
from release.model.step import Done, Stuck, Todo
from release.model.trailers import footer
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from release.model.effects import Effect
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class GitHubRelease:
    """Made with GitHub's own notes since the previous tag of the same app, unless a plugin writes them.

    `pattern` is the app's tag pattern: the Release becomes "latest" where its version is the app's highest, and
    `is_latest` allows it. `has_deployment`: GitHub is told what the environment runs.
    """

    notes: str | None = None
    is_latest: bool = True
    pattern: str = ""
    has_deployment: bool = False
    name: str = "github-release"
    reads: tuple[Part, ...] = ("releases",)
    changes: bool = True
    meaning: str = "GitHub did not create the Release; production is healthy and recorded."
    advice: str = "Run the same command again; it only creates the Release."

    @property
    def _whose(self) -> str:
        return "generated" if self.notes is None else "a plugin's"

    def look(self, world: World, release: Release) -> Look:
        """Done when the Release exists."""
        if isinstance(world.releases, Unread):
            return Stuck.by(world.releases, self.advice)
        noted: tuple[Effect, ...] = ()
        if self.has_deployment and not NoteDeployment.TRIED & world.done:
            noted = (NoteDeployment(release),)
        if release.tag in world.releases:
            there = f"{release.tag} is there"
            return Todo(noted, there) if noted else Done(there)
        record = read(world.record)
        said = footer(record) if record else ""
        made = CreateRelease(release, self.notes, said, is_latest=self._is_latest(world, release))
        return Todo((made, *noted), f"{release.tag} with {self._whose} notes")

    def _is_latest(self, world: World, release: Release) -> bool:
        remote = read(world.remote)
        if not self.is_latest or not self.pattern or remote is None:
            return self.is_latest
        last = highest({**remote.tags, release.tag: release.commit}, TagPattern(self.pattern))
        return last is not None and last[1] == release.tag
