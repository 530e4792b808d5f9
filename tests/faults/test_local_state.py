"""The folder `.release/` of a checkout: unwritable, torn, full, or used by two runs at once."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from release.errors import BlockedError
from release.run.journal import FILE, entries
from release.testing import Recorder
from tests.faults.cases import judged, unbroken, watched
from tests.faults.children import PATIENCE, Child

if TYPE_CHECKING:
    from pathlib import Path

    from release.testing import Double


def test_a_file_in_the_folders_place_blocks_before_anything_is_written(double: Double) -> None:
    (double.root / ".release").write_text("in the way")
    before = (len(double.cloud.log), len(double.forge.log))
    with pytest.raises(BlockedError, match="cannot be written") as raised:
        double.release()
    assert raised.value.exit_code == 4
    assert "make the folder writable" in raised.value.advice
    assert (len(double.cloud.log), len(double.forge.log)) == before


@pytest.mark.parametrize("name", ["journal.ndjson", "lock"])
def test_a_folder_in_a_files_place_blocks_before_anything_is_written(name: str, double: Double) -> None:
    (double.root / ".release" / name).mkdir(parents=True)
    before = len(double.cloud.log)
    with pytest.raises(BlockedError, match="cannot be written"):
        double.release()
    assert len(double.cloud.log) == before


def test_a_plan_needs_no_journal(double: Double) -> None:
    (double.root / ".release" / "journal.ndjson").mkdir(parents=True)
    assert double.plan().outcome == "planned"


class Spoiling(Recorder):
    """Makes the journal unwritable when a step starts, as a disk that fills up."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def started(self, step: str) -> None:
        """Put something in its way."""
        super().started(step)
        if step == "deploy mcp":
            (self.folder / "journal.ndjson").unlink()
            (self.folder / "journal.ndjson").mkdir()


def test_a_journal_that_breaks_half_way_does_not_stop_a_release(double: Double) -> None:
    outcome = double.release(listener=Spoiling(double.root / ".release"))
    assert (outcome.outcome, outcome.exit_code) == ("released", 0)


@pytest.mark.parametrize(
    "torn", [b'{"at": 1, "event": "sta', b"\x00" * 4096, b"[" * 100_000 + b"\n", b'\xff\xfe{"a"\n']
)
def test_a_torn_journal_is_read_as_far_as_it_is_whole_and_written_on(torn: bytes, double: Double) -> None:
    path = double.root / FILE
    path.parent.mkdir()
    path.write_bytes(b'{"event": "planned", "run": "before"}\n' + torn)
    assert double.release().outcome == "released"
    found = entries(double.root)
    assert found[0]["run"] == "before"
    assert found[-1]["event"] == "ended"
    assert any(entry["event"] == "planned" and entry["run"] != "before" for entry in found)


def test_two_processes_at_once_release_once(tmp_path: Path) -> None:
    with watched(tmp_path / "world") as watch:
        world = watch.world
        children = [Child(world, world.root) for _ in range(2)]
        for child in children:
            child.start()
        codes = sorted(child.wait() or 0 for child in children)
        assert codes in ([0, 0], [0, 5])
        assert judged(watch, unbroken(tmp_path / "unbroken"), world.root) == []


def test_a_run_waits_for_the_other_in_its_checkout_and_says_so(double: Double) -> None:
    import fcntl

    folder = double.root / ".release"
    folder.mkdir()
    held = os.open(folder / "lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    told, ended = Recorder(), threading.Event()

    def release() -> None:
        double.release(listener=told)
        ended.set()

    thread = threading.Thread(target=release)
    told.line = lambda text: os.close(held) if "has not ended yet" in text else None  # type: ignore[method-assign]
    thread.start()
    assert ended.wait(PATIENCE)
    thread.join()
    assert told.outcome is not None
    assert told.outcome.outcome == "released"
