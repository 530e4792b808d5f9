"""How many rows of the live database a loss of data reaches: one query that reads a bounded number of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.model.deployment import Database

if TYPE_CHECKING:
    from release.model.evidence import Loss, Verdict
    from release.model.world import World
    from release.systems.ops import Ops

MOST_ROWS = 1_000_000  # of one table: beyond that it is "more than"
MOST_LOSSES = 8  # that are counted


def counted(ops: Ops, world: World, verdict: Verdict) -> Verdict:
    """The verdict with the rows that its losses reach, and its statements go through; without them where they cannot be read.

    Asks only where there are any.
    """
    losses = [loss for one in verdict.evidence for loss in one.losses][:MOST_LOSSES]
    losses += [one for each in verdict.evidence for one in each.passes if _is_there(world, one)][:MOST_LOSSES]
    found: dict[Loss, Loss] = {}
    for name, database in world.databases.items():
        own = [loss for loss in losses if loss.store == name]
        if own and isinstance(database, Database):
            found |= _filled(ops, database, own)
    evidence = (
        replace(
            one,
            losses=tuple(found.get(loss, loss) for loss in one.losses),
            passes=tuple(found.get(each, each) for each in one.passes),
        )
        for one in verdict.evidence
    )
    return replace(verdict, evidence=tuple(evidence)) if found else verdict


def _is_there(world: World, one: Loss) -> bool:
    """Whether the live database has the table: one that an earlier pending file makes has no rows to count."""
    database = world.databases.get(one.store)
    return isinstance(database, Database) and any(
        entry.kind == "table" and entry.name.lower() == one.table for entry in database.schema
    )


def _filled(ops: Ops, database: Database, losses: list[Loss]) -> dict[Loss, Loss]:
    """The losses with their rows, by what they were; none where the database did not tell: a loss stands without its count."""
    query = f"SELECT {', '.join(f'({_count(loss)}) AS n{at}' for at, loss in enumerate(losses))}"
    try:
        (row,) = ops.cloudflare.query(database.uuid, query)
        rows = [int(row[f"n{at}"]) for at, _ in enumerate(losses)]
    except (ReleaseError, LookupError, TypeError, ValueError):
        return {}
    return {
        loss: replace(loss, rows=min(many, MOST_ROWS), is_more=many > MOST_ROWS, database=database.name)
        for loss, many in zip(losses, rows, strict=True)
    }


def _count(loss: Loss) -> str:
    held = " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in loss.columns)
    where = f" WHERE {held}" if held else ""
    return f"SELECT count(*) FROM (SELECT 1 FROM {_quoted(loss.table)}{where} LIMIT {MOST_ROWS + 1})"  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
