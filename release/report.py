"""What is true after a failure, in words: what is live, what is not recorded, what to do next (pure)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.model import Live, Unread
from release.outcome import Failure
from release.record import Record
from release.step import Stuck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model import Release, World
    from release.preflight import Prospect
    from release.step import Step, Todo

UNTAGGED = "Nothing was committed or tagged."


def failure_of(step: Step, what: str, look: Todo | Stuck) -> Failure:
    """The failure of a step, with its own meaning and advice."""
    advice = look.advice if isinstance(look, Stuck) and look.advice else step.advice
    return Failure(step.name, what, step.meaning, advice)


def explained(
    failure: Failure, prospect: Prospect, world: World, *, changed: bool, recorded: bool
) -> Failure:
    """The failure with what is true now. `world` was read after it.

    `changed`: the environment is not what it was; `recorded`: the remote has the release's tag.
    """
    release = prospect.release
    if release is None or not changed:
        environment = world.environment.capitalize()
        return replace(failure, standing=f"Not released. {environment} is unchanged.")
    standing = _recorded(failure, release) if recorded else _unrecorded(release, world)
    facts = tuple(_facts(failure, prospect, release, world, recorded=recorded))
    return replace(failure, standing=standing, state=facts)


def next_command(prospect: Prospect, world: World, *, recorded: bool) -> str:
    """The one command to run next: back where the new bundle is live and bad, else the same again."""
    is_bad = world.smoke is not None and not world.smoke.healthy
    if is_bad and not recorded and _way_back(world):
        return rollback_command(world.environment)
    return prospect.command


def rollback_command(environment: str) -> str:
    """As it is typed."""
    return "inv rollback" if environment == "production" else f"inv rollback --env {environment}"


def live_now(world: World) -> str:
    """What serves and how far the database is, in one line."""
    parts = [f"{name} {_serving(live)}" for name, live in world.live.items()]
    if isinstance(world.database, Unread):
        parts.append("database unknown")
    elif world.database is not None and world.database.applied:
        parts.append(f"database at {world.database.applied[-1]}")
    return ", ".join(parts)


def _serving(live: Live | Unread | None) -> str:
    if live is None:
        return "not deployed"
    if isinstance(live, Unread):
        return f"unknown ({live.because})"
    if live.version_id is None:
        return " and ".join(f"{share:.0f} % {version[:8]}" for version, share in live.shares)
    return f"{live.version_id[:8]} ({live.release[0] if live.release else 'made by no release'})"


def _recorded(failure: Failure, release: Release) -> str:
    if failure.step == "record":
        return f"{release.tag} is live and tagged, and the branch does not hold it yet."
    return f"{release.tag} is live and recorded, and {failure.step} is not done."


def _unrecorded(release: Release, world: World) -> str:
    """The sentence for an environment that changed without a tag."""
    where, mark = world.environment.capitalize(), (release.tag, release.commit)
    is_deployment = release.commit == release.base
    name, after = (release.base[:7], "") if is_deployment else (release.tag, f" {UNTAGGED}")
    new = [worker for worker, live in world.live.items() if isinstance(live, Live) and live.release == mark]
    old = [worker for worker in world.live if worker not in new]
    if any(isinstance(live, Unread) for live in world.live.values()):
        return f"{where} may have changed: what it serves could not be read.{after}"
    if new and old:
        return f"{where} is half changed: {_list(new)} {_is(new)} {name}, {_list(old)} {_is(old)} not.{after}"
    if new:
        return f"{where} serves {name}{_health(world)}.{after}"
    if isinstance(world.database, Unread):
        return f"Whether the database of {world.environment} changed could not be read; no worker was deployed.{after}"
    return f"The database of {world.environment} was migrated; no worker serves {name}.{after}"


def _health(world: World) -> str:
    if world.smoke is None:
        return ", and its health was not checked"
    return ", healthy, but is not recorded" if world.smoke.healthy else " and is not healthy"


def _facts(
    failure: Failure, prospect: Prospect, release: Release, world: World, *, recorded: bool
) -> Iterator[tuple[str, str]]:
    yield "live now", live_now(world)
    missing = _missing(failure, prospect, recorded=recorded)
    if isinstance(world.remote, Unread):
        missing = f"unknown: {world.remote.because}"
    if missing:
        yield "not recorded", missing
    if recorded:
        return
    if _way_back(world):
        back = " then ".join(reversed(list(world.live)))
        yield "roll back", f"{rollback_command(world.environment)}   puts {back} back; the database stays"
    if world.smoke is None or not world.smoke.healthy:
        yield "or fix", f"merge the fix, then: {prospect.command}   ships it as {release.version}"
    record = world.record if isinstance(world.record, Record) else None
    if record and record.bookmark and prospect.plan and prospect.plan.migrations:
        yield (
            "database",
            f"before the migration: bookmark {record.bookmark} (restoring it loses later writes)",
        )


def _missing(failure: Failure, prospect: Prospect, *, recorded: bool) -> str:
    """The writes to git and GitHub that the plan holds and that are still to come."""
    if prospect.plan is None:
        return ""
    steps = prospect.plan.steps
    at = steps.index(failure.step) if recorded and failure.step in steps else 0
    to_come = [write for write in prospect.plan.writes if write.step in steps[at:]]
    return ", ".join(
        f"{write.what} ({write.target})" for write in to_come if write.system in {"git", "github"}
    )


def _way_back(world: World) -> bool:
    """Whether a worker serves something else than before, and what served before was noted."""
    record = world.record
    before = record.before if isinstance(record, Record) else {}
    served = {name: live.version_id for name, live in world.live.items() if isinstance(live, Live)}
    return any(name in before and before[name] != version for name, version in served.items())


def _list(names: list[str]) -> str:
    return " and ".join(names)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
