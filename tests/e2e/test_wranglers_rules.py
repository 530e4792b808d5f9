"""Our resolution of migrations beside real wranglers, of before and after `migrations_pattern`: what is read, listed, applied."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from release.formats.wrangler_migrations import Rules
from release.model.deployment import Database
from release.model.migrating import ApplyMigrations
from release.model.repository import Migration
from release.rehearsal.cloud.statements import Statement
from release.systems.cloudflare.wrangler import Wrangler
from release.systems.machine.secrets import Mask
from release.systems.npm.node import wrangler_version
from tests.contract.cloud_account import DATABASE, miniflare, node_modules, opened
from tests.e2e.scene import MIGRATIONS
from tests.e2e.wranglers import PINNED, environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.contract.cloud_account import Account
    from tests.e2e.scene import Scene

pytestmark = pytest.mark.rehearsal


@dataclass(frozen=True)
class Client:
    """The tool's own client for one wrangler, against a local cloud with a real D1."""

    wrangler: Wrangler
    account: Account

    def migrate(self, files: dict[str, str], table: str = "d1_migrations", pattern: str = "*.sql") -> None:
        migrations = tuple(Migration(name, sql.encode(), "") for name, sql in files.items())
        database = Database("cms-production", DATABASE, (), (), table)
        effect = ApplyMigrations(database, migrations, Rules("migrations", pattern))
        self.wrangler.migrate("worker", "production", effect, lambda _: None)

    def names(self, table: str = "d1_migrations") -> list[str]:
        quoted = table.replace('"', '""')
        return [row["name"] for row in self.account.sql(f'SELECT name FROM "{quoted}" ORDER BY id')[0]]

    def tables(self) -> set[str]:
        return {
            row["name"] for row in self.account.sql("SELECT name FROM sqlite_schema WHERE type = 'table'")[0]
        }


@pytest.fixture
def client(installed: Path, tmp_path: Path) -> Iterator[Client]:
    root = tmp_path / "repository"
    (root / "worker").mkdir(parents=True)
    (root / "worker" / "node_modules").symlink_to(installed / "node_modules")
    (root / "worker" / "wrangler.json").write_text('{"name": "cms", "d1_databases": []}')
    (root / "worker" / "migrations").mkdir()
    (root / "worker" / "migrations" / "0001_stranger.sql").write_text("CREATE TABLE stranger (id);")
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        environ = {**environment(account, tmp_path), "CLOUDFLARE_ENV": "staging"}
        yield Client(Wrangler(root, environ, Mask(())), account)


def test_wrangler_applies_what_it_is_handed_and_nothing_of_the_work_tree(client: Client) -> None:
    client.migrate(
        {"0001_a.sql": "CREATE TABLE a (id);\n", "0002_b.sql": "CREATE TABLE b (id); -- the end"}, "log"
    )
    assert client.names("log") == ["0001_a.sql", "0002_b.sql"]
    assert {"a", "b"} <= client.tables()
    assert "stranger" not in client.tables()


def test_an_open_comment_swallows_the_row_in_the_real_wrangler_too(client: Client) -> None:
    client.migrate({"0001_a.sql": "CREATE TABLE a (id);\n/*", "0002_b.sql": "CREATE TABLE b (id);\nEXPLAIN"})
    assert client.names() == []
    assert {"a", "b"} <= client.tables()


@pytest.mark.parametrize("installed", [PINNED], indirect=True)
def test_files_in_folders_are_applied_under_the_names_of_the_plan_in_its_order(client: Client) -> None:
    names = ["2_x.sql", "0005_x.sql", "0006_drop/migration.sql", "10_y/a.sql", "10_y/b/c.sql", "z.sql"]
    client.migrate({name: f"CREATE TABLE t{at} (id);" for at, name in enumerate(names)}, 'a "log', "**/*.sql")
    assert client.names('a "log') == names == Rules("migrations", "**/*.sql").ordered(reversed(names))


def test_the_order_is_that_of_this_wrangler(client: Client, installed: Path) -> None:
    names = ["10_a.sql", "9_b.sql", "1_c.sql", "x.sql", "0002_d.sql", "2-e.sql"]
    client.migrate({name: f"CREATE TABLE t{at} (id);" for at, name in enumerate(names)})
    assert client.names() == Rules("migrations", version=wrangler_version(installed)).ordered(names)


def test_a_table_that_sql_would_not_take_bare_needs_a_newer_wrangler(client: Client, installed: Path) -> None:
    assert Rules("migrations", version=wrangler_version(installed)).quotes is (
        installed == node_modules().parent
    )


def test_memory_and_workerd_agree_on_what_a_file_s_end_does_to_the_row(tmp_path: Path) -> None:
    from release.rehearsal.cloud.memory_d1 import MemoryD1
    from release.rehearsal.cloud.runtime import SqlError
    from release.rehearsal.cloud.statements import split

    ends = [
        "",
        "-- x",
        "/* x",
        "/*/",
        "/* x */",
        "'x",
        '"x',
        "`x",
        "[x",
        "EXPLAIN",
        "SELECT 1",
        "EXPLAIN SELECT 1;",
        "/*;*/",
    ]
    with opened(tmp_path / "state", miniflare(tmp_path / "runtime")) as account:
        for end in ends:
            setup = "CREATE TABLE l (id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
            text = f"{setup} CREATE TABLE t (id);\n{end}\nINSERT INTO \"l\" (name)\nvalues ('0001.sql');"
            memory = MemoryD1()
            found = []
            for run in (memory.run, lambda some: account.cloud.runtime.d1(DATABASE, some)):
                try:
                    run([Statement(one) for one in split(text)])
                    found.append([row["name"] for row in run([Statement("SELECT name FROM l")])[0].rows])
                    run([Statement("DROP TABLE l"), Statement("DROP TABLE t")])
                except SqlError:
                    found.append(["failed as a whole"])
            assert found[0] == found[1], end


def test_a_release_applies_nested_files_and_notes_one_that_swallowed_its_row(scene: Scene) -> None:
    """From the commit to the ledger on the real wrangler and D1: the plan lists what is applied, and nothing else is."""
    config = "examples/cms/apps/cms/wrangler.jsonc"
    pattern = '"migrations_dir": "migrations", "migrations_pattern": "migrations/**/*.sql"'
    tags, drop = "0006_tags.sql", "0007_drop/migration.sql"
    swallowed = "CREATE TABLE tags (id INTEGER PRIMARY KEY);\n/* to be continued\n"
    (scene.clone / MIGRATIONS / "0007_drop").mkdir()
    scene.commit(
        "feat: folders",
        {
            config: scene.read(config).replace('"migrations_dir": "migrations"', pattern),
            f"{MIGRATIONS}/{tags}": swallowed,
            f"{MIGRATIONS}/{drop}": "DROP TABLE media;\n",
        },
    )
    before = scene.ledger()
    scene.sql(f"{swallowed}INSERT INTO d1_migrations (name) values ('{tags}');")
    planned = scene.inv("plan", "--bump", "major", "--json")
    assert "0007_drop/migration.sql:1 table media" in json.dumps(planned.answer["policy"]), str(planned)
    done = scene.release("--bump", "major")
    assert done.code == 0, str(done)
    listed = [one["what"] for one in done.answer["writes"] if one["system"] == "d1"]
    assert listed == [f"note {tags} in the ledger", "apply 0005_page_slug.sql", f"apply {drop}"]
    assert planned.answer["writes"] == done.answer["writes"]
    assert scene.ledger() == [*before, tags, "0005_page_slug.sql", drop]
    assert not scene.sql("SELECT name FROM sqlite_schema WHERE name = 'media'")
