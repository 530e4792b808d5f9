"""A production that no release of this tool made, as its first release finds it (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.version import TagPattern
from release.model.rolled_back import moment
from release.model.unread import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.deployment import WorkerDeployment
    from release.model.world import World

SHORT = 8  # digits of a version id that people read


def by_hand(world: World, tag: str) -> Mapping[str, WorkerDeployment]:
    """What serves each worker, where something does and nothing of it is of a release; empty where one was ever begun.

    `tag` is how the app's tags are named: a version with another tool's mark is by hand too.
    """
    record, pattern = read(world.record), TagPattern(tag)
    if world.package is not None or (record is not None and record.subject is not None):
        return {}
    lives = {name: live for name, part in world.live.items() if (live := read(part)) is not None}
    ours = [live for live in lives.values() if live.release and pattern.version(live.release[0])]
    return {} if ours else lives


def deployed(live: WorkerDeployment) -> str:
    """What serves a worker, and who deployed it, when and with what, as Cloudflare says."""
    served = " and ".join(
        f"{version[:SHORT]}{'' if live.version_id else f' ({share:.0f} %)'}" for version, share in live.shares
    )
    facts = (
        f"by {live.who}" if live.who else "",
        f"on {moment(live.at)}" if live.at else "",
        f"with {live.source}" if live.source else "",
    )
    told = " ".join(fact for fact in facts if fact)
    return f"{served or 'nothing'} ({f'deployed {told}' if told else 'Cloudflare does not say by whom'})"
