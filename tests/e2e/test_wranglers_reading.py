"""What our reading of a configuration says, beside what real wranglers read and list themselves."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from release.errors import CannotReadError
from release.formats import worker_settings as kinds
from release.formats.wrangler_config import parse
from release.formats.wrangler_migrations import rules_of
from release.formats.wrangler_settings import wrangler_settings, zones_in
from release.systems.npm.node import wrangler_version
from tests.contract.cloud_account import DATABASE, node, node_modules
from tests.e2e.wranglers import BEFORE_PATTERNS, PINNED, wrangler_of

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.rehearsal

READ = """
const { unstable_readConfig: read } = require(process.argv[2]);
const found = process.argv.slice(3).map((place) => {
  const [config, env] = place.split("=");
  try {
    return read({ config, env: env || undefined }, { hideWarnings: true });
  } catch (error) { return String(error.message ?? error); }
});
require("fs").writeFileSync(process.env.ANSWER, JSON.stringify(found));
"""
CONFIGURATIONS = {
    "a.toml": 'name = "a"\n[[env.production.d1_databases]]\nbinding = "DB"\ndatabase_name = "cms"\ndatabase_id = "1"\n',
    "b.json": json.dumps(
        {"name": "b", "d1_databases": [{"binding": "DB", "database_name": "cms", "migrations_dir": "sql/"}]}
    ),
    "c.jsonc": '{"name": "c", /* no inheritance */ "d1_databases": [{"binding": "TOP", "database_name": "cms"}],\n'
    '"env": {"production": {"d1_databases": [{"binding": "cms", "database_name": "other", "migrations_table": "log"},\n'
    '{"binding": "DB", "database_name": "cms", "migrations_dir": "x"}]}, "staging": {}} }',
    "d.toml": 'name = "d"\n[[d1_databases]]\nbinding = "DB"\ndatabase_name = "cms"\n[env.staging]\n',
    "e.jsonc": '{"name": "e", "env": {"production": {"d1_databases": [{"binding": "DB", "database_name": "cms",\n'
    '"migrations_dir": "./db//migrations/", "migrations_pattern": "db/migrations/**/*.sql", "migrations_table": ""}]}}}',
    "f.json": json.dumps(
        {"name": "f", "env": {}, "d1_databases": [{"binding": "DB", "database_name": "cms"}]}
    ),
}


def read_by(installed: Path, folder: Path, *names: str) -> list[Any]:
    """What a wrangler's own `unstable_readConfig` says of each configuration in production, and at the top level."""
    script, answer = folder / "read.cjs", folder / "answer.json"
    script.write_text(READ)
    places = [f"{folder / name}={env}" for name in names for env in ("production", "")]
    library = str(installed / "node_modules" / "wrangler")
    environ = {**os.environ, "ANSWER": str(answer), "WRANGLER_SEND_METRICS": "false", "HOME": str(folder)}
    subprocess.run(
        [str(node()), str(script), library, *places], cwd=folder, check=True, env=environ, capture_output=True
    )
    found: list[Any] = json.loads(answer.read_text())
    return found


def test_what_a_configuration_says_of_a_database_is_what_wrangler_reads(
    installed: Path, tmp_path: Path
) -> None:
    for name, text in CONFIGURATIONS.items():
        (tmp_path / name).write_text(text)
    version = wrangler_version(installed)
    answers = read_by(installed, tmp_path, *CONFIGURATIONS)
    assert len(answers) == 2 * len(CONFIGURATIONS)
    for name, theirs in zip(CONFIGURATIONS, answers[::2], strict=True):
        settings = parse(name, CONFIGURATIONS[name].encode())
        entries = theirs["d1_databases"] if isinstance(theirs, dict) else []
        entry = next((one for one in entries if "cms" in (one.get("database_name"), one["binding"])), None)
        if entry is None:
            with pytest.raises(CannotReadError):
                rules_of(settings, name, "production", "cms", version)
            continue
        ours = rules_of(settings, name, "production", "cms", version)
        assert ours.folder == os.path.normpath(entry.get("migrations_dir") or "migrations"), name
        assert ours.table == (entry.get("migrations_table") or "d1_migrations"), name
        assert ours.database_id == entry.get("database_id"), name
        pattern = entry.get("migrations_pattern") if version and version >= (4, 98) else None
        assert f"{ours.folder}/{ours.pattern}" == (pattern or f"{ours.folder}/*.sql"), name


