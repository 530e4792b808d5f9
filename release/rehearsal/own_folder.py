"""The folder of one rehearsal: gone behind it, whatever ended it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def own_folder(root: Path) -> Iterator[Path]:
    """Where a stage of the block's own may lie, below the repository in `root`; what lies beside it goes too."""
    folder = root / ".release" / "rehearsal" / uuid4().hex[:8]
    try:
        yield folder
    finally:
        for path in folder.parent.glob(f"{folder.name}*"):  # what a host that was killed left behind
            with suppress(
                OSError
            ):  # a signal in the middle of it leaves rmtree with a folder that it closed already
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
