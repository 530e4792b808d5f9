"""The outside world in memory: one remote, one Cloudflare account, one GitHub, one clock; and what goes wrong there.

Every write of every run goes through `Outside.write`, so a fault, somebody else's move or the invariants can be
placed at each of them.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from release.errors import CannotReadError, EffectError
from release.testing import FakeClock
from tests.faults.interleaving_git import MAIN, copy, history, peeled

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from tests.faults.interleaving_git import Objects

Fault = Literal["refused", "dropped", "lied", "killed", "killed after", "orphaned"]
FAULTS: tuple[Fault, ...] = ("refused", "dropped", "lied", "killed", "killed after", "orphaned")
ORPHAN_LIVES = 300.0  # seconds: wrangler gives up after 303


class Killed(BaseException):
    """The process is gone: nothing of it runs any more."""


@dataclass
class Actor:
    """One run of one program on one machine: the fault that meets its n-th write, and how many it made."""

    machine: str
    number: int = 0
    fault: Fault | None = None
    at: int = -1
    writes: list[str] = field(default_factory=list)
    asked: int = 0
    dead: bool = False


@dataclass(frozen=True)
class Version:
    """A version of a script: its marks, and what its bundle answers."""

    id: str
    tag: str | None
    message: str | None
    number: str
    commit: str
    good: bool = True


@dataclass
class Script:
    """A script's versions, and its deployments (version id, message), newest last."""

    versions: dict[str, Version] = field(default_factory=dict)
    deployments: list[tuple[str, str]] = field(default_factory=list)

    @property
    def serving(self) -> Version | None:
        """What has all the traffic."""
        return self.versions[self.deployments[-1][0]] if self.deployments else None


@dataclass
class Remote:
    """A bare repository."""

    objects: Objects = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    protected: bool = False

    @property
    def tags(self) -> dict[str, str]:
        """Tag -> commit."""
        prefix = "refs/tags/"
        return {
            ref.removeprefix(prefix): peeled(self.objects, oid)
            for ref, oid in self.refs.items()
            if ref.startswith(prefix)
        }


@dataclass(frozen=True)
class Written:
    """A write that arrived, by whom, and what was deployed by it."""

    number: int
    machine: str
    system: str
    what: str


class Clock(FakeClock):
    """Time, in which orphans come to their end."""

    def __init__(self) -> None:
        super().__init__()
        self.passing: Callable[[], None] = lambda: None

    def advance(self, seconds: float) -> None:
        """Let time pass; whatever was to happen in it happens."""
        super().advance(seconds)
        self.passing()


class Outside:
    """Everything that the machines share. `watch` is called after each write that arrived."""

    bumped = ("apps/cms/package.json", "package-lock.json")

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.passing = self._bury
        self.remote = Remote()
        self.scripts: dict[str, Script] = {}
        self.databases: dict[str, sqlite3.Connection] = {}
        self.releases: set[str] = set()
        self.pulls: set[str] = set()
        self.sick = False
        self.down: set[str] = set()
        self.witnessed: set[tuple[str, str]] = set()
        self.log: list[Written] = []
        self.watch: Callable[[Written], None] = lambda _: None
        self.interrupt: Callable[[], None] | None = None
        self.guard = threading.RLock()
        self._orphans: list[tuple[str, float, Callable[[], object]]] = []
        self._actors = 0
        self._ids = 0

    def actor(self, machine: str, fault: Fault | None = None, at: int = -1) -> Actor:
        """A new run on a machine. A run waits for what an older one there left behind."""
        self.bury(machine)
        self._actors += 1
        return Actor(machine, self._actors, fault, at)

    def alive(self, actor: Actor) -> None:
        """A killed run does nothing more."""
        if actor.dead:
            raise Killed

    def read(self, actor: Actor, part: str) -> None:
        """A read of a part that may be down."""
        self.alive(actor)
        if part in self.down:
            raise CannotReadError(f"{part} does not answer", "Run the same command again.")

    def write(self, actor: Actor, system: str, what: str, apply: Callable[[], object]) -> bool:
        """A write, or the fault that meets it. Raises EffectError where it says that it failed; true when it arrived."""
        self.alive(actor)
        if system in self.down:
            raise EffectError(f"{system} does not answer")
        actor.asked += 1
        fault = actor.fault if actor.asked == actor.at else None
        if fault in {"killed", "orphaned"}:
            actor.dead = True
            if fault == "orphaned" and system == "cloudflare":
                due = self.clock.now() + ORPHAN_LIVES
                self._orphans.append((actor.machine, due, lambda: self._apply(actor, system, what, apply)))
            raise Killed
        if fault == "refused":
            raise EffectError(f"{system} refused it")
        if fault == "lied":
            return False
        self._apply(actor, system, what, apply)
        if fault == "killed after":
            actor.dead = True
            raise Killed
        if fault == "dropped":
            raise EffectError(f"{system}: the connection broke")
        return True

    def push(
        self, actor: Actor, objects: Objects, refspecs: Sequence[str], leases: Mapping[str, str]
    ) -> str | None:
        """An atomic push: why it was refused, None when it says that it was accepted."""
        halves = [spec.removeprefix("+").split(":", 1) for spec in refspecs]
        forced = {ref for spec, (_, ref) in zip(refspecs, halves, strict=True) if spec.startswith("+")}
        wanted = {ref: oid for oid, ref in halves}
        if self.interrupt is not None and MAIN in wanted:
            interrupt, self.interrupt = self.interrupt, None
            interrupt()
        try:
            self.alive(actor)
            for ref, oid in wanted.items():
                refused = self._refusal(objects, ref, oid, leases.get(ref), forced=ref in forced)
                if refused:
                    return refused

            def apply() -> None:
                copy(objects, self.remote.objects, wanted.values())
                self.remote.refs.update(wanted)

            self.write(actor, "remote", " ".join(wanted), apply)
        except EffectError as error:
            return error.what
        return None

    def fresh_id(self) -> str:
        """A version id that nobody has."""
        self._ids += 1
        return f"{self._ids:08x}-0000-4000-8000-{self._ids:012x}"

    def script(self, name: str) -> Script:
        """A script, which need not exist yet."""
        return self.scripts.setdefault(name, Script())

    def bury(self, machine: str | None = None) -> None:
        """What killed runs left behind (on one machine) does its last write now."""
        due = [one for one in self._orphans if machine in {None, one[0]}]
        self._orphans = [one for one in self._orphans if one not in due]
        for _, _, apply in due:
            apply()

    def _bury(self) -> None:
        now = self.clock.now()
        due = [one for one in self._orphans if one[1] <= now]
        self._orphans = [one for one in self._orphans if one[1] > now]
        for _, _, apply in due:
            apply()

    def _apply(self, actor: Actor, system: str, what: str, apply: Callable[[], object]) -> None:
        apply()
        actor.writes.append(what)
        self.log.append(Written(actor.number, actor.machine, system, what))
        self.watch(self.log[-1])

    def _refusal(
        self, objects: Objects, ref: str, oid: str, lease: str | None, *, forced: bool
    ) -> str | None:
        now = self.remote.refs.get(ref)
        if forced or now == oid:  # as in git: a "+" defeats a lease
            return None
        if lease is not None and (now or "") != lease:
            return f"! [rejected] {ref} (stale info)"
        if now is None or (lease is not None and ref != MAIN):
            return None
        if ref.startswith("refs/tags/"):
            return f"! [rejected] {ref} (already exists)"
        if self.remote.protected and ref == MAIN:
            return "remote: error: GH013: Repository rule violations found"
        if now not in history(objects, [oid]):
            return f"! [rejected] {ref} (fetch first)"
        return None
