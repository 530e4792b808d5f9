"""Small monorepos as teams have them, each with what is special about it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

WORKER = """\
const version = {version};
export default {{
  async fetch(request, env) {{
    const {{ pathname }} = new URL(request.url);
    if (pathname === "{path}") return {answer};
    return new Response("a page of " + version);
  }},
}};
"""
JSON_OK = 'Response.json({ status: "ok", version, commit: env.COMMIT_SHA })'
BARE_OK = "Response.json({ ok: true })"
COMMIT = 'Response.json({ status: "ok", commit: env.COMMIT_SHA })'
TEXT = 'new Response("all fine")'


@dataclass(frozen=True)
class Shape:
    """A monorepo: what it shows, its files, what a person answers `inv init`, and the first release's tag."""

    name: str
    shows: str
    files: Mapping[str, object]
    answers: Mapping[str, str] = field(default_factory=dict)
    tag: str = "v1.2.4"
    tags: tuple[str, ...] = ()  # of releases that were made by hand, before
    tables: tuple[str, ...] = ()  # where the rows of a release can be seen: databases that are migrated
    manager: str = "npm"  # the program that installs its packages
    by_hand: bool = False  # production was deployed with wrangler, by nobody's release

    def texts(self) -> dict[str, str]:
        """The files as text; what is none is written as JSON."""
        return {
            name: one if isinstance(one, str) else json.dumps(one, indent=2)
            for name, one in self.files.items()
        }


def worker(answer: str = JSON_OK, path: str = "/api/health", version: str = '"unknown"') -> str:
    """A worker's source; its version is the manifest's where it imports it."""
    return WORKER.format(answer=answer, path=path, version=version)


def importing(answer: str = JSON_OK, manifest: str = "../package.json") -> str:
    """The same, which imports the version from its manifest."""
    head = f'import {{ version as said }} from "{manifest}";\n'
    return head + worker(answer, version="said")


def package(name: str, version: str | None = "1.2.3", **scripts: str) -> dict[str, Any]:
    """A package.json whose test is quick."""
    return {
        "name": name,
        **({"version": version} if version else {}),
        "private": True,
        "scripts": {"test": "node --version", **scripts},
    }


def configuration(name: str, **more: object) -> dict[str, Any]:
    """A wrangler configuration."""
    return {"name": name, "main": "src/index.js", "compatibility_date": "2025-01-01", **more}


def d1(binding: str, name: str, **more: str) -> dict[str, str]:
    return {
        "binding": binding,
        "database_name": name,
        "database_id": f"the-id-of-{name}",
        **more,
    }


MIXED = """\
name = "mix-api"
main = "src/index.js"
compatibility_date = "2025-01-01"

[env.prod]
services = [{ binding = "FEED", service = "feed-of-mix" }]
kv_namespaces = [{ binding = "CACHE" }]

[env.stg]
kv_namespaces = [{ binding = "CACHE" }]
"""
PAGES = "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT);"
EVENTS = "CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT);"

