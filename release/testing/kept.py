"""Scenes that were opened before in this process, as files in memory: a double opens from one in a fraction of the time."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from release.rehearsal.cloud.state import ACCOUNT_FILE, Account

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping

    from release.rehearsal.cloud.envelope import Write
    from release.testing.double import Double

MOST = 8  # scenes that are kept
PARTS = ("forge", "cloud", "checkout")


@dataclass(frozen=True)
class Entry:
    """A folder (no content), a file, or a symbolic link (its content is where it points), below a double's folder."""

    path: str
    mode: int
    content: bytes | None
    is_link: bool = False


@dataclass(frozen=True)
class Kept:
    """All that a double holds when its scene is set, but what is its own: folder, ports and clock."""

    url: str
    entries: tuple[Entry, ...]
    databases: Mapping[str, bytes]
    writes: tuple[Write, ...]
    made: int

    @classmethod
    def of(cls, world: Double) -> Kept:
        """What a double holds now."""
        return cls(
            world.remote_url,
            tuple(entry for part in PARTS for entry in _entries(world.folder, world.folder / part)),
            world.runtime.contents(),
            world.cloud.log,
            world.made,
        )

    def lay(self, folder: Path) -> None:
        """Write the files, before the double is made that stands on them."""
        for entry in self.entries:
            path = folder / entry.path
            if entry.content is None:
                path.mkdir(parents=True, exist_ok=True)
            elif entry.is_link:
                path.symlink_to(os.fsdecode(entry.content))
                continue
            else:
                path.write_bytes(entry.content)
            path.chmod(entry.mode)

    def enter(self, world: Double) -> None:
        """Give a double that was started what is in no file, and its own address to its checkout."""
        world.runtime.fill(self.databases)
        world.cloud.api.log.extend(self.writes)
        config = world.root / ".git" / "config"
        config.write_text(config.read_text("utf-8").replace(self.url, world.remote_url), "utf-8")


_KEPT: OrderedDict[Hashable, Kept] = OrderedDict()


def find(scene: Hashable) -> Kept | None:
    """The scene, if it was opened before and is still kept."""
    if scene in _KEPT:
        _KEPT.move_to_end(scene)
    return _KEPT.get(scene)


def keep(scene: Hashable, kept: Kept) -> None:
    """Keep a scene, and forget the one that was not asked for longest."""
    _KEPT[scene] = kept
    while len(_KEPT) > MOST:
        _KEPT.popitem(last=False)


def _entries(folder: Path, part: Path) -> Iterator[Entry]:
    for at, below, files in os.walk(part):
        here = Path(at)
        yield Entry(str(here.relative_to(folder)), here.stat().st_mode & 0o777, None)
        for name in (*below, *files):
            path, told = here / name, str((here / name).relative_to(folder))
            if path.is_symlink():
                yield Entry(told, 0, os.fsencode(path.readlink()), is_link=True)
            elif name in files:
                yield Entry(told, path.stat().st_mode & 0o777, _content(path))


def _content(path: Path) -> bytes:
    """A file's bytes; of the account without the ports, which are the world's own."""
    content = path.read_bytes()
    if path.name != ACCOUNT_FILE:
        return content
    account = msgspec.json.decode(content, type=Account)
    return msgspec.json.encode(msgspec.structs.replace(account, ports={}))
