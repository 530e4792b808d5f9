"""What does not fit between a database, its ledger and the files (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.database.replay import beyond, differences_after
from release.errors import ReleaseError
from release.model.deployment import Database
from release.model.unread import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.model.stores import Store
    from release.model.world import World

SHOWN = 3


def findings(world: World, store: Store) -> Iterator[tuple[str, str]]:
    """What does not fit in one database, and what to do about it; nothing where it could not be read."""
    database = store.database
    if isinstance(world.base, Unread) or not isinstance(database, Database):
        return
    if not database.applied:
        if database.schema and store.migrations:
            yield f"The migration ledger of {database.name} is empty.", "To fill it: inv step.backfill"
        return
    files = {one.name for one in store.migrations}
    if strange := [name for name in database.applied if name not in files]:
        listed = ", ".join(strange[:SHOWN]) + (f" and {len(strange) - SHOWN} more" if strange[SHOWN:] else "")
        yield (
            f"The migration ledger of {database.name} lists {listed}, and this commit has no such file.",
            "Put the file back, or release from a commit that has it.",
        )
    elif not store.pending and (drift := _drift(store, database)):
        yield (
            f"The live schema of {database.name} does not match its migration ledger: {drift}.",
            "Bring them together: a migration that makes the same change, or undo it.",
        )


def _drift(store: Store, database: Database) -> str:
    try:
        if beyond(store.migrations, database) is not None:
            return ""
        return "; ".join(differences_after(store.migrations, database))
    except ReleaseError:
        return ""
