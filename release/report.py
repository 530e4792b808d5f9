"""What is true after a failure, in words: what is live, what is not recorded, what to do next (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.model import Database, Live
from release.outcome import Failure
from release.record import Record
from release.step import Stuck

if TYPE_CHECKING:
    from release.model import World
    from release.ops import Ops
    from release.preflight import Prospect
    from release.step import Step, Todo


def failure_of(step: Step, what: str, look: Todo | Stuck) -> Failure:
    """The failure of a step, with its own meaning and advice."""
    advice = look.advice if isinstance(look, Stuck) and look.advice else step.advice
    return Failure(step.name, what, step.meaning, advice)


def state_of(
    ops: Ops, prospect: Prospect, world: World, *, changed: bool, recorded: bool
) -> tuple[tuple[str, str], ...]:
    """Label and fact, in the order in which a person needs them."""
    if not changed:
        return (("production" if ops.name == "production" else ops.name, "unchanged"),)
    facts = [("live now", live_now(world))]
    if not recorded:
        facts.append(
            ("roll back", "inv rollback            puts the workers back, the last first; the database stays")
        )
    record = world.record if isinstance(world.record, Record) else None
    if record and record.bookmark and prospect.plan and prospect.plan.migrations:
        facts.append(
            (
                "database",
                f"before the migration: bookmark {record.bookmark} (restoring it loses later writes)",
            )
        )
    return tuple(facts)


def live_now(world: World) -> str:
    """What serves and how far the database is, in one line."""
    parts = []
    for name, live in world.live.items():
        if isinstance(live, Live):
            tag = live.release[0] if live.release else "made by no release"
            parts.append(f"{name} {(live.version_id or 'split')[:8]} ({tag})")
        else:
            parts.append(f"{name} not deployed" if live is None else f"{name} unknown")
    if isinstance(world.database, Database) and world.database.applied:
        parts.append(f"database at {world.database.applied[-1]}")
    return ", ".join(parts)
