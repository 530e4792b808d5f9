"""Checklist: CI of the commit, and where it was tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.checks.checklist import Finding
from release.model.repository import names
from release.model.stores import stores
from release.model.unread import Unread, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.model.deployment import Health, WorkerDeployment
    from release.model.readiness import CommitCheck, Tried
    from release.model.world import World

SHOWN = 3
AGAIN = "then run the same command again"
RETRY = "Run the same command again; a commit that is not on the remote yet is to be pushed first."


@dataclass(frozen=True)
class CI:
    """The checks of the commit are green; a commit on which nothing ran is not. `ignored` are names that do not count."""

    ignored: tuple[str, ...] = ()

    def __call__(self, world: World) -> Finding:
        """One finding for all checks, which names those that are not green."""
        ci = world.readiness.ci if world.readiness else None
        commit = _base(world)
        if ci is None or isinstance(ci, Unread):
            return _cannot_tell(f"whether CI is green on {commit}", ci)
        ci = tuple(one for one in ci if one.name not in self.ignored)
        red = [one for one in ci if one.state == "red"]
        running = [one for one in ci if one.state == "running"]
        if not ci:
            return Finding(
                "bad",
                f"No check ran on {commit} at GitHub, so its status is unknown.",
                f"Push it to the branch on which CI runs and wait for it, {AGAIN}; "
                'or, where there is no CI, set checklist.ci to "warn" or "off".',
            )
        if red:
            page = f" ({red[0].url})" if red[0].url else ""
            return Finding(
                "bad",
                f"CI is red on {commit}: {_listed(red)}.",
                f"Look at what failed{page}. Fix it on main and let it go green, {AGAIN}.",
            )
        if running:
            return Finding(
                "bad", f"CI is still running on {commit}: {_listed(running)}.", f"Wait for it, {AGAIN}."
            )
        return Finding("ok", f"CI is green on {commit}: {_counted(len(ci), 'check')}")


@dataclass(frozen=True)
class Staging:
    """The commit runs where it is tried, wholly, and is healthy; or it ran there, and a later one that holds it does now."""

    def __call__(self, world: World) -> Finding:
        """One finding."""
        tried = world.readiness.tried if world.readiness else None
        if world.readiness is not None and tried is None:
            return Finding("none", "there is no environment where commits are tried")
        base = read(world.base)
        if tried is None or base is None:
            return _cannot_tell("whether staging runs this commit", None)
        unread = next((live for live in tried.live.values() if isinstance(live, Unread)), None)
        if unread is not None:
            return _cannot_tell(f"what {tried.environment} runs", unread)
        return _of_staging(tried, base.commit)


@dataclass(frozen=True)
class StagingMigrations:
    """Every migration of the commit is in the ledger of its database where it is tried."""

    def __call__(self, world: World) -> Finding:
        """One finding that names the files."""
        tried = world.readiness.tried if world.readiness else None
        if world.readiness is not None and (tried is None or not tried.databases):
            return Finding("none", "there is no database where migrations are tried")
        what = "which migrations are applied on staging"
        found = stores(world, tried.databases) if tried else ()
        for one in found:
            if isinstance(one.database, Unread):
                return _cannot_tell(what, one.database)
        if tried is None or not found or read(world.base) is None:
            return _cannot_tell(what, None)
        pending = [one.file(migration.name) for one in found for migration in one.pending]
        if not pending:
            count = _counted(sum(len(one.migrations) for one in found), "migration")
            return Finding("ok", f"{tried.environment} has all: {count}")
        return Finding(
            "bad",
            f"Not applied on {tried.environment}, so never tried: {', '.join(pending)}.",
            f"{_deploy(tried.environment)} (CI does so after a push to main), {AGAIN}.",
        )


def _of_staging(tried: Tried, commit: str) -> Finding:
    name, health = tried.environment, tried.health
    elsewhere = {worker: live for worker, live in tried.live.items() if _runs(live) != commit}
    if not elsewhere:
        return _healthy(name, health, commit)
    ran = all((live := read(part)) and commit in live.bases for part in tried.live.values())
    if tried.ahead and ran:
        now = next(_runs(live) for live in elsewhere.values())
        return Finding("ok", f"{name} ran {commit[:7]}; it runs {now[:7]} now, which contains it")
    runs = "; ".join(f"{worker} runs {_described(live)}" for worker, live in elsewhere.items())
    return Finding(
        "bad",
        f"{name} is not running {commit[:7]}: {runs}.",
        f"{_deploy(name)} (CI does so after a push to main), look at it, {AGAIN}.",
    )


def _healthy(name: str, health: Health | Unread, commit: str) -> Finding:
    if isinstance(health, Unread):
        return _cannot_tell(f"whether {name} is healthy", health)
    wrong = health.problem
    if wrong is None and not health.asked:
        return Finding("ok", f"{name} runs {commit[:7]}; it has no health route")
    if wrong is None and health.commit and not names(health.commit, commit):
        wrong = f"its health route names commit {health.commit[:7]}"
    if wrong is None:
        return Finding("ok", f"{name} runs {commit[:7]} and is healthy")
    return Finding(
        "bad",
        f"{name} runs {commit[:7]} and is not healthy: {wrong}.",
        f"What is broken there would be broken in production. Fix it on main, let {name} redeploy, {AGAIN}.",
    )


def _runs(live: WorkerDeployment | Unread | None) -> str:
    """The commit that a worker serves to everybody; empty where it is none or not known."""
    known = read(live)
    return known.release[1] if known and known.release else ""


def _described(live: WorkerDeployment | Unread | None) -> str:
    if live is None:
        return "nothing"
    return _runs(live)[:7] or "what no deployment of this tool made"


def _deploy(environment: str) -> str:
    return f"Deploy it there: inv deploy --env {environment}"


def _cannot_tell(what: str, unread: Unread | None) -> Finding:
    because = unread.because if unread else "It was not read."
    return Finding("unknown", f"Cannot tell {what}: {because}", (unread and unread.advice) or RETRY)


def _listed(checks: Sequence[CommitCheck]) -> str:
    more = f" and {len(checks) - SHOWN} more" if len(checks) > SHOWN else ""
    return ", ".join(f"{one.name} ({one.said})" for one in checks[:SHOWN]) + more


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _base(world: World) -> str:
    base = read(world.base)
    return base.commit[:7] if base else "this commit"
