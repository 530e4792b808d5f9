"""What every handler of the API works on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from release.rehearsal.cloud.envelope import ApiError

if TYPE_CHECKING:
    from release.rehearsal.cloud.runtime import Runtime
    from release.rehearsal.cloud.state import Database, Script, Store

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
    stops_half_way: bool = False
    noted: set[str] = field(default_factory=set)  # what was set around the versions, and nobody runs

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
