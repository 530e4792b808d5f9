"""What an account holds, as plain values, and the folder that keeps them over a restart."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT_FILE = "account.json"


class Share(msgspec.Struct, frozen=True):
    """How much of a script's traffic a version gets, in percent."""

    version_id: str
    percentage: float


class Module(msgspec.Struct, frozen=True):
    """One file of a bundle. `kind` is esm, cjs, text, data, wasm or script; its bytes lie in the version's folder."""

    name: str
    kind: str


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One upload of a script. `bindings` is as wrangler sent it, secrets with their text."""

    id: str
    script: str
    number: int
    created_on: str
    author_email: str
    source: str
    annotations: dict[str, str]
    bindings: tuple[dict[str, Any], ...]
    main_module: str
    modules: tuple[Module, ...]
    compatibility_date: str
    compatibility_flags: tuple[str, ...] = ()
    etag: str = ""
    assets: dict[str, str] = {}
    assets_config: dict[str, Any] = {}
    tail_consumers: tuple[str, ...] = ()  # the scripts that are sent what this one logs
    migration_tag: str | None = None  # the last migration of Durable Objects

    @property
    def tag(self) -> str:
        """The annotation `workers/tag`, or nothing (`wrangler secret put` makes versions without one)."""
        return self.annotations.get("workers/tag", "")


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """Which versions serve, from a moment on."""

    id: str
    created_on: str
    author_email: str
    source: str
    strategy: str
    versions: tuple[Share, ...]
    annotations: dict[str, str]


class DurableClass(msgspec.Struct, frozen=True):
    """A class of Durable Objects. `key` is where its objects are, whatever the class is called by now."""

    key: str
    sqlite: bool = True


class Script(msgspec.Struct, frozen=True):
    """A worker by its name; versions and deployments oldest first. What is beside them belongs to no version."""

    name: str
    versions: tuple[Version, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    classes: dict[str, DurableClass] = {}
    migration_tag: str | None = None
    crons: tuple[str, ...] = ()
    has_address: bool = True  # at workers.dev
    patched: dict[str, Any] = {}  # of script-settings, as they were sent

    def version(self, version_id: str) -> Version | None:
        """Return the version with this id, or None."""
        return next((version for version in self.versions if version.id == version_id), None)

    @property
    def shares(self) -> tuple[Share, ...]:
        """What serves now; nothing before the first deployment."""
        return self.deployments[-1].versions if self.deployments else ()

    @property
    def home(self) -> str | None:
        """The id of the version in which the script's objects, workflows and queues live: that with the most traffic."""
        shares = sorted(self.shares, key=lambda share: -share.percentage)
        return shares[0].version_id if shares else None


class Consumer(msgspec.Struct, frozen=True):
    """Which script gets a queue's messages, and how; `settings` as wrangler sent them."""

    script: str
    settings: dict[str, Any] = {}
    dead_letter_queue: str | None = None


class Workflow(msgspec.Struct, frozen=True):
    """Which class of which script is a workflow."""

    script: str
    class_name: str


class Database(msgspec.Struct, frozen=True):
    """A D1 database. `moment` counts its writes and `digest` is of its content at the last bookmark."""

    uuid: str
    name: str
    moment: int = 1
    digest: str = ""


class Account(msgspec.Struct, frozen=True):
    """Everything the API knows."""

    scripts: dict[str, Script] = {}
    databases: dict[str, Database] = {}
    ports: dict[str, int] = {}
    consumers: dict[str, Consumer] = {}  # by the queue's name
    workflows: dict[str, Workflow] = {}
    addresses: dict[str, tuple[str, ...]] = {}  # the routes of a script, which this machine cannot have
    domains: dict[str, tuple[str, ...]] = {}  # its custom domains, which neither can be here

    def with_script(self, script: Script) -> Account:
        """Return the account in which this script stands for the one of its name."""
        return msgspec.structs.replace(self, scripts={**self.scripts, script.name: script})

    def with_database(self, database: Database) -> Account:
        """Return the account in which this database stands for the one of its uuid."""
        return msgspec.structs.replace(self, databases={**self.databases, database.uuid: database})

    def with_version(self, version: Version) -> Account:
        """Return the account in which the script has one version more."""
        script = self.scripts.get(version.script, Script(version.script))
        return self.with_script(msgspec.structs.replace(script, versions=(*script.versions, version)))

    def with_deployment(self, name: str, deployment: Deployment) -> Account:
        """Return the account in which this deployment is the script's newest."""
        script = self.scripts[name]
        deployments = (*script.deployments, deployment)
        return self.with_script(msgspec.structs.replace(script, deployments=deployments))


class Store:
    """The account in a folder of its own: `account.json`, and one folder of module files a version.

    `guard` serializes whoever reads, changes and saves. Secrets lie there in the clear, so the folder is
    closed to others.
    """

    def __init__(self, directory: Path) -> None:
        """Read what an earlier run left in `directory`. Raises OSError, msgspec.DecodeError for bad JSON."""
        self.directory = directory
        self.guard = threading.RLock()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = directory / ACCOUNT_FILE
        self.account = msgspec.json.decode(kept.read_bytes(), type=Account) if kept.exists() else Account()

    def save(self, account: Account) -> None:
        """Take this account, on disk first: a kill leaves the old one or the new one."""
        fresh = self.directory / f"{ACCOUNT_FILE}.new"
        fresh.write_bytes(msgspec.json.format(msgspec.json.encode(account), indent=1))
        fresh.replace(self.directory / ACCOUNT_FILE)
        self.account = account

    def folder(self, version: Version) -> Path:
        """Return where the version's modules lie."""
        return self.directory / "modules" / version.script / version.id

    def write_modules(self, version: Version, contents: dict[str, bytes]) -> None:
        """Write the version's modules. Raises ValueError for a name that leads out of its folder."""
        folder = self.folder(version).resolve()
        for module in version.modules:
            path = (folder / module.name).resolve()
            if not path.is_relative_to(folder):
                raise ValueError(f"module {module.name!r} lies outside the bundle")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(contents[module.name])
