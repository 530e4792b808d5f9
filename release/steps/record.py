"""Step `record`: the tag names the bump commit on the remote, and the branch holds it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from release.model.effects import PushRelease
from release.model.record import Record
from release.model.step import Done, Stuck, Todo
from release.model.trailers import tag_message
from release.model.unread import read

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.step import Look
    from release.model.world import Part, World


@dataclass(frozen=True)
class RecordRelease:
    """Branch, tag and record land in one push, or not at all."""

    branch: str
    name: str = "record"
    reads: tuple[Part, ...] = ("remote", "record")
    changes: bool = True
    meaning: str = "The remote refused the push."
    advice: str = (
        "Production is healthy and unrecorded: remove what refused the push (branch protection, a hook, the "
        "token's rights), then run the same command again; it only records."
    )

    def look(self, world: World, release: Release) -> Look:
        """Done when tag and branch are as wanted; stuck when the tag names something else."""
        remote, history = read(world.remote), read(world.history)
        if remote is None or history is None:
            return Stuck("the remote could not be read", self.advice)
        tagged = remote.tags.get(release.tag)
        if tagged is not None and tagged != release.commit:
            return Stuck(
                f"{release.tag} names {tagged[:7]} on the remote, not {release.commit[:7]}.", self.advice
            )
        if tagged and history.is_on_branch:
            return Done(f"tag {release.tag} and the bump are on {self.branch}")
        record = read(world.record) or Record(environment=release.environment, nonce="")
        effect = PushRelease(
            release,
            self.branch,
            msgspec.structs.replace(record, outcome="recorded"),
            remote.record or "",
            tag_message(f"{release.app} {release.version}", record),
            is_tagged=tagged is not None,
        )
        return Todo((effect,), f"tag {release.tag} and the bump on {self.branch}")