SHAPES = (
    Shape(
        "top-level",
        "production at the top level, jsonc, health that says `{ ok: true }`, the worker at the root",
        {
            "package.json": package("site"),
            "wrangler.jsonc": "// the site\n" + json.dumps(configuration("site")),
            "src/index.js": worker(BARE_OK),
        },
        {"url.production": "https://site.example.com"},
    ),
    Shape(
        "top-level-and-staging",
        "production at the top level and `env.staging`, toml, version and commit in the health route, tags from before",
        {
            "package.json": package("shop"),
            "wrangler.toml": 'name = "shop"\nmain = "src/index.js"\ncompatibility_date = "2025-01-01"\n[env.staging]\n',
            "src/index.js": importing(),
        },
        {"url.production": "https://shop.example.com", "url.staging": "https://staging.shop.example.com"},
        tags=("v1.2.2", "v1.2.3"),
    ),
    Shape(
        "a-file-each",
        "a wrangler file for production alone, no health route",
        {
            "package.json": package("blog"),
            "wrangler.json": configuration("blog-dev"),
            "wrangler.production.json": configuration("blog"),
            "src/index.js": worker(path="/nothing"),
        },
        {"url.production": "https://blog.example.com", "health": "none"},
    ),
    Shape(
        "two-databases",
        "two workers joined by a service binding, two D1 databases, one with its migrations in a folder of its own",
        {
            "package.json": package("suite", None),
            "apps/api/package.json": package("api"),
            "apps/api/wrangler.json": configuration(
                "suite-api", d1_databases=[d1("DB", "main"), d1("AUDIT_DB", "audit", migrations_dir="audit")]
            ),
            "apps/api/src/index.js": importing(COMMIT),
            "apps/api/migrations/0001_pages.sql": PAGES,
            "apps/api/audit/0001_events.sql": EVENTS,
            "apps/jobs/wrangler.json": configuration("suite-jobs"),
            "apps/jobs/src/index.js": worker(),
            "apps/api/src/jobs.js": "export const name = 'jobs';\n",
        },
        {"url.production": "https://api.example.com", "workers": "jobs,api"},
        tag="api-v1.2.4",
        tables=("main", "audit"),
    ),
    Shape(
        "other-names",
        "environments named mainnet and calibration, scripts named by hand, plain text as health",
        {
            "package.json": package("ledger"),
            "wrangler.json": {
                "name": "ledger",
                "main": "src/index.js",
                "compatibility_date": "2025-01-01",
                "env": {"mainnet": {"name": "ledger-live"}, "calibration": {"name": "ledger-try"}},
            },
            "src/index.js": worker(TEXT, "/healthz"),
        },
        {
            "production": "mainnet",
            "url.production": "https://ledger.example.com",
            "url.calibration": "https://try.ledger.example.com",
        },
    ),
    Shape(
        "migrations-apart",
        "a folder with a wrangler file and no code that holds the migrations of a database which a worker binds",
        {
            "package.json": package("forum"),
            "web/wrangler.jsonc": configuration("forum", d1_databases=[d1("DB", "forum")]),
            "web/src/index.js": importing(manifest="../../package.json"),
            "db/wrangler.toml": '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "forum"\nmigrations_dir = "sql"\n',
            "db/sql/0001_pages.sql": PAGES,
        },
        {"url.production": "https://forum.example.com"},
        tables=("forum",),
    ),
    Shape(
        "no-version",
        "no package.json with a version, and no scripts",
        {
            "package.json": {"private": True},
            "workers/hook/wrangler.json": configuration("hook", env={"production": {}}),
            "workers/hook/src/index.js": worker(BARE_OK, "/health"),
        },
        {"url.production": "https://hook.example.com", "test": "node --version"},
        tag="v0.1.1",
    ),
    Shape(
        "by-hand",
        "production at the top level that somebody deployed with wrangler: no tag, no release before",
        {
            "package.json": package("desk"),
            "wrangler.jsonc": configuration("desk"),
            "src/index.js": importing(),
        },
        {"url.production": "https://desk.example.com"},
        by_hand=True,
    ),
    Shape(
        "mixed",
        "environments named prod and stg in a toml and a jsonc file, a script named by hand, KV without an id, a cron",
        {
            "package.json": package("mix"),
            "workers/api/wrangler.toml": MIXED,
            "workers/api/src/index.js": importing(manifest="../../../package.json"),
            "workers/feed/wrangler.jsonc": configuration(
                "mix-feed",
                env={"prod": {"name": "feed-of-mix"}, "stg": {}},
                triggers={"crons": ["0 * * * *"]},
            ),
            "workers/feed/src/index.js": worker(),
        },
        {
            "url.production": "https://mix.example.com",
            "url.staging": "https://stg.mix.example.com",
        },
    ),
)
