"""A runtime without Node, up in milliseconds: D1 on SQLite, and workers that are a few lines of Python."""

from __future__ import annotations

import html
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from release.rehearsal.cloud.memory_d1 import MemoryD1
from release.rehearsal.cloud.runtime import ScriptError, SqlError
from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.runtime import Result
    from release.rehearsal.cloud.state import Script, Version
    from release.rehearsal.cloud.statements import Statement
    from release.rehearsal.cloud.workers import Place

    Behaviour = Callable[["LoadedVersion", Request], Response]

_VERSION_IN_BUNDLE = re.compile(r"""["']?version["']?\s*[:=]\s*["'](\d+\.\d+\.\d+[^"']*)["']""")
_THROWS_AT_LOAD = re.compile(r"^throw\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class LoadedVersion:
    """A version and the text of its bundle."""

    version: Version
    source: str

    @property
    def variables(self) -> dict[str, str]:
        """The plain_text bindings by name."""
        bindings = self.version.bindings
        return {binding["name"]: binding["text"] for binding in bindings if binding["type"] == "plain_text"}

    @property
    def number(self) -> str:
        """The version that the worker reports: its variable VERSION, else the bundle's, else 0.0.0."""
        found = _VERSION_IN_BUNDLE.search(self.source)
        return self.variables.get("VERSION") or (found.group(1) if found else "0.0.0")


def well_behaved(loaded: LoadedVersion, request: Request) -> Response:
    """Answer as a healthy worker: `/api/health` and `/health` as JSON, elsewhere a page with the badge."""
    from werkzeug.wrappers import Response

    if request.path in {"/api/health", "/health"}:
        commit = loaded.variables.get("COMMIT_SHA")
        body = json.dumps({"status": "ok", "version": loaded.number, "commit": commit})
        return Response(body, content_type="application/json")
    number = html.escape(loaded.number)
    badge = f'<span class="version-badge" data-version="{number}">v{number}</span>'
    return Response(f"<!doctype html><title>cms</title><aside>{badge}</aside>", content_type="text/html")


class MemoryRuntime:
    """Serves every script by `behaviour[script]`, a callable (LoadedVersion, Request) -> Response.

    A bundle in which a line begins with `throw` does not start, as in workerd. Databases are kept in
    `directory`, or only in memory.
    """

    def __init__(self, directory: Path | None = None) -> None:
        """Prepare; nothing listens yet."""
        self.behaviour: dict[str, Behaviour] = {}
        self.directory = directory
        self._databases: dict[str, MemoryD1] = {}
        self._versions: dict[str, LoadedVersion] = {}
        self._place: Place | None = None
        self._fronts: dict[str, Loopback] = {}

    def start(self) -> None:
        """Start nothing: a port answers from its `port_for` on."""

    def stop(self) -> None:
        """Close ports and databases."""
        for front in self._fronts.values():
            front.stop()
        while self._databases:
            self._databases.popitem()[1].close()

    def contents(self) -> dict[str, bytes]:
        """Return each database as the bytes of a file."""
        return {uuid: database.content for uuid, database in self._databases.items()}

    def fill(self, contents: Mapping[str, bytes]) -> None:
        """Let each database hold what one of its uuid held elsewhere."""
        for uuid, content in contents.items():
            self._databases[uuid].fill(content)

    def add_database(self, uuid: str) -> None:
        """Make an empty database, unless it exists."""
        if uuid not in self._databases:
            path = ":memory:" if self.directory is None else str(self.directory / f"{uuid}.sqlite")
            self._databases[uuid] = MemoryD1(path)

    def run(self, place: Place) -> None:
        """Serve this account. Raises ScriptError where a line of the fresh upload begins with `throw`."""
        if place.fresh is not None and (thrown := _THROWS_AT_LOAD.search(_source(place, place.fresh))):
            raise ScriptError(f"Uncaught Error: {thrown.group()}")
        self._place = place
        for name in place.account.scripts:
            self.port_for(name, place.account.ports.get(name, 0))

    def d1(self, uuid: str, statements: Sequence[Statement]) -> tuple[Result, ...]:
        """Run the statements as one transaction, all or nothing. Raises SqlError."""
        if not statements:
            raise SqlError("No SQL statements detected.")
        return self._databases[uuid].run(statements)

    def port_for(self, script: str, wanted: int = 0) -> int:
        """Return the script's port, where an answer is given from now on."""
        if script not in self._fronts:
            self._fronts[script] = _listening(lambda request: self._serve(script, request), wanted)
        return self._fronts[script].port

    def urls(self) -> dict[str, str]:
        """Return the address of each script that has a port."""
        return {script: front.url for script, front in self._fronts.items()}

    def _serve(self, script: str, request: Request) -> Response:
        from werkzeug.wrappers import Response

        place = self._place
        known = place.account.scripts.get(script) if place else None
        if place is None or known is None or not known.shares:
            return Response(f"{script}: no deployment\n", 404)
        shares = known.shares
        (chosen,) = random.choices(shares, [share.percentage for share in shares])  # noqa: S311  # traffic, no secret
        return self.behaviour.get(script, well_behaved)(
            self._loaded(place, known, chosen.version_id), request
        )

    def _loaded(self, place: Place, script: Script, version_id: str) -> LoadedVersion:
        version = script.version(version_id)
        if version is None:
            raise LookupError(version_id)
        if version_id not in self._versions:
            self._versions[version_id] = LoadedVersion(version, _source(place, version))
        return self._versions[version_id]


def _source(place: Place, version: Version) -> str:
    folder = place.folder(version)
    return "\n".join((folder / module.name).read_text("utf-8", "replace") for module in version.modules)


def _listening(handle: Callable[[Request], Response], wanted: int) -> Loopback:
    try:
        return Loopback(handle, port=wanted).start()
    except OSError:
        return Loopback(handle).start()
