"""The real wrangler 4.156.0 against the local cloud, with a small worker of its own in a real workerd."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from release.rehearsal.cloud.envelope import Write
from release.rehearsal.loopback import DropConnection
from tests.contract.cloud_account import (
    ACCOUNT,
    COMPILED,
    DATABASE,
    TOKEN,
    miniflare,
    node,
    node_modules,
    opened,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request, Response

    from tests.contract.cloud_account import (
        Account,
    )

pytestmark = pytest.mark.rehearsal

CONFIG = {
    "name": "cms",
    "main": "index.js",
    "compatibility_date": "2026-01-01",
    "workers_dev": True,
    "version_metadata": {"binding": "CF_VERSION"},
    "d1_databases": [{"binding": "DB", "database_name": "cms-production", "database_id": DATABASE}],
}
WORKER = """import { version } from "./package.json";
export default { fetch: (request, env) => Response.json({
  version, commit: env.COMMIT_SHA, id: env.CF_VERSION.id, tag: env.CF_VERSION.tag, secret: env.KEY,
}) };"""


@dataclass(frozen=True)
class Project:
    """A worker's folder, and wrangler in it."""

    folder: Path
    account: Account

    def release(self, version: str) -> None:
        """Raise the version that the worker is built with."""
        (self.folder / "package.json").write_text(json.dumps({"version": version}), "utf-8")

    def migration(self, name: str, text: str) -> None:
        """One more migration file."""
        (self.folder / "migrations").mkdir(exist_ok=True)
        (self.folder / "migrations" / name).write_text(text, "utf-8")

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Exit code and output of a wrangler command; its stdin closes behind `stdin`."""
        settings = {
            "PATH": f"{node().parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / "xdg"),
            "WRANGLER_LOG_PATH": str(self.folder / "logs"),
            "WRANGLER_OUTPUT_FILE_PATH": str(self.folder / "output.ndjson"),
            "NODE_COMPILE_CACHE": str(COMPILED),
            "CLOUDFLARE_API_BASE_URL": self.account.cloud.base_url,
            "CLOUDFLARE_API_TOKEN": TOKEN,
            "CLOUDFLARE_ACCOUNT_ID": ACCOUNT,
            **dict.fromkeys(("WRANGLER_SEND_METRICS", "WRANGLER_SEND_ERROR_REPORTS"), "false"),
            "CI": "1",
            "NO_COLOR": "1",
            "WRANGLER_HIDE_BANNER": "true",
        }
        command = [
            str(node()),
            "--no-warnings",
            str(node_modules() / "wrangler/wrangler-dist/cli.js"),
            *arguments,
        ]
        return subprocess.run(
            command,
            cwd=self.folder,
            env=settings,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )

    def wrangler(self, *arguments: str, stdin: str = "") -> str:
        """Stdout of a wrangler command that must succeed and ask nothing that the cloud does not know."""
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        assert self.account.cloud.api.unrouted == []
        return done.stdout

    def deploy(self, tag: str, commit: str) -> str:
        """Deploy; the version's id out of wrangler's own output file."""
        self.wrangler("deploy", "--tag", tag, "--message", f"release {tag}", "--var", f"COMMIT_SHA:{commit}")
        lines = (self.folder / "output.ndjson").read_text("utf-8").splitlines()
        entry = [json.loads(line) for line in lines if '"type":"deploy"' in line][-1]
        return str(entry["version_id"])

    def ledger(self) -> list[str]:
        """The names that the database's ledger holds."""
        return [row["name"] for row in self.account.sql("SELECT name FROM d1_migrations ORDER BY id")[0]]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    folder = tmp_path / "worker"
    folder.mkdir()
    (folder / "wrangler.json").write_text(json.dumps(CONFIG), "utf-8")
    (folder / "index.js").write_text(WORKER, "utf-8")
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        project = Project(folder, account)
        project.release("1.2.3")
        yield project


