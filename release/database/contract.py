"""Which pending migrations wait for the new version (pure): contract migrations, and what comes behind one.

A contract migration takes away what the version that is live still uses. It runs after the deploys and the smoke check;
what is behind it waits with it, so that every database gets its files in one order.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from release.formats.sql import scan
from release.model.stores import stores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from release.config import Database as Settings
    from release.model.repository import Migration
    from release.model.stores import Store
    from release.model.world import World

MARKER = "-- release: after-deploy"
WORD = "after-deploy"
_MARKED = re.compile(r"^--\s*release\s*:\s*(.*?)\s*$", re.IGNORECASE | re.MULTILINE)


def word_at(migration: Migration) -> tuple[str, int] | None:
    """What a file says of when it runs, by a comment `-- release: WORD`, and on which line; None where it says nothing."""
    text = migration.sql.decode("utf-8-sig", errors="replace")
    if "release" not in text.lower():
        return None
    for kind, said, at in scan(text):
        found = _MARKED.match(said) if kind == "blank" else None
        if found:
            return found[1], text.count("\n", 0, at) + 1
    return None


def word_of(migration: Migration) -> str | None:
    """The word alone."""
    found = word_at(migration)
    return found[0] if found else None


def is_marked(migration: Migration) -> bool:
    """Whether a file says that it runs after the deploys."""
    return (word_of(migration) or "").lower() == WORD


def waiting(store: Store, *, graded: bool) -> tuple[Migration, ...]:
    """The pending files of a database that run after the deploys; `graded`: those that are breaking too."""
    known = {one.name: one for one in store.migrations}
    applied = tuple(known[name] for name in store.applied if name in known)
    ledger = store.folder.rules.table if store.folder.rules else ""
    return _waiting(applied, store.pending, ledger, graded)


def may_wait(world: World, databases: Iterable[Settings]) -> bool:
    """Whether a pending migration may wait for the new version: else a plan has no step for it."""
    if any(one.contract for one in databases):
        return True
    return any(is_marked(one) for store in stores(world) for one in store.pending)


def contracts(
    released: Sequence[Migration], pending: Sequence[Migration], ledger: str, *, graded: bool
) -> frozenset[str]:
    """The names of contract migrations: those that say so, and with `graded` those that are breaking."""
    found = {one.name for one in pending if is_marked(one)}
    if graded and pending:
        from release.database.grading import grade

        grades = grade(released, pending, ledger) if ledger else grade(released, pending)
        found |= {one.name for one in grades.files if one.grade == "breaking"}
    return frozenset(found)


@lru_cache(maxsize=16)
def _waiting(
    applied: tuple[Migration, ...],
    pending: tuple[Migration, ...],
    ledger: str,
    graded: bool,  # noqa: FBT001 - a cache's key
) -> tuple[Migration, ...]:
    names = contracts(applied, pending, ledger, graded=graded)
    first = next((at for at, one in enumerate(pending) if one.name in names), len(pending))
    return pending[first:]
