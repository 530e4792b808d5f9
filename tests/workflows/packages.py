"""The npm packages of this folder, installed on first use, and the Node that runs them."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

from release.systems.npm.node import node

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
STAMP = MODULES / ".installed"


def installed() -> Path:
    """The Node to use, once the packages of package-lock.json are in node_modules. One process installs, others wait."""
    found = node(os.environ)
    wanted = (HERE / "package-lock.json").read_text("utf-8")
    with (HERE / ".npmrc").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (STAMP.is_file() and STAMP.read_text("utf-8") == wanted):
            _install(found)
            STAMP.write_text(wanted, "utf-8")
    return found


def _install(found: Path) -> None:
    environ = {**os.environ, "PATH": f"{found.parent}:{os.environ.get('PATH', '')}"}
    command = ["npm", "ci", "--ignore-scripts", "--no-progress"]
    done = subprocess.run(command, cwd=HERE, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
