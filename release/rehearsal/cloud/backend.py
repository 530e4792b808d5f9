"""What every handler of the API works on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.rehearsal.cloud.envelope import ApiError
from release.rehearsal.cloud.workers import Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.rehearsal.cloud.runtime import Runtime
    from release.rehearsal.cloud.state import Account, Database, Script, Store, Version

AUTHOR = "releaser@example.com"
NO_SCRIPT = 10007
NO_DATABASE = 7404


@dataclass
class Backend:
    """The account, what runs it, and the files of imports and exports, which travel outside the API.

    `stops_half_way`: a query of several statements keeps those before the one that fails, as D1 was seen to.
    """

    account_id: str
    store: Store
    runtime: Runtime
    files: dict[str, bytes] = field(default_factory=dict)
    sessions: dict[str, dict[str, str]] = field(
        default_factory=dict
    )  # of asset uploads: token -> path -> hash
    hyperdrives: Mapping[str, str] = field(default_factory=dict)  # local databases, by a binding's name or id
    stops_half_way: bool = False

    def place(self, account: Account, fresh: Version | None = None) -> Place:
        """What a runtime is given of an account."""
        return Place(account, self.store.folder, fresh, self.hyperdrives)

    def take(self, account: Account, fresh: Version | None = None) -> None:
        """Let this account serve, then keep it. Raises ScriptError, with nothing changed, where a version does not start."""
        self.runtime.run(self.place(account, fresh))
        self.store.save(account)

    def script(self, name: str) -> Script:
        """Return the script. Raises ApiError 404 with Cloudflare's code 10007."""
        script = self.store.account.scripts.get(name)
        if script is None:
            raise ApiError(404, NO_SCRIPT, "This Worker does not exist on your account.")
        return script

    def database(self, uuid: str) -> Database:
        """Return the database of a uuid, or of a name, as wrangler asks where it has no id. Raises ApiError 404."""
        known = self.store.account.databases
        database = known.get(uuid) or next((one for one in known.values() if one.name == uuid), None)
        if database is None:
            raise ApiError(404, NO_DATABASE, f"The database {uuid} could not be found")
        return database


def now() -> str:
    """Return the time as Cloudflare writes it: UTC, microseconds, Z."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
