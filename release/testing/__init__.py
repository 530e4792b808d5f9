"""A world to release in, for the tests of this tool and of its plugins.

    from release.testing import double

    def test_my_plugin_is_told(tmp_path):
        with double(tmp_path, overlay={"plugin.py": ..., "pyproject.toml": ...}) as world:
            assert world.release(bump="patch").outcome == "released"

All of it runs in the test's own process, listens on loopback only, and needs neither Node nor a network.
"""

from __future__ import annotations

from release.testing.clock import MONDAY, FakeClock
from release.testing.double import Double, approve
from release.testing.monorepo import CONFIG, NewCommit, files, work
from release.testing.recorder import Recorder
from release.testing.scene import double
from release.testing.wrangler import ApiWrangler

__all__ = [
    "CONFIG",
    "MONDAY",
    "ApiWrangler",
    "Double",
    "FakeClock",
    "NewCommit",
    "Recorder",
    "approve",
    "double",
    "files",
    "work",
]
