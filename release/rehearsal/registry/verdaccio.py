"""Verdaccio: a real npm registry on loopback, with no uplink, started and stopped with its stage."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from release.rehearsal import pinned
from release.rehearsal.checkout import StageError
from release.systems.machine import shell
from release.systems.npm.node import node
from release.systems.web.http import Http, PassingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).parent
PATIENCE = 60.0
USER = "rehearsal"
CREATED = 201


class Verdaccio:
    """One registry: `folder` holds its storage, users and log, `modules` is where it is installed."""

    def __init__(self, folder: Path, modules: Path, environ: Mapping[str, str]) -> None:
        """Prepare; nothing is written or started yet."""
        self.folder = folder
        self._modules = modules
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    @property
    def token(self) -> str:
        """The token of the one user; made at the first start and kept with the storage."""
        return (self.folder / "token").read_text("utf-8")

    def start(self) -> None:
        """Start on a free port, and wait until it answers. Raises StageError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}"
        (self.folder / "config.json").write_text(json.dumps(_settings(self.folder)), "utf-8")
        cli = self._modules / "verdaccio" / "bin" / "verdaccio"
        with (self.folder / "verdaccio.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(node(self._environ)),
                    str(cli),
                    "--config",
                    "config.json",
                    "--listen",
                    f"127.0.0.1:{port}",
                ],
                cwd=self.folder,
                env={**self._environ, "HOME": str(self.folder), "NO_COLOR": "1"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait()
            if not (self.folder / "token").is_file():
                self._add_user()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End it and all that it has started. Harmless when repeated."""
        if self._process is not None:
            shell.kill_group(self._process)
            self._process = None

    def _wait(self) -> None:
        http, until = Http(attempts=1), time.monotonic() + PATIENCE
        try:
            while time.monotonic() < until and self._process is not None and self._process.poll() is None:
                if self._answers(http):
                    return
                time.sleep(0.05)
        finally:
            http.close()
        log = (self.folder / "verdaccio.log").read_text("utf-8", "replace")
        raise StageError("The rehearsal's registry did not start.", log[-800:])

    def _answers(self, http: Http) -> bool:
        try:
            return http.send("GET", f"{self.url}/-/ping", timeout=5.0).status == 200  # noqa: PLR2004
        except PassingError:
            return False

    def _add_user(self) -> None:
        http = Http(attempts=1)
        wanted = {"name": USER, "password": secrets.token_urlsafe(24)}
        try:
            answer = http.send("PUT", f"{self.url}/-/user/org.couchdb.user:{USER}", json=wanted)
        except PassingError as error:
            raise StageError(f"The rehearsal's registry made no user: {error}.") from error
        finally:
            http.close()
        if answer.status != CREATED:
            raise StageError(f"The rehearsal's registry made no user: {answer.body[:300]!r}.")
        path = self.folder / "token"
        path.touch(mode=0o600)
        path.write_text(str(answer.json()["token"]), "utf-8")


def install(cache: Path, environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """The node_modules that hold Verdaccio, installed into `cache` once for each lockfile of this tool. Raises StageError."""
    return pinned.installed(HERE, "npm registry", cache, environ, say)


def _settings(folder: Path) -> dict[str, object]:
    everybody = {"access": "$all", "publish": "$authenticated", "unpublish": "$authenticated"}
    return {
        "storage": str(folder / "storage"),
        "auth": {"htpasswd": {"file": str(folder / "htpasswd"), "max_users": 100}},
        "uplinks": {},
        "packages": {"@*/*": everybody, "**": everybody},
        "web": {"enable": False},
        "security": {"api": {"legacy": True}},
        "log": {"type": "stdout", "format": "json", "level": "warn"},
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
