"""What the looks at each database come to as one: a step is done when it is done for all of them (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.model.step import Done, Stuck, Todo
from release.model.stores import stores

if TYPE_CHECKING:
    from collections.abc import Callable

    from release.model.step import Look
    from release.model.stores import Store
    from release.model.world import World


def of_each(world: World, look: Callable[[Store], Look]) -> Look:
    """The look at the only database as it is; of several one look that names which, and does nothing while one is stuck."""
    looks = [(store, look(store)) for store in stores(world)]
    if not looks:
        return Done("no database")
    if len(looks) == 1:
        return looks[0][1]
    stuck = [(store, one) for store, one in looks if isinstance(one, Stuck)]
    if stuck:
        what = "\n".join(store.said(one.what) for store, one in stuck)
        return Stuck(what, "\n".join(dict.fromkeys(one.advice for _, one in stuck)))
    todo = [(store, one) for store, one in looks if isinstance(one, Todo)]
    if not todo:
        said = (store.said(one.detail) for store, one in looks if isinstance(one, Done))
        return Done("; ".join(filter(None, said)))
    effects = tuple(effect for _, one in todo for effect in one.effects)
    return Todo(effects, "; ".join(store.said(one.detail) for store, one in todo))
