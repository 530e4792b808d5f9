"""Real wranglers of every age, each installed once for all workers of a session; and the tool's own clients for one of them."""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import TYPE_CHECKING

from tests.contract.cloud_account import ACCOUNT, TOKEN, node, node_modules

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.cloud_account import Account

PINNED = "4.156.0"  # the example's own
BEFORE_PATTERNS = "4.86.0"  # knows no migrations_pattern


def put(folder: Path, *packages: str) -> Path:
    """A folder with these packages, installed by npm when they are missing; one process installs, others wait."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            words = ("install", "--ignore-scripts", "--no-audit", "--no-fund", *packages)
            (folder / "package.json").write_text("{}")
            environ = {**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}"}
            command = [str(node()), str(npm), *words]
            subprocess.run(command, cwd=folder, check=True, env=environ, capture_output=True)
            (folder / "done").touch()
    return folder


def wrangler_of(base: Path, version: str) -> Path:
    """The folder whose node_modules hold the wrangler of this version."""
    return (
        node_modules().parent
        if version == PINNED
        else put(base / f"wrangler-{version}", f"wrangler@{version}")
    )


def environment(account: Account, home: Path) -> dict[str, str]:
    """What the tool's own clients need to reach a local account, and nothing of a stage."""
    return {
        "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "CLOUDFLARE_API_BASE_URL": account.cloud.base_url,
        "CLOUDFLARE_API_TOKEN": TOKEN,
        "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
    }
