"""What is made of wrangler's exit code, its words and its output file; a shell script plays wrangler."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from release.errors import EffectError, UsageError
from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database
from release.model.migrating import ApplyMigrations
from release.model.release import Release
from release.model.repository import Migration
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask
from release.systems.npm.node import node, wrangler
from tests.unit.worlds import CONFIGURED

RELEASE = Release("cms", "production", "b" * 40, "1.2.3", "cms-v1.2.3", "1.2.4", "cms-v1.2.4", "c" * 40)
MCP, CMS = CONFIGURED.workers
DEPLOYED = """echo '{"type":"deploy","version_id":"v1"}' >> "$WRANGLER_OUTPUT_FILE_PATH"\n"""
EFFECT = ApplyMigrations(
    Database("double-production", "uuid", (), (), "schema log"),
    (Migration("0005_x.sql", b"", ""), Migration("0006_drop/migration.sql", b"DROP TABLE media;", "")),
    Rules("apps/cms/migrations", "**/*.sql"),
)
FAILED = """echo '{"type":"command-failed","message":"no such \\u001b[31mbinding\\u001b[0m"}' >> "$WRANGLER_OUTPUT_FILE_PATH"\n"""


class Played:
    """A repository whose node is a script: it plays wrangler, and notes what it was called with."""

    def __init__(self, root: Path, script: str) -> None:
        self.calls = root / "calls"
        cli = root / "node_modules/wrangler/wrangler-dist/cli.js"
        cli.parent.mkdir(parents=True)
        cli.write_text("")
        (root / CMS.path).mkdir(parents=True)
        path = root / "bin" / "node"
        path.parent.mkdir()
        noting = f'[ "$1" = --version ] && echo v24.0.0 && exit\nprintf "%s\\n" "$@" > {self.calls}\necho "$@" >> {root}/all\n'
        path.write_text(f"#!/bin/sh\n{noting}{script}")
        path.chmod(0o755)
        environ = {"PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}", "API_TOKEN": "s3cret-t0ken"}
        self.served: list[tuple[str, ...]] = []
        self.wrangler = Wrangler(root, environ, Mask.of(environ), lambda *words: self.served.append(words))
        self.told: list[str] = []

    def deploy(self, worker: object = CMS, message: str = "was v0 base b") -> str:
        """Deploy for production."""
        return self.wrangler.deploy(worker, "production", RELEASE, message, self.told.append)  # type: ignore[arg-type]

    def migrate(self) -> None:
        """Migrate the production database."""
        self.wrangler.migrate(CMS.path, "production", EFFECT, self.told.append)


def test_a_deployment_is_marked_and_reports_its_version(tmp_path: Path) -> None:
    played = Played(tmp_path, DEPLOYED)
    assert played.deploy() == "v1"
    assert played.calls.read_text().splitlines() == [
        "--no-warnings",
        str(tmp_path / "node_modules/wrangler/wrangler-dist/cli.js"),
        *("deploy", "--env", "production"),
        *("--tag", f"cms-v1.2.4+{'c' * 40}"),
        *("--message", "was v0 base b"),
        *("--var", f"COMMIT_SHA:{'c' * 40}"),
    ]


def test_a_long_message_is_cut(tmp_path: Path) -> None:
    played = Played(tmp_path, DEPLOYED)
    played.deploy(message="x" * 200)
    assert "x" * 100 in played.calls.read_text().splitlines()


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("exit 0", "wrangler ended well, but reports no deployed version"),
        (
            "echo torn{ >> $WRANGLER_OUTPUT_FILE_PATH; echo 7 >> $WRANGLER_OUTPUT_FILE_PATH",
            "reports no deployed",
        ),
        (
            """echo '{"type":"deploy","version_id":null}' >> $WRANGLER_OUTPUT_FILE_PATH""",
            "reports no deployed",
        ),
        (f"{FAILED}exit 1", "wrangler failed: no such binding"),
        (
            """echo '{"type":"command-failed","message":"A request failed.","code":10021}' >> $WRANGLER_OUTPUT_FILE_PATH;
            echo 'X [ERROR] A request failed.'; echo; echo '  boom [code: 10021]'; exit 1""",
            "exit code 1: X [ERROR] A request failed. boom [code: 10021]",
        ),
        (
            """echo '{"type":"command-failed","message":"no","code":7}' >> $WRANGLER_OUTPUT_FILE_PATH; exit 1""",
            "wrangler failed: no [code: 7]",
        ),
        ("echo building; echo 'X [ERROR] no such file'; exit 1", "exit code 1: X [ERROR] no such file"),
        ("exit 1", "exit code 1: it said nothing"),
        ("echo s3cret-t0ken; exit 1", "exit code 1: ***"),
    ],
)
def test_what_did_not_deploy_is_told_in_wranglers_words(tmp_path: Path, script: str, words: str) -> None:
    with pytest.raises(EffectError) as raised:
        Played(tmp_path, script).deploy()
    assert words in raised.value.what


def test_a_deployment_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    worker = msgspec.structs.replace(CMS, deadline=1)
    with pytest.raises(EffectError, match="wrangler deploy did not end within 1 s and was stopped"):
        Played(tmp_path, "sleep 600").deploy(worker)


def test_a_build_runs_in_the_workers_folder_and_deploys_nothing(tmp_path: Path) -> None:
    played = Played(tmp_path, DEPLOYED)
    worker = msgspec.structs.replace(CMS, build=("sh", "-c", "echo built in $(basename $PWD)"))
    played.wrangler.build(worker, "production", played.told.append)
    assert played.told == ["built in cms"]
    assert not played.calls.exists()


def test_a_build_that_fails_is_named_by_its_worker(tmp_path: Path) -> None:
    played = Played(tmp_path, DEPLOYED)
    worker = msgspec.structs.replace(CMS, build=("sh", "-c", "exit 2"))
    with pytest.raises(EffectError, match="the build of cms ended with exit code 2"):
        played.wrangler.build(worker, "production", played.told.append)


def test_of_a_failed_build_its_first_error_is_told(tmp_path: Path) -> None:
    lines = ("built", "error during build:", "no such import", "    at a.js:1", "error: build failed")
    worker = msgspec.structs.replace(CMS, build=("sh", "-c", 'printf "%s\\n" "$@"; exit 1', "sh", *lines))
    with pytest.raises(EffectError) as raised:
        Played(tmp_path, DEPLOYED).wrangler.build(worker, "production", print)
    assert raised.value.what.endswith("1: error during build: no such import error: build failed")


def test_an_own_deploy_command_gets_the_marks_appended(tmp_path: Path) -> None:
    played = Played(tmp_path, "exit 9")
    own = ("sh", "-c", f"{DEPLOYED}echo $0 $@", "yarn")
    assert played.deploy(msgspec.structs.replace(CMS, deploy=own)) == "v1"
    assert played.told == [
        f"yarn --tag cms-v1.2.4+{'c' * 40} --message was v0 base b --var COMMIT_SHA:{'c' * 40}"
    ]


def test_migrations_are_applied_remotely_and_in_the_environment(tmp_path: Path) -> None:
    played = Played(tmp_path, "echo done")
    played.migrate()
    words = played.calls.read_text().splitlines()
    command = ["d1", "migrations", "apply", "double-production", "--remote", "--env", "production"]
    assert words[2:-1] == [*command, "--config"]
    assert played.told == ["done"]
    assert not Path(words[-1]).parent.exists()


def test_wrangler_gets_the_planned_files_alone_and_the_database_that_was_looked_at(tmp_path: Path) -> None:
    played = Played(
        tmp_path,
        'for last; do :; done; cat "$last"; echo; cd "$(dirname "$last")"; find migrations -type f; cat mi*/*/*',
    )
    stranger = tmp_path / CMS.path / "migrations" / "0007_in_between.sql"
    stranger.parent.mkdir()
    stranger.write_text("DROP TABLE media;")
    played.migrate()
    config, *files, content = played.told
    assert json.loads(config)["env"]["production"]["d1_databases"] == [
        {
            "binding": "DB",
            "database_name": "double-production",
            "database_id": "uuid",
            "migrations_dir": "migrations",
            "migrations_table": "schema log",
            "migrations_pattern": "migrations/**/*.sql",
        }
    ]
    assert sorted(files) == ["migrations/0005_x.sql", "migrations/0006_drop/migration.sql"]
    assert content == "DROP TABLE media;"


def test_a_migration_that_fails_is_told_in_wranglers_words(tmp_path: Path) -> None:
    with pytest.raises(EffectError, match="wrangler failed: no such binding"):
        Played(tmp_path, f"{FAILED}exit 1").migrate()


def test_wrangler_is_quiet_asks_nothing_and_keeps_its_files_to_itself(tmp_path: Path) -> None:
    played = Played(tmp_path, "env; echo stdin:$(cat)")
    played.migrate()
    assert {"CI=1", "NO_COLOR=1", "WRANGLER_SEND_METRICS=false", "stdin:"} <= set(played.told)
    cache = str(tmp_path / ".release" / "cache")
    kept = ("WRANGLER_LOG_PATH=", "NODE_COMPILE_CACHE=", "XDG_CONFIG_HOME=")
    assert all(any(line.startswith(f"{name}{cache}") for line in played.told) for name in kept)


def test_a_wrangler_that_is_not_installed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wrangler is not installed for cms"):
        wrangler(tmp_path / "apps" / "cms")


def test_a_node_that_does_not_run_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("release.systems.npm.node._wheel", lambda: None)
    (tmp_path / "node").write_text("#!/bin/sh\necho not a version\n")
    (tmp_path / "node").chmod(0o755)
    with pytest.raises(UsageError, match=r"Node 22 or newer is needed to run wrangler\.\n"):
        node({"PATH": str(tmp_path)})


def test_without_a_node_on_the_path_the_wheel_s_is_taken() -> None:
    assert node({"PATH": "/nowhere"}).name == "node"


def test_a_deployment_gets_no_key_to_the_repository(tmp_path: Path) -> None:
    played = Played(tmp_path, f"env > {tmp_path}/seen\n{DEPLOYED}")
    keys = (
        "GITHUB_TOKEN",
        "GH_TOKEN",
        "GIT_CONFIG_VALUE_0",
        "GIT_SSH_COMMAND",
        "SSH_AUTH_SOCK",
        "SSH_AGENT_PID",
    )
    path = f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}"
    environ = {"PATH": path, "CLOUDFLARE_API_TOKEN": "its own", **dict.fromkeys(keys, "a key")}
    wrangler = Wrangler(tmp_path, environ, Mask())
    wrangler.deploy(CMS, "production", RELEASE, "was v0 base b", played.told.append)
    seen = (tmp_path / "seen").read_text()
    assert "CLOUDFLARE_API_TOKEN=its own" in seen
    assert "a key" not in seen