@pytest.mark.whole  # a release and a rollback on the stage do the same
def test_deploy_deploy_again_and_roll_back(project: Project) -> None:
    first = project.deploy("cms-v1.2.3", "aaa")
    health = project.account.get("/").json()
    assert health == {"version": "1.2.3", "commit": "aaa", "id": first, "tag": "cms-v1.2.3"}

    project.release("1.2.4")
    second = project.deploy("cms-v1.2.4", "bbb")
    assert project.account.get("/").json()["version"] == "1.2.4"
    versions = json.loads(project.wrangler("versions", "list", "--json"))
    assert [(version["id"], version["annotations"]["workers/tag"]) for version in versions] == [
        (first, "cms-v1.2.3"),
        (second, "cms-v1.2.4"),
    ]
    status = json.loads(project.wrangler("deployments", "status", "--json"))
    assert status["versions"] == [{"version_id": second, "percentage": 100}]
    assert status["annotations"]["workers/message"] == "release cms-v1.2.4"

    project.wrangler("rollback", first, "-y", "-m", "rollback cms-v1.2.4 -> cms-v1.2.3: broken")
    assert project.account.get("/").json()["version"] == "1.2.3"
    deployments = json.loads(project.wrangler("deployments", "list", "--json"))
    assert [one["versions"][0]["version_id"] for one in deployments] == [first, second, first]
    assert "broken" in deployments[-1]["annotations"]["workers/message"]


def test_an_uploaded_version_is_deployed_by_its_id(project: Project) -> None:
    project.deploy("cms-v1.2.3", "aaa")
    project.release("1.2.4")
    project.wrangler("versions", "upload", "--tag", "cms-v1.2.4")
    assert project.account.get("/").json()["version"] == "1.2.3"
    newest = project.account.script("GET", "/versions")["items"][0]["id"]
    project.wrangler("versions", "deploy", f"{newest}@100%", "-y")
    assert project.account.get("/").json()["version"] == "1.2.4"


def test_a_secret_makes_an_untagged_version_that_later_deploys_keep(project: Project) -> None:
    project.deploy("cms-v1.2.3", "aaa")
    project.wrangler("secret", "put", "KEY", stdin="hush")
    health = project.account.get("/").json()
    assert (health["secret"], health["tag"]) == ("hush", "")
    assert json.loads(project.wrangler("secret", "list")) == [{"name": "KEY", "type": "secret_text"}]
    project.deploy("cms-v1.2.4", "bbb")
    assert project.account.get("/").json()["secret"] == "hush"


def test_a_throw_at_load_is_refused_and_nothing_is_deployed(project: Project) -> None:
    first = project.deploy("cms-v1.2.3", "aaa")
    (project.folder / "index.js").write_text('throw new Error("boom at load"); export default {};', "utf-8")
    done = project.run("deploy")
    assert done.returncode == 1
    assert "boom at load" in done.stdout + done.stderr
    assert "10021" in done.stdout + done.stderr
    assert project.account.get("/").json()["id"] == first


