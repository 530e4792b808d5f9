"""The runtime of a rehearsal: workerd, and its D1, inside one Node process that `host.mjs` describes."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import subprocess
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from release.rehearsal.cloud.process_group import end_group
from release.rehearsal.cloud.runtime import Result, RuntimeGoneError, ScriptError, SqlError
from release.rehearsal.cloud.workers import worker_name, workers
from release.rehearsal.last_words import last_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.rehearsal.cloud.statements import Statement
    from release.rehearsal.cloud.workers import Place

LOG = "host.log"
HOST_SCRIPT = Path(__file__).with_name("host.mjs")
_ANSWER_SECONDS = 60.0  # a slow machine starts workerd in three
_GOODBYE_SECONDS = 5.0
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "NODE_COMPILE_CACHE")
_STARTUP_ERROR = re.compile(r"service core:user:[^:]+: (?P<error>.*?)(?:\\n|\"|\n|$)")


class _RefusedError(Exception):
    """The host answered with an error."""


@dataclass
class _Host:
    """A running node process, its control lines, and the answers that are waited for."""

    process: subprocess.Popen[str]
    lines_in: IO[str]
    waiting: dict[int, Future[Any]] = field(default_factory=dict)
    ids: itertools.count[int] = field(default_factory=itertools.count)
    guard: threading.Lock = field(default_factory=threading.Lock)


class MiniflareRuntime:
    """Runs what an account serves in one workerd, which is replaced when that changes.

    An upload is loaded next to what already runs; requests that arrive while workerd is replaced are
    held, not refused. Node lives in a process group of its own, and ends itself when this process does.
    """

    def __init__(self, node: Path, node_modules: Path, directory: Path, compiled: Path | None = None) -> None:
        """Use this Node (>= 22) and the miniflare in `node_modules`; keep all state in `directory`.

        `compiled` is Node's compile cache, by default one in `directory`.
        """
        self.node = node
        self.compiled = compiled
        self.node_modules = node_modules
        self.directory = directory
        self._host: _Host | None = None
        self._workers: list[dict[str, Any]] = []  # what serves, and the newest upload
        self._loaded: list[dict[str, Any]] = []
        self._routes: dict[str, dict[str, Any]] = {}
        self._databases: list[str] = []
        self._ports: dict[str, int] = {}
        self._loading = threading.RLock()

    @property
    def process_group(self) -> int:
        """The id of the process group that holds node and workerd; 0 when nothing runs."""
        return self._host.process.pid if self._host else 0

    def start(self) -> None:
        """Start node and workerd with all that was noted. Raises RuntimeGoneError with the reason."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._host = self._spawn()
        try:
            for script, port in list(self._ports.items()):
                self._ports[script] = self._ask("port", script=script, wanted=port)
            self._load(self._workers, self._routes)
        except _RefusedError as refused:
            cause = last_words(0, self._log()).partition("\n")[2]
            raise RuntimeGoneError(f"{refused}\n{cause}".strip()) from refused

    def stop(self) -> None:
        """Let the host dispose of workerd, then end whatever is left of its group."""
        host, self._host = self._host, None
        if host is None:
            return
        with contextlib.suppress(OSError):
            host.lines_in.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            host.process.wait(_GOODBYE_SECONDS)
        self._end(host)

    def kill(self) -> None:
        """End node and workerd at once, as a crash of the machine would; the ports refuse from then on."""
        host, self._host = self._host, None
        if host is not None:
            self._end(host)

    def add_database(self, uuid: str) -> None:
        """Make an empty database, unless it exists."""
        with self._loading:
            if uuid in self._databases:
                return
            self._databases.append(uuid)
            if self._host:
                self._load(self._workers, self._routes)

    def run(self, place: Place) -> None:
        """Serve what the account serves. Raises ScriptError when workerd refuses it; what ran before runs on."""
        wanted = workers(place)
        routes = {
            name: {
                "home": place.home(name),
                "shares": [
                    [worker_name(name, share.version_id), share.percentage] for share in script.shares
                ],
            }
            for name, script in place.account.scripts.items()
            if script.shares
        }
        with self._loading:
            if self._host is None:
                self._workers, self._routes = wanted, routes
                return
            for name in place.account.scripts:
                self.port_for(name)
            try:
                if _runs_already(wanted, self._loaded):
                    self._ask("route", routes=routes)
                else:
                    self._load(wanted, routes)
            except _RefusedError as refused:
                raise ScriptError(_startup_error(str(refused))) from refused
            self._workers, self._routes = wanted, routes

    def d1(self, uuid: str, statements: Sequence[Statement]) -> tuple[Result, ...]:
        """Run the statements as one transaction in workerd's own D1. Raises SqlError."""
        if not statements:
            raise SqlError("No SQL statements detected.")
        texts = [{"sql": statement.sql, "params": statement.params} for statement in statements]
        try:
            answers = self._ask("d1", database=uuid, statements=texts)
        except _RefusedError as refused:
            raise SqlError(str(refused).removeprefix("D1_ERROR: ")) from refused
        return tuple(Result(tuple(answer["rows"]), answer["meta"]) for answer in answers)

    def port_for(self, script: str, wanted: int = 0) -> int:
        """Return the script's port; before `start` the one that will be tried, 0 for any."""
        if self._host is None:
            return self._ports.setdefault(script, wanted)
        if script not in self._ports:
            self._ports[script] = self._ask("port", script=script, wanted=wanted)
        return self._ports[script]

    def urls(self) -> dict[str, str]:
        """Return the address of each script that has a port."""
        return {script: f"http://127.0.0.1:{port}" for script, port in self._ports.items() if port}

    def _load(self, wanted: list[dict[str, Any]], routes: dict[str, dict[str, Any]]) -> None:
        secrets = {
            (one["storeId"], one["secretName"]): {**one, "value": f"rehearsal dummy of {one['secretName']}"}
            for worker in wanted
            for one in worker["env"].values()
            if one["type"] == "secrets-store-secret"
        }
        self._ask(
            "load",
            workers=wanted,
            databases=self._databases,
            secrets=list(secrets.values()),
            routes=routes,
        )
        self._loaded = wanted

    def _spawn(self) -> _Host:
        paths = [HOST_SCRIPT, self.node_modules, self.directory]
        command = [str(self.node), "--no-warnings", *(str(path.resolve()) for path in paths)]
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        if self.compiled is not None:
            environment["NODE_COMPILE_CACHE"] = str(self.compiled)
        with (self.directory / LOG).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=environment,
                process_group=0,
            )
        if process.stdin is None or process.stdout is None:
            raise RuntimeGoneError("the host has no control lines")
        host = _Host(process, process.stdin)
        threading.Thread(target=_listen, args=(host, process.stdout), daemon=True).start()
        return host

    def _ask(self, operation: str, **parameters: Any) -> Any:  # noqa: ANN401  # JSON
        host = self._host
        if host is None:
            raise RuntimeGoneError("the workers' host is not running")
        number = next(host.ids)
        answer = host.waiting[number] = Future()
        try:
            with host.guard:
                host.lines_in.write(json.dumps({"id": number, "op": operation, **parameters}) + "\n")
                host.lines_in.flush()
            return answer.result(_ANSWER_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                host.process.wait(0 if isinstance(error, TimeoutError) else 1)
            words = last_words(host.process.poll(), self._log())
            raise RuntimeGoneError(f"the process that runs the workers is gone.\n{words}") from error
        finally:
            host.waiting.pop(number, None)

    def _log(self) -> str:
        try:
            return (self.directory / LOG).read_text("utf-8", "replace")
        except OSError:
            return ""

    @staticmethod
    def _end(host: _Host) -> None:
        end_group(host.process.pid)
        host.process.wait()
        with contextlib.suppress(OSError):
            host.lines_in.close()


def _runs_already(wanted: list[dict[str, Any]], loaded: list[dict[str, Any]]) -> bool:
    """Whether all of it is loaded, and what is loaded beside it does nothing by itself."""
    extra = [worker for worker in loaded if worker not in wanted]
    return all(worker in loaded for worker in wanted) and not any(
        worker["exports"] or worker["triggers"] for worker in extra
    )


def _listen(host: _Host, lines: IO[str]) -> None:
    """Hand each answer to who waits for it; at the end tell everybody that there will be none."""
    with lines:
        for line in lines:
            answer = _answer(line)
            waiting = host.waiting.get(answer.get("id", -1))
            if waiting is None:
                continue
            if "error" in answer:
                waiting.set_exception(_RefusedError(answer["error"]))
            else:
                waiting.set_result(answer["result"])
    for waiting in list(host.waiting.values()):
        if not waiting.done():
            waiting.set_exception(BrokenPipeError())


def _answer(line: str) -> dict[str, Any]:
    """What the host answers; nothing where a library printed a line of its own."""
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _startup_error(text: str) -> str:
    """Return workerd's reason out of miniflare's message, or the message where it has another form."""
    found = _STARTUP_ERROR.search(text)
    return found["error"] if found else text
