"""The release that the remote or the record names, as a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.decide.findings import previous
from release.errors import BlockedError, CannotReadError
from release.model.record import Record
from release.model.release import Release
from release.model.unread import Unread

if TYPE_CHECKING:
    from release.config import Config
    from release.model.world import World


def last_released(world: World, config: Config) -> Release:
    """The highest release on the remote. Raises CannotReadError, or BlockedError when there is none."""
    if isinstance(world.remote, Unread):
        raise CannotReadError(world.remote.because, world.remote.advice)
    last = previous(world, config)
    if last is None:
        raise BlockedError("The remote has no release yet.", "Make one: inv release")
    version, tag = last
    record = world.record
    subject = (
        record.subject
        if isinstance(record, Record) and record.subject and record.subject.tag == tag
        else None
    )
    commit = world.remote.tags[tag]
    if subject:
        return Release.of(subject, world.environment, is_package=config.target is not None)
    return Release(
        config.app.name,
        world.environment,
        commit,
        None,
        None,
        version,
        tag,
        commit,
        is_package=config.target is not None,
    )
