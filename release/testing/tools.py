"""What a double has in the place of Node and wrangler: files that are found, and never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NODE = "#!/bin/sh\necho v24.0.0\n"


def put_node(folder: Path) -> Path:
    """Make `folder` with a `node` and an `npm` that only tell a version; for PATH."""
    folder.mkdir(exist_ok=True)
    for name in ("node", "npm"):
        (folder / name).write_text(_NODE, "utf-8")
        (folder / name).chmod(0o755)
    return folder


def put_wrangler(root: Path) -> None:
    """Make the file by which wrangler is found, in the checkout's node_modules, which git ignores."""
    cli = root / "node_modules" / "wrangler" / "wrangler-dist" / "cli.js"
    cli.parent.mkdir(parents=True, exist_ok=True)
    cli.write_text("throw new Error('a double runs no wrangler');\n", "utf-8")
