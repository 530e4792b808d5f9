"""Leaves the work tree as it was, or at the release that it made."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from release.bump import bump
from release.errors import ReleaseError
from release.model import Base, Checkout
from release.ops.perform import write_files

if TYPE_CHECKING:
    from release.model import Release, World
    from release.ops import Ops


def restore(ops: Ops, world: World) -> None:
    """Put back the files of the base where a bump lies in the work tree; other files are not touched."""
    if not isinstance(world.base, Base):
        return
    now = {path: (ops.root / path).read_bytes() for path in world.base.files if (ops.root / path).is_file()}
    write_files(
        ops.root, {path: text for path, text in world.base.files.items() if path in now and now[path] != text}
    )


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
        ops.git.store(made.objects)
        write_files(ops.root, made.files)
        ops.git.follow(release.commit)
    except ReleaseError:
        restore(ops, world)


def catch_up(ops: Ops, world: World, release: Release) -> None:
    """Follow where exactly the release's bump lies in a checkout of its base: a run was killed before it followed."""
    base, checkout = world.base, world.checkout
    if not isinstance(base, Base) or not isinstance(checkout, Checkout) or base.commit != release.base:
        return
    with contextlib.suppress(ReleaseError):
        made = bump(base, release.version, release.tag, ops.config.app, ops.config.identity)
        if made.files and dict(checkout.files) == {**base.files, **made.files}:
            follow(ops, world, release)
