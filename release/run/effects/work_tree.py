"""Leaves the work tree as it was, or at the release that it made."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from release.errors import ReleaseError
from release.model.bump import bump
from release.model.repository import Base, Checkout
from release.run.effects.perform import write_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.model.release import Release
    from release.model.world import World
    from release.systems.ops import Ops


def restore(ops: Ops, world: World, release: Release | None) -> None:
    """Put back the files of the base where this release's bump lies in the work tree; whatever else lies there is kept."""
    base = world.base
    if release is None or not isinstance(base, Base) or base.commit != release.base:
        return
    lies = {path for path, text in _bumped(ops, base, release).items() if _content(ops, path) == text}
    write_files(ops.root, {path: base.files[path] for path in lies})


def _bumped(ops: Ops, base: Base, release: Release) -> Mapping[str, bytes]:
    """The files that the release's bump changes, as it leaves them."""
    if release.files or release.commit == release.base:
        return release.files
    try:
        return bump(base, release.version, release.tag, ops.config.app, ops.config.identity).files
    except ReleaseError:
        return {}


def _content(ops: Ops, path: str) -> bytes | None:
    try:
        return (ops.root / path).read_bytes()
    except OSError:
        return None


def follow(ops: Ops, world: World, release: Release) -> None:
    """Move a checkout of the base to the bump commit, so that it is clean and holds the new version."""
    if (
        not isinstance(world.base, Base)
        or not isinstance(world.checkout, Checkout)
        or world.base.commit != release.base
    ):
        return
    try:
        made = bump(world.base, release.version, release.tag, ops.config.app, ops.config.identity)
        if made.commit != release.commit:
            return
        if any(
            _content(ops, path) not in {text, world.base.files[path]} for path, text in made.files.items()
        ):
            return  # somebody is at work on them
        ops.git.store(made.objects)
        write_files(ops.root, made.files)
        ops.git.follow(release.commit)
    except ReleaseError:
        restore(ops, world, release)


def catch_up(ops: Ops, world: World, release: Release) -> None:
    """Follow where exactly the release's bump lies in a checkout of its base: a run was killed before it followed."""
    base, checkout = world.base, world.checkout
    if not isinstance(base, Base) or not isinstance(checkout, Checkout) or base.commit != release.base:
        return
    with contextlib.suppress(ReleaseError):
        made = bump(base, release.version, release.tag, ops.config.app, ops.config.identity)
        if made.files and dict(checkout.files) == {**base.files, **made.files}:
            follow(ops, world, release)
