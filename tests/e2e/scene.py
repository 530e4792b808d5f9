"""A running stage as a person at a terminal has it: commands to give, and eyes that do not use this tool's own code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping

    from release.rehearsal.stage import Stage

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = "examples/cms/apps/cms/package.json"
LOCKFILE = "examples/cms/package-lock.json"
MIGRATIONS = "examples/cms/apps/cms/migrations"
CMS = "examples/cms/apps/cms/src"
MCP = "examples/cms/apps/mcp/src"
WORKERS = ("mcp", "cms")
TIMEOUT = httpx.Timeout(30.0)


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said on both ends."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on stdout; fails when there is anything else."""
        value: dict[str, Any] = json.loads(self.out)
        return value

    @property
    def steps(self) -> dict[str, str]:
        """Step -> outcome."""
        return {step["name"]: step["outcome"] for step in self.answer["steps"]}

    def __str__(self) -> str:
        """All of it, for a failed assertion."""
        return f"exit {self.code}\n{self.out}\n{self.err}"


def failed(ended: Ended, step: str, code: int, *said: str) -> None:
    """The run ended at this step with this code, and told a person these words."""
    assert ended.code == code, str(ended)
    assert ended.answer["outcome"] == {1: "failed", 3: "unrecorded"}[code]
    assert next(name for name, outcome in ended.steps.items() if outcome == "failed") == step
    for words in said:
        assert words in ended.err, ended.err


