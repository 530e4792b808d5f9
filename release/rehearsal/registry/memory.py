"""A registry in memory: the part of npm's protocol that publishing needs, as Verdaccio answers it."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote

from werkzeug.wrappers import Response

from release.rehearsal.loopback import Loopback
from release.systems.npm.registry import integrity_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

CREATED, BAD, UNAUTHORIZED, MISSING, CONFLICT = 201, 400, 401, 404, 409


class MemoryRegistry(Loopback):
    """Packuments and tarballs behind one token. `before` and `after` take hooks for faults, see Loopback."""

    def __init__(self, token: str) -> None:
        """Empty, and not listening yet."""
        super().__init__(self._handle)
        self.token = token
        self.packages: dict[str, dict[str, Any]] = {}
        self.tarballs: dict[str, bytes] = {}
        self.writes: list[str] = []
        self._guard_writes = threading.Lock()

    def start(self) -> Self:
        """Listen."""
        super().start()
        return self

    def put(self, name: str, manifest: dict[str, Any], body: bytes, tag: str = "latest") -> None:
        """Have a version as if somebody had published it."""
        self._put(
            name, {"versions": {manifest["version"]: manifest}, "dist-tags": {tag: manifest["version"]}}, body
        )

    def unpublish(self, name: str, version: str) -> None:
        """Take a version out; its number stays used, as on every registry."""
        document = self.packages[name]
        del document["versions"][version]
        document["dist-tags"] = {tag: of for tag, of in document["dist-tags"].items() if of != version}

    def _handle(self, request: Request) -> Response:
        path = unquote(request.path).lstrip("/")
        given = request.headers.get("authorization", "")
        is_known = given == f"Bearer {self.token}"
        if path == "-/whoami":
            return _json({"username": "double"} if is_known else {})
        if request.method in {"GET", "HEAD"}:
            return self._get(path)
        if request.method != "PUT":
            return _error(MISSING, "no such route")
        if not is_known:
            return _error(UNAUTHORIZED, "authorization required to access package")
        return self._published(path, request)

    def _get(self, path: str) -> Response:
        name, found, file = path.partition("/-/")
        if found:
            body = self.tarballs.get(f"{name}/{file}")
            return (
                Response(body, content_type="application/octet-stream")
                if body
                else _error(MISSING, "no such file")
            )
        document = self.packages.get(name)
        return _json(document) if document else _error(MISSING, "no such package available")

    def _published(self, name: str, request: Request) -> Response:
        try:
            document = json.loads(request.get_data())
            (attachment,) = document["_attachments"].values()
            body = base64.b64decode(attachment["data"], validate=True)
            (version,) = document["versions"]
        except (ValueError, KeyError, TypeError, binascii.Error):
            return _error(BAD, "bad publish document")
        if document["versions"][version]["dist"]["integrity"] != integrity_of(body):
            return _error(BAD, "the integrity is not that of the tarball")
        with self._guard_writes:
            known = self.packages.get(name, {})
            if version in known.get("time", {}):
                return _error(CONFLICT, "this package is already present")
            self._put(name, document, body)
        return _json({"ok": "created new package", "success": True}, CREATED)

    def _put(self, name: str, document: dict[str, Any], body: bytes) -> None:
        ((version, manifest),) = document["versions"].items()
        file = f"{name.rpartition('/')[2]}-{version}.tgz"
        dist = {"integrity": integrity_of(body), "tarball": f"{self.url}/{name}/-/{file}"}
        whole = self.packages.setdefault(name, {"name": name, "versions": {}, "dist-tags": {}, "time": {}})
        whole["versions"][version] = {**manifest, "name": name, "dist": {**manifest.get("dist", {}), **dist}}
        whole["dist-tags"].update(document["dist-tags"])
        whole["time"][version] = datetime.now(UTC).isoformat()
        self.tarballs[f"{name}/{file}"] = body
        self.writes.append(f"{name}@{version}")


def _error(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
