"""A world to release in, for the tests of this tool and of its plugins.

    from release.testing import plugged, recorded

    def test_my_check_is_silent_on_mondays():
        assert recorded().find(NoFridays("monday")) == ()

    def test_my_plugin_lets_a_release_pass(tmp_path):
        with plugged(tmp_path, ["plugins/mine.py"]) as world:
            assert world.release(bump="patch").outcome == "released"

All of it runs in the test's own process, listens on loopback only, and needs neither Node nor a network.
"""

from __future__ import annotations

from release.testing.clock import MONDAY, FakeClock
from release.testing.double import Double, approve
from release.testing.monorepo import CONFIG, NewCommit, files, work
from release.testing.plugged import monorepo, plugged, with_plugins
from release.testing.receiver import Receiver, receiver
from release.testing.recorded import Recorded, recorded
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
    "Receiver",
    "Recorded",
    "Recorder",
    "approve",
    "double",
    "files",
    "monorepo",
    "plugged",
    "receiver",
    "recorded",
    "with_plugins",
    "work",
]
