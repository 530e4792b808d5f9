"""Step `verify`: everything that shows the version agrees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.decide.configuration import unlike_planned
from release.model.effects import ReadBadge
from release.model.health import DEFAULT, live_ids, rule_of, unlike
from release.model.step import Done, Stuck, Todo
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from release.config import Environment
    from release.model.deployment import WorkerDeployment
    from release.model.health import HealthRule
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World

READS: tuple[Part, ...] = ("health", "remote", "releases", "settings")


@dataclass(frozen=True)
class Verify:
    """Only looks: health, the dashboard's badge, the tag in the branch, the Release, and the workers' settings.

    Where health does not tell what serves, Cloudflare does: each worker's version is this release's.
    Where `reads` has "published": also whether the Release is the latest, and GitHub's deployment a success.
    """

    has_badge: bool
    rule: HealthRule = DEFAULT
    name: str = "verify"
    reads: tuple[Part, ...] = READS
    changes: bool = False
    meaning: str = "Live and recorded, but some checks disagree."
    advice: str = "Fix what is named above, then run inv verify."

    @classmethod
    def of(cls, environment: Environment, *more: Part) -> Verify:
        """The step in an environment, which reads more than it does in a release."""
        rule = rule_of(environment)
        live: tuple[Part, ...] = () if rule.version else ("live",)
        return cls(environment.badge is not None, rule, reads=(*READS, *live, *more))

    def look(self, world: World, release: Release) -> Look:
        """Done when all agree; else which does not."""
        if self.has_badge and world.badge is None:
            return Todo((ReadBadge(release),))
        faults = self.faults(world, release)
        if faults:
            return Stuck("; ".join(faults), self.advice)
        badge, more = (
            ("badge",) if self.has_badge else (),
            ("deployment",) if "published" in self.reads else (),
        )
        health = ("health",) if self.rule.tells else ("what Cloudflare serves",)
        places = (*health, *badge, "tag", "Release", *more)
        return Done(f"{', '.join(places)} agree on {release.version}")

    def faults(self, world: World, release: Release) -> tuple[str, ...]:
        """What does not agree, one sentence each."""
        found = (
            self._health(world, release),
            self._badge(world, release),
            self._git(world, release),
            self._release(world, release),
            *self._published(world, release),
            *self._settings(world, release),
        )
        return tuple(fault for fault in found if fault)

    def _health(self, world: World, release: Release) -> str | None:
        health = world.health
        if health is None:
            return "nothing answers"
        if isinstance(health, Unread):
            return health.because
        if self.rule.version:
            wrong = health.version != release.version
            return health.problem or (f"health says {health.version}" if wrong else None)
        fault = unlike(health, release, live_ids(world.live))
        if fault is not None:
            return fault
        others = [name for name, live in world.live.items() if _mark(live) != (release.tag, release.commit)]
        return f"Cloudflare does not serve {' and '.join(others)} of {release.tag}" if others else None

    def _badge(self, world: World, release: Release) -> str | None:
        if not self.has_badge:
            return None
        if isinstance(world.badge, Unread):
            return world.badge.because
        return None if world.badge == release.version else f"the dashboard's badge says {world.badge}"

    def _git(self, world: World, release: Release) -> str | None:
        remote, history = read(world.remote), read(world.history)
        if remote is None or history is None:
            return "the remote could not be read"
        if remote.tags.get(release.tag) != release.commit:
            return f"{release.tag} is not on the remote"
        return None if history.is_on_branch else "the branch does not hold the release"

    def _release(self, world: World, release: Release) -> str | None:
        if isinstance(world.releases, Unread):
            return world.releases.because
        return None if release.tag in world.releases else f"GitHub has no Release {release.tag}"

    def _settings(self, world: World, release: Release) -> tuple[str, ...]:
        """What a deploy left otherwise than the configuration says; told where the checkout is of this very release."""
        here = read(world.checkout)
        if here is None or here.head not in {release.base, release.commit}:
            return ()
        known = ((name, read(one)) for name, one in world.settings.items())
        return tuple(fault for name, one in known if one for fault in unlike_planned(name, one))

    def _published(self, world: World, release: Release) -> tuple[str, ...]:
        """What GitHub's pages show besides; nothing where it was not read."""
        seen = world.published
        if "published" not in self.reads or seen is None:
            return ()
        if isinstance(seen, Unread):
            return (seen.because,)
        faults = []
        if seen.latest != release.tag:
            faults.append(f"GitHub shows {seen.latest or 'no Release'} as the latest Release")
        if seen.deployment != "success":
            stands = f"stands at {seen.deployment}" if seen.deployment else "does not exist"
            faults.append(f"GitHub's deployment of {release.tag} to {release.environment} {stands}")
        return tuple(faults)


def _mark(live: WorkerDeployment | Unread | None) -> tuple[str, str] | None:
    known = read(live)
    return known.release if known else None