def inv(*words: str, root: Path = ROOT, environ: dict[str, str] | None = None) -> Ended:
    """Run `inv` as ./inv starts it, in a process of its own."""
    done = subprocess.run(
        invocation(*words, root=root),
        cwd=root,
        env=environ if environ is not None else bare_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def invocation(*words: str, root: Path = ROOT) -> list[str]:
    """The line that ./inv ends with, for a repository that needs no .venv of its own."""
    return [sys.executable, "-P", "-m", "release.program", "--search-root", str(root), *words]


def bare_environment() -> dict[str, str]:
    """This process's environment without anything that names a stage or an account."""
    names = ("CLOUDFLARE_", "GITHUB_", "GIT_", "RELEASE_", "ACTIONS_", "COV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(names)}


class Scene:
    """One stage with everything live on it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.clone = stage.clone
        self.environ = bare_environment() | stage.environment | {"RELEASE_STAGE_OF": str(ROOT)}

    # what a person does

    def inv(self, *words: str) -> Ended:
        """A command on the stage."""
        return inv(*words, environ=self.environ)

    def release(self, *words: str) -> Ended:
        """`inv release --yes --json`, after which nothing of the tool has broken."""
        ended = self.inv("release", "--yes", "--json", *words)
        assert "Traceback" not in ended.err, ended.err
        return ended

    def git(self, *words: str) -> str:
        """What git says in the clone."""
        done = subprocess.run(
            ["git", *words], cwd=self.clone, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self, subject: str, files: Mapping[str, str | None]) -> str:
        """Write files (a None takes one away), commit and push them to main; the commit's id."""
        self.write(files)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files into the work tree."""
        for name, text in files.items():
            path = self.clone / name
            if text is None:
                path.unlink()
            else:
                path.write_text(text, "utf-8")

    def read(self, name: str) -> str:
        """A file of the work tree."""
        return (self.clone / name).read_text("utf-8")

    def revert(self) -> str:
        """Take the last commit back, on main."""
        self.git("revert", "--no-edit", "HEAD")
        self.git("push", "--quiet", "origin", "main")
        return self.git("rev-parse", "HEAD")

    # what is really there

    @property
    def url(self) -> str:
        """Where production answers."""
        return self.environ["RELEASE_PRODUCTION_URL"]

    def health(self, environment: str = "PRODUCTION") -> dict[str, Any]:
        """What workerd answers."""
        address = self.environ[f"RELEASE_{environment}_URL"]
        answer: dict[str, Any] = httpx.get(f"{address}/api/health", timeout=TIMEOUT).json()
        return answer

    def refs(self) -> dict[str, str]:
        """Branches and tags of the remote; a tag as the commit that it names. The lock's ref is left out."""
        lines = [line.split("\t") for line in self.git("ls-remote", "origin").splitlines()]
        refs = {ref: oid for oid, ref in lines if ref.startswith(("refs/heads/", "refs/tags/"))}
        return {ref: refs.get(f"{ref}^{{}}", oid) for ref, oid in refs.items() if not ref.endswith("^{}")}

    def record(self, environment: str = "production") -> dict[str, Any]:
        """The environment's record, as any git shows it."""
        ref = f"refs/release/{environment}"
        self.git("fetch", "--quiet", "origin", ref)
        name = self.git("ls-tree", "--name-only", "FETCH_HEAD")
        value: dict[str, Any] = json.loads(self.git("show", f"FETCH_HEAD:{name}"))
        return value

    def cloudflare(self, method: str, path: str, **more: Any) -> Any:  # noqa: ANN401 - JSON
        """The result of a request to Cloudflare's API, below the account."""
        address = (
            f"{self.environ['CLOUDFLARE_API_BASE_URL']}/accounts/{self.environ['CLOUDFLARE_ACCOUNT_ID']}"
        )
        token = {"Authorization": f"Bearer {self.environ['CLOUDFLARE_API_TOKEN']}"}
        answer = httpx.request(method, f"{address}{path}", headers=token, timeout=TIMEOUT, **more)
        assert answer.is_success, answer.text
        return answer.json()["result"]

    def live(self, environment: str = "production") -> dict[str, tuple[str, str]]:
        """Worker -> id and tag of the version that has all the traffic."""
        found = {}
        for worker in WORKERS:
            script = (
                f"/workers/scripts/alokai-cms-{worker}-{environment}"
                if worker == "mcp"
                else f"/workers/scripts/alokai-cms-{environment}"
            )
            (share,) = self.cloudflare("GET", f"{script}/deployments")["deployments"][0]["versions"]
            version = self.cloudflare("GET", f"{script}/versions/{share['version_id']}")
            found[worker] = (share["version_id"], version["annotations"].get("workers/tag", ""))
        return found

    def sql(self, statement: str, environment: str = "production") -> list[dict[str, Any]]:
        """The rows that D1 answers."""
        (uuid,) = [
            one["uuid"]
            for one in self.cloudflare("GET", "/d1/database")
            if one["name"] == f"cms-{environment}"
        ]
        result = self.cloudflare("POST", f"/d1/database/{uuid}/query", json={"sql": statement})
        rows: list[dict[str, Any]] = result[-1]["results"]
        return rows

    def ledger(self, environment: str = "production") -> list[str]:
        """The names in the ledger."""
        return [row["name"] for row in self.sql("SELECT name FROM d1_migrations ORDER BY id", environment)]

    def github(self, path: str) -> httpx.Response:
        """What GitHub's API answers below the repository."""
        address = f"{self.environ['GITHUB_API_URL']}/repos/{self.environ['GITHUB_REPOSITORY']}{path}"
        token = {"Authorization": f"Bearer {self.environ['GITHUB_TOKEN']}"}
        return httpx.get(address, headers=token, timeout=TIMEOUT)

    def tree(self) -> tuple[str, str]:
        """The work tree: its commit, and what differs."""
        return self.git("rev-parse", "HEAD"), self.git("status", "--porcelain")

    def facts(self) -> dict[str, Any]:
        """All that a release may change, to be compared with itself."""
        schema = self.sql("SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
        return {
            "refs": self.refs(),
            "live": self.live(),
            "ledger": self.ledger(),
            "schema": schema,
            "tree": self.tree(),
            "releases": len(self.github("/releases").json()),
        }

    def writes(self) -> tuple[object, ...]:
        """Every change that cloud and forge have taken since the stage was started."""
        return (*self.stage.cloud.log, *self.stage.forge.log)
