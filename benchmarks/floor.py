"""The floor under `inv plan`: an Invoke task that asks git and the two APIs the same, and does nothing with the answers.

    inv --collection floor --search-root benchmarks reads

It is run in a checkout, with the variables of a stage or of a double. What a plan cannot know without asking is
asked; no value is decoded that no later question needs.
"""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING, Any

import httpx
from invoke.tasks import task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from invoke.context import Context

ENVIRONMENTS = ("production", "staging")
WORKERS = ("mcp", "cms")
RECORD = "refs/release/production"
PATHS = ("apps/cms/package.json", "package-lock.json", "apps/cms/migrations")


@task
def reads(context: Context) -> None:
    """Ask everything once."""
    del context
    head, tag = ask_git(os.environ)
    print(tag, ask_http(os.environ, head, tag))


def ask_git(environ: Mapping[str, str], root: str = ".") -> tuple[str, str]:
    """Ask git what a plan asks, with four processes, or five where something is missing; HEAD and the last tag."""
    status = git(environ, root, "status", "--porcelain=v2", "--branch", "-z")
    refs = git(environ, root, "ls-remote", "--quiet", "origin", "refs/heads/main", "refs/tags/cms-v*", RECORD)
    ids = {name: oid for oid, name in (line.split("\t") for line in refs.splitlines())}
    tag = max((name for name in ids if not name.endswith("^{}")), key=_number)
    wanted = ["HEAD^{tree}", *(f"HEAD:{path}" for path in PATHS), *ids.values()]
    if "missing" in git(environ, root, "cat-file", "--batch", data="\n".join(wanted)):
        git(environ, root, "fetch", "--quiet", "--no-tags", "origin", "refs/heads/main", RECORD)
    git(environ, root, "log", "--format=%H %P %s", "HEAD", f"^{ids[tag + '^{}']}")
    return status.removeprefix("# branch.oid ").partition("\0")[0], tag.removeprefix("refs/tags/")


def ask_http(environ: Mapping[str, str], head: str, tag: str) -> int:
    """Ask Cloudflare, GitHub and the health route what a plan asks; how many requests that took."""
    cloud = f"{environ['CLOUDFLARE_API_BASE_URL']}/accounts/{environ['CLOUDFLARE_ACCOUNT_ID']}"
    mine = {"authorization": f"Bearer {environ['CLOUDFLARE_API_TOKEN']}"}
    forge = f"{environ['GITHUB_API_URL']}/repos/{environ['GITHUB_REPOSITORY']}"
    theirs = {"authorization": f"Bearer {environ['GITHUB_TOKEN']}"}
    count = 0
    with httpx.Client() as client:

        def ask(url: str, headers: dict[str, str], sql: str = "") -> Any:  # noqa: ANN401  # whatever JSON comes
            nonlocal count
            count += 1
            sent: dict[str, Any] = {"method": "POST", "json": {"sql": sql}} if sql else {"method": "GET"}
            return client.request(url=url, headers=headers, **sent).json()

        for name in ENVIRONMENTS:
            for worker in WORKERS:
                script = f"{cloud}/workers/scripts/double-{worker}-{name}"
                deployments = ask(f"{script}/deployments", mine)["result"]["deployments"]
                ask(f"{script}/versions/{deployments[0]['versions'][0]['version_id']}", mine)
            uuid = ask(f"{cloud}/d1/database?name=double-{name}", mine)["result"][0]["uuid"]
            sql = "SELECT type, name, sql FROM sqlite_master; SELECT name FROM d1_migrations ORDER BY id"
            ask(f"{cloud}/d1/database/{uuid}/query", mine, sql)
            ask(f"{environ[f'RELEASE_{name.upper()}_URL']}/api/health", {})
        for about in ("check-runs?per_page=100&filter=latest", "status?per_page=100"):
            ask(f"{forge}/commits/{head}/{about}", theirs)
        ask(f"{forge}/releases/tags/{tag}", theirs)
        ask(f"{forge}/environments/production", theirs)
    return count


def git(environ: Mapping[str, str], root: str, *words: str, data: str = "") -> str:
    """What one git process says."""
    done = subprocess.run(
        ["git", *words], cwd=root, env=dict(environ), input=data.encode(), capture_output=True, check=True
    )
    return done.stdout.decode(errors="replace")


def _number(tag: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", tag))
