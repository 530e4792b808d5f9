"""Check of the first release: what it takes as its start, where production was deployed by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.model.bump import current_version
from release.model.by_hand import by_hand, deployed
from release.model.deployment import Health
from release.model.health import is_of
from release.model.problem import Problem
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config import App
    from release.model.health import HealthRule
    from release.model.release import Release
    from release.model.world import World


@dataclass(frozen=True)
class ByHand:
    """Nothing is guessed silently: which number and commit the first release starts from, what is live, and how it is."""

    app: App
    branch: str
    rule: HealthRule
    streak: int = 3
    name: str = "start"
    guards: frozenset[str] = frozenset({"deploy"})

    def find(self, world: World, release: Release) -> tuple[Problem, ...]:
        """One question, which `--yes` answers; none once a release was begun."""
        lives = by_hand(world, self.app.tag)
        if not lives:
            return ()
        number = self._number(world, release)
        parts = (
            f"version {number} ({self._source(release)})",
            self._commit(world, release),
            f"live: {', '.join(f'{name} {deployed(live)}' for name, live in lives.items())}",
            *self._health(world.health, number),
        )
        what = (
            f"{release.environment.capitalize()} was deployed by hand or by another tool. The first release starts from "
            f"this: {'; '.join(parts)}. Is that right?"
        )
        tag = self.app.tag.replace("{version}", "X.Y.Z")
        advice = (
            f"If not: tag the commit that is live (git tag {tag} COMMIT, git push origin {tag}), or correct the "
            f"version in {self.app.manifest}, then run the same command again."
        )
        return (Problem(self.name, what, advice, level="ask", by_yes=True),)

    def _number(self, world: World, release: Release) -> str:
        base = read(world.base)
        try:
            return release.previous or (current_version(base, self.app) if base else "unknown")
        except ReleaseError:
            return "unknown"

    def _source(self, release: Release) -> str:
        return f"the highest tag, {release.previous_tag}" if release.previous_tag else self.app.manifest

    def _commit(self, world: World, release: Release) -> str:
        """Which commit is taken for the one that is live, and who says so."""
        history, remote, health = read(world.history), read(world.remote), world.health
        count = len(history.unreleased) if history else 0
        since = f"since {release.previous_tag}" if release.previous_tag else f"of {self.branch}"
        ships = f"{count} commit {since} counts" if count == 1 else f"{count} commits {since} count"
        ships = f"the {ships} as new"
        said = health.commit if isinstance(health, Health) else None
        tagged = remote.tags.get(release.previous_tag or "") if remote else None
        if said and tagged and is_of(said, tagged):
            return f"commit {said[:7]}, by the health route and the tag; {ships}"
        if said:
            return f"commit {said[:7]} by the health route, which no release tag names; {ships}"
        return f"commit unknown: neither Cloudflare nor the health route tells it; {ships}"

    def _health(self, health: Health | Unread | None, number: str) -> Iterator[str]:
        """How it answers, and where it contradicts the number."""
        if not isinstance(health, Health):
            yield f"its health is unknown: {health.because if isinstance(health, Unread) else 'nothing answers'}"
        elif not health.asked:
            yield "its health is unknown: there is no health route"
        elif health.problem is not None:
            yield (
                f"it is unhealthy: {health.problem}, and a release that answers like that would fail its smoke check"
            )
        else:
            times = f"{self.streak} time{'' if self.streak == 1 else 's'}"
            says = f"as {health.version}" if health.version else "without a version"
            yield f"{self.rule.shown} answered well {times}, {says}"
            if health.version not in {None, number}:
                yield f"that is not {number}: one of the two is wrong"
