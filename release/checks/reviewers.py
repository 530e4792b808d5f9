"""Check that somebody is asked before a production release: GitHub's environment has required reviewers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.problem import Problem
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class Reviewed:
    """GitHub's environment asks for a review. It warns alone: the gate refuses what was not approved."""

    two_person: bool
    name: str = "reviewers"
    guards: frozenset[str] = frozenset({"test", "bump", "build", "backfill", "migrate", "deploy"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One warning at most."""
        del release
        found = world.reviewers
        if isinstance(found, Unread):
            return (self._warning(f"Cannot tell who must approve: {found.because}", found.advice),)
        if found is None:
            return ()
        name = f"GitHub's environment {found.environment}"
        how = "inv doctor says how to set it up."
        if not found.exists:
            return (self._warning(f"{name} does not exist, so no one approves a release.", how),)
        if not found.who:
            what = f"{name} has no required reviewers: whoever starts a release also approves it."
            return (self._warning(what, f"A private repository has them with GitHub Enterprise only; {how}"),)
        if self.two_person and not found.prevents_self:
            what = f"{name} lets people approve what they dispatched; two_person refuses that after the fact."
            return (self._warning(what, 'Turn "Prevent self-review" on in its settings.'),)
        return ()

    def _warning(self, what: str, advice: str) -> Problem:
        return Problem(self.name, what, advice, level="warn")
