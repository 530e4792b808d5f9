"""A release is killed while a deploy command that it has started goes on writing."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from release.run.lock import LONGEST_WRITE
from release.testing import Recorder
from release.testing.monorepo import CONFIG
from tests.faults.cases import judged, unbroken, watched
from tests.faults.children import PATIENCE, Child, Commanding, marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from werkzeug.wrappers import Request, Response

    from tests.faults.watch import Asked, Watch

    Noted = Callable[[str, object], None]

ROOT = Path(__file__).parents[2]
COMMAND = f"deploy = {json.dumps([sys.executable, '-m', 'tests.faults.deploy_command'])}\n"
OWN = CONFIG.replace('path = "apps/mcp"\n', f'path = "apps/mcp"\n{COMMAND}')
OWN = OWN.replace('path = "apps/cms"\n', f'path = "apps/cms"\n{COMMAND}')
LAST = "POST double-mcp-production/subdomain #0"


class Held:
    """Kills the release alone when its deploy command uploads, and lets the command go on only when told to."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.go, self.ended = threading.Event(), threading.Event()

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Kill, and wait."""
        if str(asked) == "POST double-mcp-production/versions #0" and not self.go.is_set():
            request.get_data()
            self.child.kill()
            assert self.go.wait(PATIENCE)
        return None

    def after(self, asked: Asked, response: Response) -> Response:
        """Note the command's last request."""
        if str(asked) == LAST:
            self.ended.set()
        return response


class Told(Recorder):
    """Hears that a run waits."""

    def __init__(self, held: Held) -> None:
        super().__init__()
        self.held = held

    def line(self, text: str) -> None:
        """Let the orphan go on as soon as somebody waits for it."""
        super().line(text)
        if "has not ended yet" in text:
            self.held.go.set()


def test_an_orphan_of_the_same_checkout_is_waited_for(tmp_path: Path, record_property: Noted) -> None:
    with orphaned(tmp_path / "world") as (watch, held):
        world, told = watch.world, Told(held)
        outcome = world.release(gate=lambda preview: marked(world.folder, preview), listener=told)
        assert (outcome.exit_code, held.ended.is_set()) == (0, True), outcome
        assert any("has not ended yet" in line for line in told.lines)
        whole = unbroken(tmp_path / "unbroken", config=OWN)
        counted(record_property, judged(watch, whole, world.root))
        assert uploads(watch) == 1  # the orphan's was seen, and not made again


def test_an_orphan_elsewhere_is_outlived_before_its_lock_is_taken(
    tmp_path: Path, record_property: Noted
) -> None:
    with orphaned(tmp_path / "world") as (watch, held):
        world = watch.world
        other, began = world.clone(), world.clock.now()

        def meanwhile(_: float) -> None:
            held.go.set()
            assert held.ended.wait(PATIENCE)
            world.clock.advance(60)

        world.clock.on_sleep = meanwhile
        outcome = world.release(root=other, gate=lambda preview: marked(world.folder, preview))
        assert outcome.exit_code == 0, outcome
        assert world.clock.now() - began > LONGEST_WRITE
        whole = unbroken(tmp_path / "unbroken", config=OWN)
        counted(record_property, judged(watch, whole, other))
        assert uploads(watch) == 1


@contextmanager
def orphaned(folder: Path) -> Iterator[tuple[Watch, Held]]:
    """A world whose release was killed, and whose deploy command still runs."""
    with watched(folder, config=OWN, over_http=False) as watch:
        world = watch.world
        world.environ["PYTHONPATH"] = str(ROOT)
        child = Child(world, world.root, Commanding)
        held = Held(child)
        watch.fault = held
        child.start()
        try:
            assert child.wait() == -9
            yield watch, held
        finally:
            held.go.set()


def uploads(watch: Watch) -> int:
    """How many versions of mcp were uploaded since the scene opened."""
    return sum(str(one.asked).startswith("POST double-mcp-production/versions") for one in watch.written)


def counted(record_property: Noted, faults: list[str]) -> None:
    """One case more."""
    record_property("figure: fault cases run", 1)
    record_property("figure: fault cases converged", int(not faults))
    assert not faults, faults
