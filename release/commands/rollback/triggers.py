"""What a rollback does not put back: crons, routes, custom domains and workers.dev belong to no version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.decide.configuration import TRIGGERS, unlike_planned
from release.errors import ReleaseError
from release.model.deployment import WorkerDeployment
from release.model.unread import Unread
from release.observe.configuration import ask_settings, compared
from release.systems.machine.deadline import Lanes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.systems.ops import Ops

LANES = 16
LABEL = "not put back"


def not_put_back(
    ops: Ops, live: Mapping[str, WorkerDeployment | Unread | None]
) -> tuple[tuple[str, str], ...]:
    """Where triggers are otherwise than the release that serves again says; nothing where that cannot be told."""
    try:
        return tuple(_found(ops, live))
    except ReleaseError:
        return ()


def _found(ops: Ops, live: Mapping[str, WorkerDeployment | Unread | None]) -> Iterator[tuple[str, str]]:
    serving = {one.release for one in live.values() if isinstance(one, WorkerDeployment)}
    release = serving.pop() if len(serving) == 1 else None
    if release is None:
        return
    tag, commit = release
    with Lanes(LANES) as lanes:
        sides = compared(ops, ask_settings(ops, lanes, commit, None), live)
    for name, one in sides.items():
        if not isinstance(one, Unread):
            for said in unlike_planned(name, one, TRIGGERS):
                yield LABEL, f"{said} (wrangler triggers deploy in a checkout of {tag} does it)"