def test_a_lost_answer_fails_wrangler_although_the_version_serves(project: Project) -> None:
    project.deploy("cms-v1.2.3", "aaa")
    project.release("1.2.4")

    def lose(request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path.endswith("/deployments"):
            raise DropConnection
        return response

    project.account.cloud.after = lose
    assert project.run("deploy", "--tag", "cms-v1.2.4").returncode == 1
    project.account.cloud.after = None
    assert project.account.get("/").json()["version"] == "1.2.4"


def test_the_wrong_token_is_refused_before_any_write(project: Project) -> None:
    done = project.run("deploy", "--dry-run")
    assert done.returncode == 0
    project.account.cloud.api._token = "another"
    assert project.run("deploy").returncode == 1
    assert project.account.cloud.log == ()


def test_migrations_are_listed_and_applied_once(project: Project) -> None:
    project.migration("0001_pages.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY, title TEXT);\n")
    project.migration("0002_seed.sql", "INSERT INTO pages (title) VALUES ('a;b'); -- done\n")
    listed = project.wrangler("d1", "migrations", "list", "cms-production", "--remote")
    assert "0001_pages.sql" in listed
    assert "0002_seed.sql" in listed
    project.wrangler("d1", "migrations", "apply", "cms-production", "--remote")
    assert project.ledger() == ["0001_pages.sql", "0002_seed.sql"]
    assert project.account.sql("SELECT title FROM pages") == [[{"title": "a;b"}]]
    assert "No migrations" in project.wrangler("d1", "migrations", "apply", "cms-production", "--remote")


def test_a_migration_that_fails_in_mid_file_leaves_the_earlier_ones_alone(project: Project) -> None:
    project.migration("0001_pages.sql", "CREATE TABLE pages (id INTEGER PRIMARY KEY);\n")
    project.migration("0002_bad.sql", "CREATE TABLE half (id);\nINSERT INTO nowhere VALUES (1);\n")
    project.migration("0003_later.sql", "CREATE TABLE later (id);\n")
    done = project.run("d1", "migrations", "apply", "cms-production", "--remote")
    assert done.returncode == 1
    assert "no such table: nowhere" in done.stdout + done.stderr
    assert project.ledger() == ["0001_pages.sql"]
    tables = project.account.sql("SELECT name FROM sqlite_schema WHERE name IN ('pages', 'half', 'later')")
    assert tables == [[{"name": "pages"}]]


@pytest.mark.parametrize("text", ["BEGIN; CREATE TABLE t (a); COMMIT;\n", "CREATE TABLE t (a)"])
def test_a_transaction_or_a_missing_semicolon_fails_remotely(project: Project, text: str) -> None:
    project.migration("0001_t.sql", text)
    assert project.run("d1", "migrations", "apply", "cms-production", "--remote").returncode == 1
    assert project.ledger() == []


def test_execute_export_and_time_travel(project: Project) -> None:
    file = project.folder / "seed.sql"
    file.write_text("CREATE TABLE t (a);\nINSERT INTO t VALUES (';');\n", "utf-8")
    remote = ("cms-production", "--remote")
    project.wrangler("d1", "execute", *remote, "--file", str(file), "-y")
    answer = json.loads(project.wrangler("d1", "execute", *remote, "--command", "SELECT a FROM t", "--json"))
    assert answer[0]["results"] == [{"a": ";"}]

    dump = project.folder / "dump.sql"
    project.wrangler("d1", "export", *remote, "--output", str(dump))
    assert 'INSERT INTO "t" ("a") VALUES(\';\');' in dump.read_text("utf-8")

    bookmark = json.loads(project.wrangler("d1", "time-travel", "info", "cms-production", "--json"))[
        "bookmark"
    ]
    project.account.sql("DROP TABLE t")
    project.wrangler("d1", "time-travel", "restore", "cms-production", f"--bookmark={bookmark}", "--json")
    assert project.account.sql("SELECT a FROM t") == [[{"a": ";"}]]


def test_whoami_names_the_account(project: Project) -> None:
    assert ACCOUNT in project.wrangler("whoami")


def test_a_second_deploy_makes_exactly_these_writes(project: Project) -> None:
    project.deploy("cms-v1.2.3", "aaa")
    before = len(project.account.cloud.log)
    version = project.deploy("cms-v1.2.4", "bbb")
    script = "/workers/scripts/cms"
    assert project.account.cloud.log[before:] == (
        Write("POST", f"{script}/versions", f"upload cms {version} cms-v1.2.4"),
        Write("POST", f"{script}/deployments", f"deploy cms {version}@100%"),
        Write("PATCH", f"{script}/script-settings", "settings cms"),
        Write("POST", f"{script}/subdomain", "subdomain cms"),
    )
