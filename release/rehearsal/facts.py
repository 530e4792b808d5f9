"""What a stage keeps between restarts, in a file that only its owner reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

FACTS = "stage.json"


class Facts(msgspec.Struct, kw_only=True):
    """What a stage keeps between restarts. Tokens are random and good for this stage alone."""

    account: str
    cloud_token: str
    forge_token: str
    last_tag: str
    ready: bool = False


def is_kept(folder: Path) -> bool:
    """Whether a stage was set up in this folder."""
    return (folder / FACTS).is_file()


def known(folder: Path) -> Facts:
    """The facts of the stage in this folder."""
    return msgspec.json.decode((folder / FACTS).read_bytes(), type=Facts)


def keep(folder: Path, facts: Facts) -> None:
    """Write them down."""
    path = folder / FACTS
    path.touch(mode=0o600)
    path.write_bytes(msgspec.json.encode(facts))
