"""The notes of a package's Release: the commits that change something in its folder, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from release.errors import ReleaseError
from release.formats.markdown import escaped
from release.model.bump import TRAILER
from release.model.repository import Remote
from release.systems.git.folders import changing, have

if TYPE_CHECKING:
    from release.model.release import Release
    from release.model.world import World
    from release.systems.ops import Ops

SHORT = 7


def package_notes(ops: Ops, release: Release, world: World) -> str | None:
    """Markdown; None leaves it to GitHub: no package, its first release, or a history that cannot be read here.

    GitHub's own notes tell of everything that was merged since the previous tag, whatever it changed.
    """
    target, before = ops.config.target, release.previous_tag
    tags = world.remote.tags if isinstance(world.remote, Remote) else {}
    if target is None or before is None or before not in tags:
        return None
    try:
        have(ops.git, before, tags[before])
        if ops.git.object(release.base) is None:
            ops.git.fetch(release.base)
        since = ops.git.log([release.base], [tags[before]], trailer=TRAILER)
        commits = changing(ops.git, target.folder, since, tags[before])
    except ReleaseError:
        return None
    lines = [f"* {escaped(one.subject)} ({one.sha[:SHORT]})" for one in commits]
    address = ops.github.page(f"/compare/{quote(before, safe='')}...{quote(release.tag, safe='')}")
    return "\n".join(["## What's changed", "", *lines, "", f"**Full changelog**: {address}", ""])
