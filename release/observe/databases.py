"""Reads the databases of an environment once more, by the rules of the commit that is released."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from release.model.unread import Unread, read
from release.observe.migrations import d1_at
from release.observe.readiness import answer
from release.systems.machine.deadline import Lanes

if TYPE_CHECKING:
    from release.config import Database as Settings
    from release.model.deployment import Database
    from release.model.release import Release
    from release.model.repository import Base
    from release.model.world import World
    from release.systems.ops import Ops


def databases_again(ops: Ops, world: World, _: Release | None) -> World:
    """The world with every database read again, side by side."""
    base = read(world.base)
    found = {one.name: _place(ops, base, one) for one in ops.config.databases}
    with Lanes(len(found) or 1) as lanes:
        seen = lanes.map(lambda at: at if isinstance(at, Unread) else _read_database(ops, at), found.values())
        return replace(world, databases=dict(zip(found, seen, strict=True)))


def _place(ops: Ops, base: Base | None, one: Settings) -> tuple[str, str] | Unread:
    """The name of a database and its ledger, by the rules of the commit that is released where they are known."""
    folder = base.folders.get(one.name) if base else None
    if folder is not None and folder.rules is not None:
        return folder.rules.database, folder.rules.table
    return answer(lambda: d1_at(ops, "HEAD", one))


def _read_database(ops: Ops, at: tuple[str, str]) -> Database | Unread:
    return answer(partial(ops.cloudflare.database, *at))
