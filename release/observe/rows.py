"""How many rows of the live database a loss of data reaches: one query that reads a bounded number of rows."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.model.deployment import Database

if TYPE_CHECKING:
    from release.model.evidence import Evidence, Loss, Verdict
    from release.model.world import World
    from release.systems.ops import Ops

MOST_ROWS = 1_000_000  # of one table: beyond that it is "more than"
MOST_LOSSES = 8  # that are counted


def counted(ops: Ops, world: World, verdict: Verdict) -> Verdict:
    """The verdict with the rows that its losses reach; without them where they cannot be read. Asks only where there are any."""
    losses = [loss for one in verdict.evidence for loss in one.losses][:MOST_LOSSES]
    if not losses or not isinstance(world.database, Database):
        return verdict
    query = f"SELECT {', '.join(f'({_count(loss)}) AS n{at}' for at, loss in enumerate(losses))}"
    try:
        (row,) = ops.cloudflare.query(world.database.uuid, query)
        found = {loss: int(row[f"n{at}"]) for at, loss in enumerate(losses)}
    except (ReleaseError, LookupError, TypeError, ValueError):
        return verdict  # told as unknown: the loss stands without its count
    name = world.database.name
    return replace(verdict, evidence=tuple(_with(one, found, name) for one in verdict.evidence))


def _with(one: Evidence, found: dict[Loss, int], database: str) -> Evidence:
    return replace(one, losses=tuple(_filled(loss, found.get(loss), database) for loss in one.losses))


def _filled(loss: Loss, rows: int | None, database: str) -> Loss:
    if rows is None:
        return loss
    return replace(loss, rows=min(rows, MOST_ROWS), is_more=rows > MOST_ROWS, database=database)


def _count(loss: Loss) -> str:
    held = " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in loss.columns)
    where = f" WHERE {held}" if held else ""
    return f"SELECT count(*) FROM (SELECT 1 FROM {_quoted(loss.table)}{where} LIMIT {MOST_ROWS + 1})"  # noqa: S608 - quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
