"""A monorepo of a few lines: what a double releases, as files and as the commits that hold them."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Files = dict[str, bytes | str]

RELEASED = "1.2.3"
MANIFEST = "apps/cms/package.json"
LOCKFILE = "package-lock.json"
MIGRATIONS = "apps/cms/migrations"
AUDIT = "apps/mcp/audit"  # the migrations of a second database, where there is one
CONFIG = """\
[tool.release]
branch = "main"
remote = "origin"
identity = { name = "Release", email = "release@example.com" }

[tool.release.app]
name = "cms"
manifest = "apps/cms/package.json"
tag = "cms-v{version}"
bump_also = [{ file = "package-lock.json", key = ["packages", "apps/cms", "version"] }]

[tool.release.policy]
schema = "off"
api = "off"
commits = "off"

[tool.release.test]
commands = [{ run = ["true"] }]

[[tool.release.workers]]
name = "mcp"
path = "apps/mcp"
script = "double-mcp-{environment}"
vars = { COMMIT_SHA = "{commit}" }

[[tool.release.workers]]
name = "cms"
path = "apps/cms"
script = "double-cms-{environment}"
vars = { COMMIT_SHA = "{commit}" }

[tool.release.database]
worker = "cms"
migrations = "apps/cms/migrations"

[tool.release.environments.production]
wrangler = "production"
url = "https://cms.example.com"
database = "double-production"
badge = { selector = ".version-badge", attribute = "data-version" }

[tool.release.environments.staging]
wrangler = "staging"
url = "https://staging.cms.example.com"
database = "double-staging"
"""
SEVERAL = f"""\
[[tool.release.databases]]
name = "main"
worker = "cms"
migrations = "{MIGRATIONS}"

[[tool.release.databases]]
name = "audit"
worker = "mcp"
binding = "AUDIT"
migrations = "{AUDIT}"
"""
_ONE = """\
[tool.release.database]
worker = "cms"
migrations = "apps/cms/migrations"
"""
_AUTHOR = "Ada <ada@example.com>"
_SINCE = 1_767_000_000  # the first commit's date


def files(version: str = RELEASED) -> Files:
    """The monorepo at a release: two workers, a manifest and its lockfile, two migrations."""
    lock = {"name": "double", "lockfileVersion": 3, "packages": {"": {}, "apps/cms": {"version": version}}}
    return {
        "pyproject.toml": CONFIG,
        ".gitignore": ".release/\nnode_modules/\n",
        MANIFEST: json.dumps({"name": "@double/cms", "version": version, "private": True}, indent=2) + "\n",
        LOCKFILE: json.dumps(lock, indent=2) + "\n",
        "apps/cms/worker.js": "export default { fetch: () => new Response(version) };\n",
        "apps/mcp/worker.js": "export default { fetch: () => new Response(version) };\n",
        f"{MIGRATIONS}/0001_pages.sql": "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n",
        f"{MIGRATIONS}/0002_users.sql": "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE);\n",
    }


def two_databases(text: str = CONFIG) -> Files:
    """What differs where the mcp has a database of its own, called audit: the configuration, and its first migration."""
    text = text.replace(_ONE, SEVERAL)
    for name in ("production", "staging"):
        named = f'{{ main = "double-{name}", audit = "double-audit-{name}" }}'
        text = text.replace(f'database = "double-{name}"', f"databases = {named}")
    return {
        "pyproject.toml": text,
        f"{AUDIT}/0001_events.sql": "CREATE TABLE events (id INTEGER PRIMARY KEY, what TEXT NOT NULL);\n",
    }


def work() -> Files:
    """What came since that release: a migration, and code that uses it."""
    return {
        f"{MIGRATIONS}/0003_slug.sql": "ALTER TABLE pages ADD COLUMN slug TEXT;\n",
        "apps/cms/worker.js": "export default { fetch: () => new Response(version + 'slug') };\n",
    }


@dataclass(frozen=True)
class NewCommit:
    """A commit to be made: its message, and what changes, path -> content (None: the file goes).

    A file that names its interpreter can be executed.
    """

    message: str
    files: Mapping[str, bytes | str | None]
    tag: str | None = None


def import_commits(
    repository: Path,
    commits: list[NewCommit],
    *,
    environ: Mapping[str, str],
    branch: str = "main",
    at: int = 0,
) -> list[str]:
    """Put commits on the tip of a branch of a bare repository, with one process; their ids.

    `at` is how many commits came before: dates follow from it, so that ids are the same at every run.
    """
    exists = (repository / "refs" / "heads" / branch).is_file()
    parents = [f"refs/heads/{branch}^0" if exists else None, *(f":{mark}" for mark in range(1, len(commits)))]
    spelled = (
        _spelled(one, parent, mark, branch, _SINCE + (at + mark) * 3600)
        for mark, (one, parent) in enumerate(zip(commits, parents, strict=True), 1)
    )
    done = subprocess.run(
        ["git", "fast-import", "--quiet"],
        cwd=repository,
        env=dict(environ),
        input=b"".join(spelled),
        check=True,
        capture_output=True,
    )
    return done.stdout.decode().split()


def _spelled(commit: NewCommit, parent: str | None, mark: int, branch: str, seconds: int) -> bytes:
    """One commit in git-fast-import's own language; git prints its id."""
    who = f"{_AUTHOR} {seconds} +0000"
    parts = [f"commit refs/heads/{branch}\nmark :{mark}\nauthor {who}\ncommitter {who}\n".encode()]
    parts.append(_data(commit.message.encode()))
    parts.append(f"from {parent}\n".encode() if parent else b"")
    for path, content in commit.files.items():
        if content is None:
            parts.append(f"D {path}\n".encode())
        else:
            data = _bytes(content)
            mode = "100755" if data.startswith(b"#!") else "100644"
            parts += [f"M {mode} inline {path}\n".encode(), _data(data)]
    if commit.tag:
        parts.append(f"tag {commit.tag}\nfrom :{mark}\ntagger {who}\n".encode())
        parts.append(_data(commit.tag.encode()))
    parts.append(f"get-mark :{mark}\n".encode())
    return b"".join(parts)


def _data(content: bytes) -> bytes:
    return b"data %d\n" % len(content) + content + b"\n"


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
