"""A release in a process of its own, on the servers of this one: something that can be killed."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import connection, get_context
from pathlib import Path
from typing import TYPE_CHECKING

from release.config import load
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.ops import expect
from release.testing import ApiWrangler, Double, FakeClock, approve
from release.testing.double import DATABASES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.context import ForkServerContext
    from multiprocessing.process import BaseProcess

    from release.config import Config
    from release.model.migrating import ApplyMigrations
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.systems.ops import Ops, Perform

PATIENCE = 60.0  # seconds until a test gives up; nothing is measured by it


class Faraway(Double):
    """A double whose servers run in another process."""

    def __init__(self, root: Path, environ: dict[str, str], now: float) -> None:
        self.root = root
        self.folder = root.parent
        self.environ = environ
        self.clock = FakeClock(now)


class Commanding(Faraway):
    """One whose workers have a deploy command of their own: it runs as a program, and may outlive its release."""

    def connect(
        self,
        config: Config,
        name: str,
        environ: Mapping[str, str] | None = None,
        *,
        perform: Perform = expect,
    ) -> Ops:
        """As ever, with the wrangler that starts programs."""
        ops = super().connect(config, name, environ, perform=perform)
        return replace(ops, wrangler=Programs(config.root, ops.environ, ops.mask))


class Programs(Wrangler):
    """Deploys with programs; migrates without one."""

    def migrate(
        self, folder: str, environment: str, effect: ApplyMigrations, tell: Callable[[str], None]
    ) -> None:
        """As a double does."""
        ApiWrangler(load(self._root), self._environ, DATABASES).migrate(folder, environment, effect, tell)


@dataclass
class Child:
    """A release that runs in a process which leads its own group."""

    world: Double
    root: Path
    kind: type[Faraway] = Faraway
    process: BaseProcess = field(init=False)

    def start(self) -> None:
        """Run."""
        now = self.world.clock.now()
        self.process = _context().Process(
            target=run,
            args=(self.kind, str(self.root), str(self.world.folder), self.world.environ, now),
            daemon=True,
        )
        self.process.start()

    def wait(self) -> int | None:
        """Wait for its end; the exit code, negative for a signal."""
        self.process.join(PATIENCE)
        return self.process.exitcode

    def kill(self) -> None:
        """SIGKILL for it alone: what it has started lives on."""
        self._end(())

    def kill_all(self) -> None:
        """SIGKILL for it and all that it has started, as when a CI job is cancelled."""
        self._end(descendants(self._pid))

    @property
    def _pid(self) -> int:
        pid = self.process.pid
        assert pid is not None
        return pid

    def _end(self, others: tuple[int, ...]) -> None:
        end(self._pid, *others)
        connection.wait([self.process.sentinel], PATIENCE)


def run(kind: type[Faraway], root: str, folder: str, environ: dict[str, str], now: float) -> None:
    """What the child does: `inv release --yes`. It ends with the exit code of the release."""
    os.setsid()
    world = kind(Path(root), environ, now)
    outcome = world.release(gate=lambda preview: marked(Path(folder), preview))
    raise SystemExit(outcome.exit_code)


def marked(folder: Path, preview: Preview) -> Granted:
    """Everybody agrees, and it can be seen from outside."""
    (folder / "approved").touch()
    return approve(preview)


def end(*pids: int) -> None:
    """SIGKILL for each that still runs."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> tuple[int, ...]:
    """The processes that a process and its children have started and that still run."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, ahead = [], [pid]
    while ahead:
        parent = ahead.pop()
        below = [child for child, of in parents.items() if of == parent]
        found += below
        ahead += below
    return tuple(found)


@cache
def _context() -> ForkServerContext:
    """Children are forked from a server that has imported everything: they start in milliseconds."""
    context = get_context("forkserver")
    context.set_forkserver_preload(
        ["release.testing", "release.run.release", "httpx", "apsw", "tests.faults.children"]
    )
    return context