SETTINGS: dict[str, dict[str, Any]] = {
    "all.json": {
        "name": "a",
        "compatibility_date": "2026-01-01",
        "compatibility_flags": ["nodejs_compat"],
        "workers_dev": False,
        "logpush": True,
        "limits": {"cpu_ms": 100},
        "placement": {"mode": "smart"},
        "observability": {"enabled": True, "head_sampling_rate": 0.5},
        "triggers": {"crons": ["0 1 * * *"]},
        "routes": ["a.example.com/*", {"pattern": "shop.example.com", "custom_domain": True}],
        "vars": {"MODE": "top", "NUMBER": 3, "TABLE": {"a": [1, 2]}},
        "kv_namespaces": [{"binding": "TOP", "id": "k0"}],
        "migrations": [{"tag": "v1", "new_sqlite_classes": ["Room"]}],
        "durable_objects": {"bindings": [{"name": "ROOM", "class_name": "Room"}]},
        "env": {
            "production": {
                "vars": {"MODE": "live", "EMPTY": ""},
                "kv_namespaces": [{"binding": "CACHE", "id": "k1"}],
                "r2_buckets": [{"binding": "MEDIA", "bucket_name": "media"}],
                "services": [{"binding": "MCP", "service": "mcp", "entrypoint": "Api"}],
                "queues": {"producers": [{"binding": "JOBS", "queue": "jobs"}]},
                "durable_objects": {"bindings": [{"name": "HALL", "class_name": "Hall"}]},
                "analytics_engine_datasets": [{"binding": "STATS", "dataset": "stats"}],
                "version_metadata": {"binding": "META"},
                "ai": {"binding": "AI"},
                "tail_consumers": [{"service": "logs"}],
                "vectorize": [{"binding": "V", "index_name": "i"}],
                "hyperdrive": [{"binding": "PG", "id": "h1"}],
            }
        },
    },
    "inherits.json": {
        "name": "b",
        "compatibility_date": "2026-01-01",
        "route": "b.example.com/*",
        "triggers": {"crons": ["*/5 * * * *"]},
        "keep_vars": True,
        "vars": {"LOST": "in production"},
        "env": {"production": {}},
    },
    "overrides.json": {
        "name": "c",
        "compatibility_date": "2026-01-01",
        "workers_dev": True,
        "observability": {"enabled": True},
        "triggers": {"crons": ["*/5 * * * *"]},
        "env": {
            "production": {
                "compatibility_date": "2026-02-01",
                "workers_dev": False,
                "observability": {"enabled": False},
                "triggers": {"crons": []},
                "routes": [{"pattern": "c.example.com/*", "zone_name": "example.com"}],
                "limits": {"cpu_ms": 50},
            }
        },
    },
    "bare.json": {"name": "d"},
}
VERSIONS = [
    PINNED,
    *(pytest.param(one, marks=pytest.mark.whole) for one in ("4.7.0", BEFORE_PATTERNS, "4.110.0")),
]


@pytest.mark.parametrize("version", VERSIONS)
def test_the_settings_of_an_environment_are_those_that_wrangler_resolves(
    version: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Wrangler's own answer is flat: read as a top level, it holds what we find in the environment."""
    installed = wrangler_of(tmp_path_factory.getbasetemp().parent, version)
    for name, settings in SETTINGS.items():
        (tmp_path / name).write_text(json.dumps({**settings, "main": "index.js"}))
    (tmp_path / "index.js").write_text("export default {};")
    answers = read_by(installed, tmp_path, *SETTINGS)
    for at, (name, settings) in enumerate(SETTINGS.items()):
        for environment, theirs in zip(("production", ""), answers[2 * at : 2 * at + 2], strict=True):
            if environment and "env" not in settings:
                continue
            assert isinstance(theirs, dict), theirs
            ours, flat = wrangler_settings(settings, environment), wrangler_settings(theirs, "")
            assert (name, ours.traits) == (name, flat.traits)
            assert (name, ours.tags, ours.doomed) == (name, flat.tags, flat.doomed)
            assert (name, kinds.VAR in ours.left) == (name, kinds.VAR in flat.left)
            assert (name, zones_in(settings, environment)) == (name, zones_in(theirs, ""))


TREE = (
    "0001_a.sql",
    "0010_b.sql",
    "2_c.sql",
    "x.sql",
    ".hidden.sql",
    "0003.txt",
    "A.SQL",
    "0004_d/migration.sql",
    "0004_d/snapshot.json",
    "0004_d/down/undo.sql",
    "20_e/migration.sql",
    ".old/migration.sql",
    "b{1}.sql",
    "deep/er/still/1.sql",
)


@pytest.mark.parametrize(
    "pattern",
    [
        "**",
        "{*,*/migration}.sql",
        "[0-9]*/**/[!u]*.sql",
        *(
            pytest.param(pattern, marks=pytest.mark.whole)
            for pattern in ("*.sql", "**/*.sql", "*/migration.sql", "{000?,2}*.sql", ".*/*.sql")
        ),
    ],
)
def test_the_files_of_a_pattern_and_their_order_are_those_that_wrangler_lists(
    tmp_path: Path, pattern: str
) -> None:
    for name in TREE:
        (tmp_path / "sql" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "sql" / name).write_text("SELECT 1;")
    bound = {"binding": "DB", "database_name": "cms", "database_id": DATABASE, "migrations_dir": "sql"}
    settings = {"name": "cms", "d1_databases": [{**bound, "migrations_pattern": f"sql/{pattern}"}]}
    (tmp_path / "wrangler.json").write_text(json.dumps(settings))
    rules = rules_of(settings, "wrangler.json", "production", "cms")
    ours = rules.ordered(name for name in TREE if rules.takes(name))

    command = [
        str(node()),
        str(node_modules() / "wrangler/wrangler-dist/cli.js"),
        "d1",
        "migrations",
        "list",
        "cms",
        "--local",
    ]
    environ = {
        **os.environ,
        "CI": "1",
        "NO_COLOR": "1",
        "WRANGLER_SEND_METRICS": "false",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    theirs = [word for word in done.stdout.replace("│", " ").split() if word in TREE]
    assert theirs == ours
