"""Cloudflare, wrangler, GitHub and the workers' public side in memory, with the methods of their clients in `ops`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from release.errors import CannotReadError, EffectError
from release.formats.manifest import value_at
from release.model.deployment import Database, Health, SchemaObject
from release.systems.cloudflare.api import Cloudflare
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.github.releases import GitHub
from release.systems.machine.secrets import Mask
from release.systems.web.http import Http
from release.systems.web.pages import Web
from tests.faults.interleaving_git import entries_of, fields_of, read
from tests.faults.interleaving_outside import Version

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from release.config import Badge, Config, Environment, Worker
    from release.model.migrating import ApplyMigrations
    from release.model.release import Release
    from tests.faults.interleaving_git import Objects
    from tests.faults.interleaving_outside import Actor, Outside

MANIFEST, MIGRATIONS, BUNDLE = "apps/cms/package.json", "apps/cms/migrations", "apps/cms/worker.js"
LEDGER = "CREATE TABLE IF NOT EXISTS d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)"
TABLES = (
    "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY type, name"
)


T = TypeVar("T")


class MemoryCloudflare(Cloudflare):
    """The account; `live` and what is derived stay the real client's."""

    def __init__(self, outside: Outside, actor: Actor) -> None:
        super().__init__(Http(), {})
        self.outside, self.actor = outside, actor

    def deployments(self, script: str) -> list[dict[str, Any]]:
        """As the API gives them."""
        self.outside.read(self.actor, "cloudflare")
        return [
            {
                "versions": [{"version_id": version, "percentage": 100}],
                "annotations": {"workers/message": message},
            }
            for version, message in reversed(self.outside.script(script).deployments)
        ]

    def versions(self, script: str) -> list[dict[str, Any]]:
        """As the API gives them."""
        self.outside.read(self.actor, "cloudflare")
        return [self.version(script, version) for version in reversed(self.outside.script(script).versions)]

    def version(self, script: str, version_id: str) -> dict[str, Any]:
        """As the API gives it."""
        self.outside.read(self.actor, "cloudflare")
        found = self.outside.script(script).versions.get(version_id)
        if found is None:
            return {}
        marks = {"workers/tag": found.tag, "workers/message": found.message}
        return {"id": version_id, "annotations": {name: text for name, text in marks.items() if text}}

    def database(self, name: str, table: str = "d1_migrations") -> Database:
        """Ledger and schema."""
        del table
        self.outside.read(self.actor, "cloudflare")
        with self.outside.guard:
            d1 = self.outside.databases[name]
            schema = [SchemaObject(*row) for row in d1.execute(TABLES)]
            has_ledger = any(one.name == "d1_migrations" for one in schema)
            ledger = applied(d1) if has_ledger else None
        return Database(name, name, ledger, tuple(one for one in schema if one.name != "d1_migrations"))

    def bookmark(self, database: Database) -> str:
        """A moment."""
        self.outside.read(self.actor, "cloudflare")
        return f"{int(self.outside.clock.now()):08d}-{database.name}"

    def query(self, uuid: str, sql: str) -> list[dict[str, Any]]:
        """No rows: nobody counts them here."""
        del uuid, sql
        return []

    def insert_ledger(self, database: Database, names: tuple[str, ...]) -> None:
        """Rows in the ledger."""

        def apply() -> None:
            d1 = self.outside.databases[database.name]
            d1.execute(LEDGER)
            d1.executemany(
                "INSERT OR IGNORE INTO d1_migrations(name) VALUES (?)", [(name,) for name in names]
            )

        self.outside.write(self.actor, "cloudflare", f"ledger {database.name}", apply)

    def deploy_version(self, script: str, version_id: str, message: str) -> None:
        """A version that exists gets all the traffic."""
        found = self.outside.script(script)
        if version_id not in found.versions:
            raise EffectError(f"Cloudflare's API refused a write: no version {version_id}")
        self.outside.write(
            self.actor,
            "cloudflare",
            f"put back {script} {found.versions[version_id].tag}",
            lambda: found.deployments.append((version_id, message)),
        )


