"""Checks of a package before it is published: the token is known, and what it needs can be installed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.model.problem import Problem
from release.model.registry import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.registry import Needed
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class KnownToken:
    """The registry knows the token, where there is one; whether it may publish, only publishing tells."""

    name: str = "npm token"
    guards: frozenset[str] = frozenset({"publish"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem, without the token."""
        del release
        if not isinstance(world.package, Package) or world.package.refusal is None:
            return ()
        return (
            Problem(
                self.name,
                f"{world.package.refusal[0].upper()}{world.package.refusal[1:]}: {world.package.registry}.",
                "Set NODE_AUTH_TOKEN to a token that may publish it, then run the same command again.",
            ),
        )


@dataclass(frozen=True)
class Dependencies:
    """The packages of this repository that it needs are published, and are what it was tested with."""

    name: str = "dependencies"
    guards: frozenset[str] = frozenset({"publish"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One problem a package, with the command that publishes it."""
        del release
        needs = world.package.needs if isinstance(world.package, Package) else ()
        return tuple(problem for need in needs for problem in self._problems(need))

    def _problems(self, need: Needed) -> Iterator[Problem]:
        first = f"Publish it first: inv publish {need.target}. Then run the same command again."
        if not satisfied(need):
            there = f"has {_newest(need.versions)} at most" if need.versions else "does not have it"
            yield Problem(
                self.name, f"It needs {need.package} {need.wanted}, and the registry {there}.", first
            )
        elif need.is_ahead:
            yield Problem(
                self.name,
                f"It is tested with {need.package} as it is here, and no published version of that holds its last changes.",
                first,
            )


def satisfied(need: Needed) -> bool:
    """Whether the registry has a version in the wanted range; what npm would not read as a range is left to npm."""
    from nodesemver import max_satisfying

    try:
        return max_satisfying(list(need.versions), need.wanted, loose=False) is not None
    except ValueError:
        return True


def _newest(versions: tuple[str, ...]) -> str:
    from nodesemver import max_satisfying

    return str(max_satisfying(list(versions), "*", loose=False) or versions[-1])
