"""The local cloud as one thing: state, runtime and API behind a loopback port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import msgspec

from release.rehearsal.cloud.api import ROOT, Api
from release.rehearsal.cloud.backend import Backend
from release.rehearsal.cloud.state import Database, Store
from release.rehearsal.loopback import Loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from release.rehearsal.cloud.envelope import Write
    from release.rehearsal.cloud.runtime import Runtime
    from release.rehearsal.cloud.state import Account, Version


class Cloud:
    """A Cloudflare account on this machine. What `directory` holds of an earlier one is taken up again.

    `before(request)` may return a response that is sent instead of the API's (or raise DropConnection, or
    wait); `after(request, response)` returns what is sent. A request that changed something carries its
    Write in `request.environ["cloud.write"]` by then.
    """

    def __init__(
        self,
        account_id: str,
        token: str,
        directory: Path,
        runtime: Runtime,
        *,
        port: int = 0,
        hyperdrives: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare; nothing runs before `start`. Port 0 takes a free one; `hyperdrives` are local databases of Hyperdrive's."""
        self.account_id = account_id
        self.token = token
        self.runtime = runtime
        self.store = Store(directory)
        self.api = Api(Backend(account_id, self.store, runtime, hyperdrives=hyperdrives or {}), token)
        self._server = Loopback(self.api, port=port)

    @property
    def base_url(self) -> str:
        """What CLOUDFLARE_API_BASE_URL has to be; known once started."""
        return f"{self._server.url}{ROOT}"

    @property
    def port(self) -> int:
        """The API's port."""
        return self._server.port

    @property
    def log(self) -> tuple[Write, ...]:
        """Every change since this object was made, oldest first."""
        return tuple(self.api.log)

    @property
    def failures(self) -> list[str]:
        """Tracebacks of handlers that broke: bugs of this cloud."""
        return self._server.failures

    @property
    def account(self) -> Account:
        """The account as it is now."""
        return self.store.account

    @property
    def before(self) -> Callable[[Request], Response | None] | None:
        """The hook in front of every request."""
        return self._server.before

    @before.setter
    def before(self, hook: Callable[[Request], Response | None] | None) -> None:
        self._server.before = hook

    @property
    def after(self) -> Callable[[Request, Response], Response] | None:
        """The hook behind every request."""
        return self._server.after

    @after.setter
    def after(self, hook: Callable[[Request, Response], Response] | None) -> None:
        self._server.after = hook

    def add_database(self, uuid: str, name: str) -> None:
        """Make an empty D1 database under a uuid of the caller's, unless it exists."""
        self.runtime.add_database(uuid)
        with self.store.guard:
            if uuid not in self.account.databases:
                self.store.save(self.account.with_database(Database(uuid, name)))

    def take(self, account: Account, fresh: Version | None = None) -> None:
        """Let this account serve, then keep it."""
        self.api.backend.take(account, fresh)

    def url_for(self, script: str) -> str:
        """Return where the script answers, once started: before its first deployment, and after a restart."""
        port = self.runtime.port_for(script, self.account.ports.get(script, 0))
        with self.store.guard:
            if self.account.ports.get(script) != port:
                ports = {**self.account.ports, script: port}
                self.store.save(msgspec.structs.replace(self.account, ports=ports))
        return self.runtime.urls()[script]

    def start(self) -> Self:
        """Start the runtime with all that the account holds, then the API. RuntimeGoneError, OSError."""
        for database in self.account.databases:
            self.runtime.add_database(database)
        for name in self.account.scripts:
            self.runtime.port_for(name, self.account.ports.get(name, 0))
        self.runtime.run(self.api.backend.place(self.account))
        try:
            self.runtime.start()
            self._server.start()
        except BaseException:
            self.runtime.stop()
            raise
        for script_name in {*self.account.scripts, *self.account.ports}:
            self.url_for(script_name)
        return self

    def stop(self) -> None:
        """Close the API, then end the runtime."""
        try:
            self._server.stop()
        finally:
            self.runtime.stop()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()
