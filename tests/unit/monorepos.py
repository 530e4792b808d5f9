"""Monorepos as they are found in the wild, for `inv init`: npm, yarn and pnpm, JSONC and TOML."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from release.rehearsal.checkout import git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Files = dict[str, str]
ENVIRON = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{
        f"GIT_{role}_{part}": "ada@example.com"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    },
}
HEALTH = 'if (url.pathname === "/healthz") return Response.json({ status: "ok", version });\n'


def manifest(name: str, version: str | None = None, **scripts: str) -> str:
    """A package.json; a script's name has _ for a colon."""
    found = {key.replace("_", ":"): text for key, text in scripts.items()}
    return json.dumps({"name": name, **({"version": version} if version else {}), "scripts": found}, indent=2)


def wrangler(name: str, main: str, environments: Mapping[str, object]) -> str:
    """A wrangler.json."""
    return json.dumps({"name": name, "main": main, "env": environments})


def npm_workspaces() -> Files:
    """Two workers in JSONC with a service binding, a database with migrations, two published packages, an npm lockfile."""
    lock = {"packages": {"": {}, "apps/web": {"version": "2.0.1"}, "apps/queue": {"version": "0.0.0"}}}
    web = {
        name: {
            "routes": [route],
            "services": [{"binding": "Q", "service": f"acme-queue-{name}"}],
            "d1_databases": [{"binding": "DB", "database_name": f"acme-{name}", "database_id": "0"}],
        }
        for name, route in {
            "production": {"pattern": "acme.example.com", "custom_domain": True},
            "staging": "staging.acme.example.com/*",
        }.items()
    }
    return {
        "package.json": manifest("acme", None, build="tsc -b", test="vitest run", lint="eslint ."),
        "package-lock.json": json.dumps(lock),
        "apps/web/package.json": manifest("@acme/web", "2.0.1"),
        "apps/web/wrangler.jsonc": f"// the site\n{wrangler('acme-web', 'src/index.ts', web)[:-1]}, }}",
        "apps/web/src/index.ts": HEALTH,
        "apps/web/migrations/0001_pages.sql": "CREATE TABLE pages (id INTEGER);",
        "apps/queue/package.json": manifest("@acme/queue", "0.0.0"),
        "apps/queue/wrangler.json": wrangler(
            "acme-queue", "index.js", {"production": {}, "staging": {}, "dev": {}}
        ),
        "apps/queue/index.js": "export default {};\n",
        "packages/api/package.json": manifest("@acme/api", "1.0.0"),
    }


def yarn_workspaces() -> Files:
    """A worker that `deploy:prod` builds and deploys; yarn from version 2 on, an environment named prod, master."""
    return {
        "package.json": manifest("shop", None, test="yarn workspaces foreach --all run test"),
        "yarn.lock": "__metadata:\n  version: 8\n",
        "workers/shop/package.json": manifest(
            "shop-worker", "3.1.0", build="vite build", deploy_prod="vite build && wrangler deploy --env prod"
        ),
        "workers/shop/wrangler.jsonc": '{ "name": "shop", "main": "dist/index.js", "env": { "prod": { "name": "shop-prod" } } }',
        "workers/shop/src/index.ts": "export default {};\n",
    }


def pnpm_monorepo() -> Files:
    """pnpm in a folder below the top; a build that no script of deploy does; two workers, one without production."""
    return {
        "README.md": "# Site\n",
        "site/package.json": manifest(
            "site", "0.4.0", test='echo "Error: no test specified" && exit 1', lint="biome check"
        ),
        "site/pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
        "site/apps/web/package.json": manifest("web", None, build="astro build"),
        "site/apps/web/wrangler.jsonc": wrangler("web", "dist/_worker.js", {"production": {}, "staging": {}}),
        "site/apps/lab/wrangler.jsonc": '{ "name": "lab", "main": "index.js" }',
    }


def toml_worker() -> Files:
    """One worker in the repository's top, in TOML, with an existing pyproject.toml."""
    return {
        "package.json": manifest("hook", "1.4.0", test="node --test"),
        "package-lock.json": json.dumps({"version": "1.4.0", "packages": {"": {"version": "1.4.0"}}}),
        "wrangler.toml": 'name = "hook"\nmain = "src/index.js"\n[env.production]\nroute = "hook.example.com/*"\n'
        '[[env.production.d1_databases]]\nbinding = "DB"\ndatabase_name = "hook"\ndatabase_id = "0"\nmigrations_dir = "sql"\n',
        "sql/0001_calls.sql": "CREATE TABLE calls (id INTEGER);",
        "src/index.js": HEALTH,
        "pyproject.toml": "# our tools\n[tool.ruff]   # strict\nline-length = 100\n",
    }


def made(folder: Path, files: Mapping[str, str], *tags: str, branch: str = "main") -> Path:
    """The repository of these files, committed on `branch`, with these tags."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    git(folder, ENVIRON, "init", "--quiet", f"--initial-branch={branch}")
    git(folder, ENVIRON, "add", "--all")
    git(folder, ENVIRON, "commit", "--quiet", "--message", "feat: begun")
    for tag in tags:
        git(folder, ENVIRON, "tag", tag)
    return folder
