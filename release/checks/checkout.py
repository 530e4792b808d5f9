"""Checks of the work tree and of where its commit lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.checks.checklist import ticked_by
from release.decide.branch_findings import bring_back, it, named
from release.model.problem import Problem
from release.model.repository import Base, Checkout, History, Remote

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.world import World

SHIPPING = frozenset({"test", "bump", "build", "backfill", "migrate", "deploy", "smoke", "pack", "publish"})
SHOWN = 5


@dataclass(frozen=True)
class CleanTree:
    """The work tree is what git has; one that differs only by this release's bump counts as clean."""

    name: str = "clean tree"
    guards: frozenset[str] = SHIPPING - {"smoke"}

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem that names the paths."""
        if not isinstance(world.checkout, Checkout) or not isinstance(world.base, Base):
            return ()
        bumped = {p for p, text in release.files.items() if world.checkout.files.get(p) == text}
        dirty = [path for path in world.checkout.dirty if path not in bumped]
        if not dirty:
            return ()
        more = f" and {len(dirty) - SHOWN} more" if len(dirty) > SHOWN else ""
        return (
            Problem(
                self.name,
                f"Uncommitted changes: {', '.join(dirty[:SHOWN])}{more}.",
                "Commit and push them, or stash them (git stash -u), then run the same command again.",
                dirty[0],
            ),
        )


@dataclass(frozen=True)
class OnBranch:
    """HEAD is the branch that is released; a detached HEAD is for an approved plan only."""

    branch: str
    name: str = "branch"
    guards: frozenset[str] = SHIPPING - {"smoke"}

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem that names where HEAD is."""
        del release
        if not isinstance(world.checkout, Checkout) or world.checkout.branch in {self.branch, None}:
            return ()
        return (
            Problem(
                self.name,
                f"This checkout is on {world.checkout.branch}; releases are made from {self.branch}.",
                f"git switch {self.branch}, then run the same command again.",
            ),
        )


@dataclass(frozen=True)
class KeepsLast:
    """What ships holds what the last release shipped; where a force-push took that away, a person decides."""

    branch: str
    name: str = "dropped"
    guards: frozenset[str] = frozenset({"deploy", "publish"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One question that names the commits, unless it was ticked for this very release."""
        dropped = world.history.aftermath.dropped if isinstance(world.history, History) else ()
        if not dropped or release.previous_tag is None:
            return ()
        question = (
            f"Leave {named(dropped)} out of {release.app} {release.version}? {release.previous_tag} released "
            f"{it(dropped)}, and {self.branch} does not contain {it(dropped)}."
        )
        if ticked_by(world, release, question):
            return ()
        advice = f"To keep {it(dropped)}: {bring_back(release.previous_tag, dropped, self.branch)}."
        return (Problem(self.name, question, advice, level="ask"),)


@dataclass(frozen=True)
class InBranch:
    """The commit that ships is on the remote branch: what production runs can be found again."""

    branch: str
    remote: str
    name: str = "pushed"
    guards: frozenset[str] = SHIPPING - {"smoke"}

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem that names the commit."""
        if (
            not isinstance(world.history, History)
            or world.history.contained
            or not isinstance(world.remote, Remote)
        ):
            return ()
        return (
            Problem(
                self.name,
                f"{release.base[:7]} is not on {self.remote}/{self.branch}.",
                "Push it or merge its pull request, or switch to what is there (git pull), then run again.",
            ),
        )
