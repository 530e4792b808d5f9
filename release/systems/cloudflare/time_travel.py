"""D1's Time Travel: what a database held when a bookmark was noted, and the way back to it. It is in place: D1 has no fork."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from release.errors import CannotReadError

if TYPE_CHECKING:
    from release.model.deployment import Database
    from release.systems.cloudflare.api import Cloudflare

DAYS = 30  # that a bookmark can be restored for (Workers Paid; 7 on Workers Free, by D1's official limits)
FREE_DAYS = 7
MOST_ROWS = 100_000  # of one table: beyond that it is not counted on
_AT_ONCE = 50  # tables a query; D1 takes 100 columns


def counted_tables(cloudflare: Cloudflare, database: Database) -> dict[str, int]:
    """How many rows each table has, at most one more than MOST_ROWS; none where that cannot be read."""
    names = sorted(one.name for one in database.schema if one.kind == "table" and one.sql)
    found: dict[str, int] = {}
    for at in range(0, len(names), _AT_ONCE):
        some = names[at : at + _AT_ONCE]
        counts = ", ".join(f"({_count(name)}) AS n{place}" for place, name in enumerate(some))
        try:
            (row,) = cloudflare.query(database.uuid, f"SELECT {counts}")
            found |= {name: int(row[f"n{place}"]) for place, name in enumerate(some)}
        except (CannotReadError, LookupError, TypeError, ValueError):
            return {}
    return found


def restored(cloudflare: Cloudflare, database: Database, bookmark: str) -> str:
    """Put a database back as it was at a bookmark; the bookmark of what it held until now. Raises EffectError."""
    answer = cloudflare.write(
        "POST", f"/d1/database/{database.uuid}/time_travel/restore?bookmark={quote(bookmark, safe='')}"
    )
    previous = answer.get("previous_bookmark") if isinstance(answer, dict) else None
    return str(previous or "")


def _count(name: str) -> str:
    quoted = name.replace('"', '""')
    return f'SELECT count(*) FROM (SELECT 1 FROM "{quoted}" LIMIT {MOST_ROWS + 1})'  # noqa: S608 - quoted
