"""One case: a release in which one write goes wrong, then the same command again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

import httpx

from release.errors import NOTHING
from release.rehearsal.cloud.statements import Statement
from release.run.lock import LONGEST_WRITE
from release.systems.git import client as git
from release.systems.web.http import Http
from release.testing import ApiWrangler, double
from release.testing.monorepo import CONFIG, MIGRATIONS
from release.testing.npm import HttpNpm
from tests.faults import invariants
from tests.faults.breaking import Killing, Silent
from tests.faults.children import Child, Faraway, marked
from tests.faults.snapshot import DATABASE
from tests.faults.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.model.outcome import Outcome
    from release.testing import Double
    from tests.faults.breaking import Breaking
    from tests.faults.snapshot import Snapshot
    from tests.faults.watch import Rules, Written

Scene = Callable[["Double"], None]
TESTS = 'commands = [{ run = ["touch", "../tested"] }]'
SHORT = 1.5  # seconds of patience with a server that is silent on purpose; a busy machine has others answer in one


@dataclass(frozen=True)
class Command:
    """What is run, here or in a child that can be killed; where its record lies, what must hold, and on which files."""

    release: Callable[[Double, Path], Outcome]
    child: type[Faraway] = Faraway
    environment: str = "production"
    rules: Rules = invariants.broken
    overlay: Mapping[str, bytes | str] = field(default_factory=dict)


@dataclass(frozen=True)
class Unbroken:
    """A whole run in which nothing went wrong: its writes, and its end."""

    writes: tuple[Written, ...]
    end: Snapshot
    scene: Scene
    command: Command


@dataclass(frozen=True)
class Ended:
    """How a case ended: what was wrong with it, nothing when it converged."""

    name: str
    faults: tuple[str, ...]

    def __str__(self) -> str:
        """For a failed assertion."""
        return "\n  ".join((self.name, *self.faults))


def as_it_is(world: Double) -> None:
    """The scene of a double: a release, a migration that is pending, a commit to ship."""
    del world


def without_ledger(world: Double) -> None:
    """The same, but production was migrated at run time: its schema is right, and no ledger says so."""
    world.runtime.d1(DATABASE, (Statement("DROP TABLE d1_migrations"),))


def with_contract(world: Double) -> None:
    """The same, with a migration that only the new version can live with."""
    world.commit(
        {f"{MIGRATIONS}/0004_drops.sql": "-- release: after-deploy\nALTER TABLE pages DROP COLUMN title;\n"}
    )


@contextmanager
def watched(
    folder: Path,
    *,
    over_http: bool = True,
    scene: Scene = as_it_is,
    config: str = CONFIG,
    command: Command | None = None,
) -> Iterator[Watch]:
    """A double under watch, in a folder of its own. That its tests ran can be seen from outside."""
    folder.mkdir()
    command = command or RELEASE
    overlay = {
        "pyproject.toml": config.replace('commands = [{ run = ["true"] }]', TESTS),
        **command.overlay,
    }
    with double(folder, remote="http" if over_http else "file", overlay=overlay) as world:
        scene(world)
        yield Watch(world, environment=command.environment, rules=command.rules)


def unbroken(
    folder: Path, scene: Scene = as_it_is, config: str = CONFIG, command: Command | None = None
) -> Unbroken:
    """Release once, and see what the servers saw."""
    command = command or RELEASE
    with watched(folder, scene=scene, config=config, command=command) as watch:
        outcome = command.release(watch.world, watch.world.root)
        assert outcome.exit_code == 0, outcome
        assert (watch.broken, tree(watch.world, watch.world.root)) == ([], "")
        return Unbroken(tuple(watch.written), watch.look(), scene, command)


def carry_out(
    folder: Path, whole: Unbroken, written: Written, kind: type[Breaking], *, elsewhere: bool
) -> Ended:
    """Run one case. `elsewhere`: the second command comes from another clone, which has only the remote to know from."""
    name = f"{kind.__name__} at {written.asked}{', then elsewhere' if elsewhere else ''}"
    command, over_http = whole.command, written.asked.is_push
    with watched(folder, over_http=over_http, scene=whole.scene, command=command) as watch:
        world = watch.world
        other = world.clone() if elsewhere else world.root
        first, faults = _break(watch, kind(written), command)
        faults += [f"after the break: {one}" for one in watch.broken]
        watch.broken.clear()
        if elsewhere:
            world.clock.advance(_lease(watch) + LONGEST_WRITE + 1)
        watch.again()
        outcome = command.release(world, other)
        if outcome.exit_code not in ((0, NOTHING) if first == 0 else (0,)):
            faults.append(
                f"the same command again ended {outcome.exit_code}: {outcome.failure or outcome.problems}"
            )
        faults += judged(watch, whole, other)
        return Ended(name, tuple(faults))


def judged(watch: Watch, whole: Unbroken, root: Path) -> list[str]:
    """What is not as in an unbroken run, and what did not hold on the way."""
    faults = invariants.unlike(whole.end, watch.look())
    faults += [f"in the end: {one}" for one in watch.broken]
    faults += invariants.overlapping(watch.moments)
    return faults + [f"the work tree differs: {one}" for one in tree(watch.world, root).splitlines()]


def release(world: Double, root: Path) -> Outcome:
    """`inv release --yes`, whose approval and tests can be seen from outside."""
    return world.release(root=root, gate=lambda preview: marked(world.folder, preview))


RELEASE = Command(release)


def tree(world: Double, root: Path) -> str:
    """What differs from HEAD in a checkout."""
    return world.git("status", "--porcelain", cwd=root)


def _break(watch: Watch, fault: Breaking, command: Command) -> tuple[int | None, list[str]]:
    """The first run, in which the fault strikes: its exit code (None: killed), and what was wrong with it."""
    world = watch.world
    watch.fault = fault
    try:
        if isinstance(fault, Killing):
            fault.child = Child(world, world.root, command.child)
            fault.child.start()
            fault.child.wait()
            return None, [] if fault.has_struck else ["the fault never struck"]
        with _impatient(is_needed=isinstance(fault, Silent)):
            outcome = command.release(world, world.root)
    finally:
        fault.over()
    faults = [] if fault.has_struck else ["the fault never struck"]
    if fault.is_outlasted:
        faults.append("the run had more patience than the server that is silent: a deadline is not kept")
    if tree(world, world.root):
        faults.append(f"the failed run left {tree(world, world.root)}")
    return outcome.exit_code, faults + _promises(watch, outcome)


def _promises(watch: Watch, outcome: Outcome) -> list[str]:
    """What the outcome says must be so."""
    parts = invariants.changed(watch.opening, watch.look())
    if outcome.exit_code == 1 and set(parts) - {"record"}:
        return [f"it said that nothing is changed: {parts}"]
    return []


def _lease(watch: Watch) -> float:
    record: Mapping[str, float] = watch.look().record or {}
    return max(0.0, record.get("lease_until", 0.0) - watch.world.clock.now())


@contextmanager
def _impatient(*, is_needed: bool) -> Iterator[None]:
    """Deadlines that a test can wait for."""
    if not is_needed:
        yield
        return

    def client(self: ApiWrangler | HttpNpm) -> httpx.Client:
        return httpx.Client(headers=self._headers, verify=False, trust_env=False, timeout=SHORT)

    with (
        patch.dict(Http.send.__kwdefaults__, {"timeout": SHORT}),
        patch.object(git, "DEADLINE", 2 * SHORT),
        patch.object(ApiWrangler, "_client", client),
        patch.object(HttpNpm, "_client", client),
    ):
        yield