class MemoryWrangler(Wrangler):
    """Builds from what lies in a checkout, and deploys it."""

    def __init__(
        self, outside: Outside, actor: Actor, config: Config, objects: Objects, head: list[str]
    ) -> None:
        super().__init__(config.root, {}, Mask.of({}))
        self.outside, self.actor, self.config, self.objects, self.head = outside, actor, config, objects, head

    def at(self, root: Path) -> Wrangler:
        """Of no use here: nothing is ever unlisted."""
        raise NotImplementedError(root)

    def deploy(
        self,
        worker: Worker,
        environment: str,
        release: Release,
        message: str,
        tell: Callable[[str], None],
        bound: Mapping[str, str | None] | None = None,
    ) -> str:
        """One version, and then its deployment."""
        text = read(self.objects, self.head[0], BUNDLE) or b""
        number = value_at((self.config.root / MANIFEST).read_bytes(), ("version",), MANIFEST)
        made = Version(
            self.outside.fresh_id(), release.annotation, message, number, release.commit, b"throw" not in text
        )
        script = self.outside.script(worker.script.format(environment=environment))
        name = f"{worker.name} {environment} {release.annotation}"
        if not self.outside.write(
            self.actor, "cloudflare", f"upload {name}", lambda: script.versions.update({made.id: made})
        ):
            return made.id

        def apply() -> None:
            script.deployments.append((made.id, message))

        self.outside.write(self.actor, "cloudflare", f"deploy {name}", apply)
        tell(f"Deployed {name}")
        return made.id

    def migrate(
        self, folder: str, environment: str, effect: ApplyMigrations, tell: Callable[[str], None]
    ) -> None:
        """One write a file, each with its row."""
        del folder, environment
        database = effect.database.name
        d1 = self.outside.databases[database]
        d1.execute(LEDGER)
        for name, sql in ((one.name, one.sql.decode()) for one in effect.migrations):
            if name not in applied(d1):

                def apply(name: str = name, sql: str = sql) -> None:
                    if name not in applied(d1):  # an orphan that comes too late meets the ledger's UNIQUE
                        d1.executescript(sql)
                        d1.execute("INSERT INTO d1_migrations(name) VALUES (?)", (name,))

                self.outside.write(self.actor, "cloudflare", f"migrate {database} {name}", apply)
                tell(f"{name} applied")


class MemoryGitHub(GitHub):
    """Releases by tag."""

    def __init__(self, outside: Outside, actor: Actor) -> None:
        super().__init__(Http(), {}, "acme/cms")
        self.outside, self.actor = outside, actor

    def find(self, path: str, into: type[T], purpose: str, **query: str | int) -> T | None:
        """Nothing else is known here: no environment, no reviewers."""
        del path, into, purpose, query
        self.outside.read(self.actor, "github")
        return None

    def has_release(self, tag: str) -> bool:
        """Whether it is there."""
        self.outside.read(self.actor, "github")
        return tag in self.outside.releases

    def create_release(
        self,
        tag: str,
        commit: str,
        title: str,
        previous_tag: str | None,
        notes: str | None,
        footer: str = "",
        **_: bool,
    ) -> None:
        """Refused without its tag, and the second time, as GitHub does."""
        if tag not in self.outside.remote.tags or tag in self.outside.releases:
            raise EffectError(f"GitHub did not create the Release: {tag} already_exists, or no such tag")
        self.outside.write(self.actor, "github", f"Release {tag}", lambda: self.outside.releases.add(tag))

    def note_deployment(self, release: Release, url: str, run: str | None) -> None:
        """What the environment runs: the last that was told."""
        self.outside.write(self.actor, "github", f"deployment {release.tag}", lambda: None)

    def takes_only_pull_requests(self, branch: str) -> bool:
        """What the rules say."""
        self.outside.alive(self.actor)
        return self.outside.remote.protected and "github" not in self.outside.down

    def pull_request(self, head: str, base: str, title: str, body: str) -> str:
        """The open one of this branch, or a new one."""
        if head not in self.outside.pulls:
            self.outside.write(self.actor, "github", f"pull {head}", lambda: self.outside.pulls.add(head))
        return f"https://example.com/acme/cms/pull/{head}"


class MemoryWeb(Web):
    """What the cms that serves answers."""

    def __init__(self, outside: Outside, actor: Actor) -> None:
        super().__init__(Http(), {})
        self.outside, self.actor = outside, actor

    def health(self, environment: Environment, url: str) -> Health:
        """The serving bundle's number and commit, if it is well."""
        self.outside.alive(self.actor)
        serving = self.outside.script(f"double-cms-{environment.wrangler}").serving
        if "health" in self.outside.down or serving is None:
            return Health(None, None, "no answer from /api/health")
        if self.outside.sick or not serving.good:
            return Health(None, None, "/api/health answered 500")
        if environment.wrangler == "production":
            self.outside.witnessed.add((serving.number, serving.commit))
        return Health(serving.number, serving.commit, None)

    def badge(self, badge: Badge, url: str) -> str:
        """The serving bundle's number."""
        serving = self.outside.script("double-cms-production").serving
        if serving is None or "health" in self.outside.down:
            raise CannotReadError("the dashboard did not load")
        return serving.number


def applied(d1: sqlite3.Connection) -> tuple[str, ...]:
    """The names in a ledger."""
    return tuple(str(name) for (name,) in d1.execute("SELECT name FROM d1_migrations ORDER BY id"))


def migrations(objects: Mapping[str, tuple[str, bytes]], commit: str) -> dict[str, str]:
    """The SQL files of a commit, in order."""
    folder = fields_of(objects[commit][1]).tree
    for part in MIGRATIONS.split("/"):
        folder = {entry.name: entry.oid for entry in entries_of(objects[folder][1])}[part]
    return {entry.name: objects[entry.oid][1].decode() for entry in entries_of(objects[folder][1])}
