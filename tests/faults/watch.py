"""Stands before and behind the servers: numbers their requests, breaks the chosen one, and looks after each write."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from release.rehearsal.cloud.memory_runtime import well_behaved
from tests.faults import invariants
from tests.faults.snapshot import SCRIPTS, Reader

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.memory_runtime import LoadedVersion
    from release.testing import Double
    from tests.faults.snapshot import Snapshot

SHOWN = 40
Rules = Callable[["Snapshot", "Snapshot"], list[str]]


@dataclass(frozen=True)
class Asked:
    """A request as one knows it again in another run: `number` counts those that look alike, from 0."""

    system: str
    method: str
    path: str
    text: str
    number: int

    def __str__(self) -> str:
        said = f" {self.text}" if self.text else ""
        return f"{self.method} {self.path.removeprefix('/workers/scripts/')}{said} #{self.number}"

    @property
    def is_push(self) -> bool:
        """Whether git made it."""
        return self.path.endswith("git-receive-pack")


@dataclass(frozen=True)
class Written:
    """A request that changed something, and the answer that it got."""

    asked: Asked
    status: int
    kind: str
    body: bytes


class Fault(Protocol):
    """What is done to one request."""

    def before(self, asked: Asked, request: Request) -> Response | None:
        """Act before it is handled."""
        ...

    def after(self, asked: Asked, response: Response) -> Response:
        """Act when it has been handled."""
        ...


@dataclass
class Watch:
    """The eyes of a test on a double. `moments` grows by a snapshot after each write, `broken` by what does not hold."""

    world: Double
    written: list[Written] = field(default_factory=list)
    moments: list[Snapshot] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    fault: Fault | None = None
    environment: str = "production"
    rules: Rules = invariants.broken

    def __post_init__(self) -> None:
        """Look once, then stand at every door."""
        self._guard = threading.RLock()
        self._seen: Counter[tuple[str, ...]] = Counter()
        self.reader = Reader(self.world, f"refs/release/{self.environment}")
        world = self.world
        world.runtime.behaviour[SCRIPTS[-1]] = self._answered
        self.opening = self.reader.snapshot()
        self.moments.append(self.opening)
        world.cloud.before = lambda request: self._before("cloudflare", request)
        world.cloud.after = self._after
        world.forge.before = lambda request: self._before("forge", request)
        world.forge.after = self._after
        world.registry.before = lambda request: self._before("npm", request)
        world.registry.after = self._after

    def again(self) -> None:
        """Count from 0 again, for another run; nothing is broken in it."""
        with self._guard:
            self._seen.clear()
            self.fault = None

    def look(self) -> Snapshot:
        """A moment between runs, held to the invariants too."""
        with self._guard:
            now = self.reader.snapshot()
            self.moments.append(now)
            self.broken += self.rules(self.opening, now)
            return now

    def _before(self, system: str, request: Request) -> Response | None:
        path, text = request.path, ""
        account = f"/client/v4/accounts/{self.world.cloud.account_id}"
        if path.endswith("/query"):
            text = " ".join(json.loads(request.get_data())["sql"].split())[:SHOWN]
        name = (system, request.method, path.removeprefix(account), text)
        with self._guard:
            asked = Asked(*name, self._seen[name])
            self._seen[name] += 1
        request.environ["faults.asked"] = asked
        request.environ["faults.pushes"] = len(self.world.forge.log)
        request.environ["faults.packages"] = len(self.world.registry.writes)
        return self.fault.before(asked, request) if self.fault else None

    def _after(self, request: Request, response: Response) -> Response:
        asked: Asked = request.environ["faults.asked"]
        with self._guard:
            if self._is_write(request):
                body = response.get_data()
                self.written.append(Written(asked, response.status_code, response.content_type or "", body))
                now = self.look()
                if not asked.is_push:
                    self.broken += [f"{asked}: {one}" for one in invariants.unlocked(now)]
        return self.fault.after(asked, response) if self.fault else response

    def _is_write(self, request: Request) -> bool:
        """Whether the server that had it says so in its own log."""
        if request.environ["faults.asked"].system == "cloudflare":
            return "cloud.write" in request.environ
        if request.environ["faults.asked"].system == "npm":
            return len(self.world.registry.writes) > int(request.environ["faults.packages"])
        grew = len(self.world.forge.log) > request.environ["faults.pushes"]
        return grew and request.method == "POST" and not request.path.endswith("git-upload-pack")

    def _answered(self, loaded: LoadedVersion, request: Request) -> Response:
        response = well_behaved(loaded, request)
        if request.path == "/api/health":
            self.reader.answers.add((loaded.number, loaded.variables.get("COMMIT_SHA", "")))
        return response
