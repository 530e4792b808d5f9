"""What is planned is what wrangler applies: its folder, pattern, table and order, and nothing that the plan did not list."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from release.errors import UsageError
from release.model.request import Request
from release.rehearsal.cloud.statements import Statement
from release.testing import double
from release.testing.double import DATABASES
from release.testing.monorepo import CONFIG, MIGRATIONS
from tests.contract.release_facts import ledger, rows, to_d1, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from werkzeug.wrappers import Request as HttpRequest
    from werkzeug.wrappers import Response

    from release.model.outcome import Outcome
    from release.model.request import Wanted
    from release.testing import Double

WRANGLER = "apps/cms/wrangler.jsonc"
TABLE = 'schema "log'
GRADED = CONFIG.replace('schema = "off"\n', "")
DROP = f"{MIGRATIONS}/0005_drop/migration.sql"


def wrangler(**more: str) -> str:
    """A worker's wrangler configuration, with more in production's entry."""

    def entry(name: str, **said: str) -> dict[str, Any]:
        bound = {"binding": "DB", "database_name": name, "database_id": DATABASES[name]}
        return {"d1_databases": [{**bound, "migrations_dir": "./migrations/", **said}]}

    named = {
        "production": entry("double-production", **more),
        "staging": entry(
            "double-staging", **{key: said for key, said in more.items() if key != "migrations_table"}
        ),
    }
    return "// a worker\n" + json.dumps({"name": "double-cms", "env": named}, indent=2)


@pytest.fixture
def nested(tmp_path: Path) -> Iterator[Double]:
    """A world whose wrangler takes files in folders too."""
    overlay = {WRANGLER: wrangler(migrations_pattern="migrations/**/*.sql"), "pyproject.toml": GRADED}
    with double(tmp_path, overlay=overlay) as world:
        yield world


def asked(world: Double, bump: Wanted, *, planned: bool = False) -> Outcome:
    request = Request(level=bump)
    return world.plan(request=request) if planned else world.release(request=request)


def test_a_nested_file_is_planned_graded_and_the_very_thing_that_is_released(nested: Double) -> None:
    nested.commit(
        {
            f"{MIGRATIONS}/0004_x.sql": "CREATE TABLE x (id INTEGER PRIMARY KEY);\n",
            DROP: "DROP TABLE users;\n",
            f"{MIGRATIONS}/0005_drop/snapshot.json": "{}",
        }
    )
    refused = asked(nested, "minor")
    assert refused.exit_code == 4
    assert "schema demands major" in told(refused)
    assert "0005_drop/migration.sql:1 table users" in told(refused)

    planned = asked(nested, "major", planned=True)
    names = ["0003_slug.sql", "0004_x.sql", "0005_drop/migration.sql"]
    assert to_d1(planned) == [f"apply {name}" for name in names]
    assert asked(nested, "major").outcome == "released"
    assert ledger(nested)[2:] == names
    assert rows(nested, "SELECT name FROM sqlite_schema WHERE name IN ('x', 'users')") == ["x"]


def test_a_file_that_an_older_wrangler_passed_over_is_graded_when_it_comes_up(nested: Double) -> None:
    """It was in the last release, and its database never had it: an update of wrangler brings it in."""
    nested.commit({DROP.replace("0005", "0004"): "DROP TABLE users;\n"})
    assert asked(nested, "major").outcome == "released"
    for name in (DATABASES["double-production"], DATABASES["double-staging"]):
        nested.runtime.d1(name, [Statement("DELETE FROM d1_migrations WHERE name LIKE '0004%'")])
        nested.runtime.d1(name, [Statement("CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT UNIQUE)")])
    nested.git("pull", "--quiet")
    nested.commit({"apps/cms/worker.js": "export default {};\n"}, "fix: a word")
    assert "0004_drop/migration.sql:1 table users" in told(asked(nested, "patch", planned=True))


def test_a_ledger_of_another_name_is_read_written_and_filled_again(tmp_path: Path) -> None:
    with double(tmp_path, overlay={WRANGLER: wrangler(migrations_table=TABLE)}) as world:
        assert world.release().outcome == "released"
        listed = 'SELECT name FROM "schema ""log" ORDER BY id'
        assert rows(world, listed) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]
        assert rows(world, "SELECT count(*) FROM sqlite_schema WHERE name = 'd1_migrations'") == [0]

        world.runtime.d1(DATABASES["double-production"], [Statement('DROP TABLE "schema ""log"')])
        world.git("pull", "--quiet")
        world.commit({"apps/cms/worker.js": "export default {};\n"}, "fix: a word")
        outcome = world.release()
        assert outcome.outcome == "released"
        assert rows(world, listed) == ["0001_pages.sql", "0002_users.sql", "0003_slug.sql"]


@pytest.mark.foreign_migrations
def test_a_row_that_no_plan_listed_ends_with_3_and_is_named(double: Double) -> None:
    def after(request: HttpRequest, response: Response) -> Response:
        if b"0003_slug" in request.get_data():
            double.cloud.after = None
            note = "INSERT INTO d1_migrations (name) VALUES ('0099_by_hand.sql')"
            double.runtime.d1(DATABASES["double-production"], [Statement(note)])
        return response

    double.cloud.after = after
    outcome = double.release()
    assert outcome.exit_code == 3
    assert "it has 0099_by_hand.sql, which the plan does not list" in told(outcome)
    assert double.release().outcome == "released"


def test_a_planned_file_without_its_row_ends_with_3_and_the_same_command_finishes_it(double: Double) -> None:
    def after(request: HttpRequest, response: Response) -> Response:
        if b"0003_slug" in request.get_data():
            double.cloud.after = None
            gone = "DELETE FROM d1_migrations WHERE name = '0003_slug.sql'"
            double.runtime.d1(DATABASES["double-production"], [Statement(gone)])
        return response

    double.cloud.after = after
    outcome = double.release()
    assert outcome.exit_code == 3
    assert "it lacks 0003_slug.sql" in told(outcome)
    assert double.release().outcome == "released"
    assert ledger(double)[-1] == "0003_slug.sql"


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (
            wrangler(migrations_dir="sql"),
            "wrangler applies the migrations in apps/cms/sql (apps/cms/wrangler.jsonc)",
        ),
        (wrangler(migrations_pattern="sql/*.sql"), "does not begin with migrations/, its migrations_dir"),
        (wrangler(migrations_pattern="migrations/+(a|b).sql"), "of a kind that this tool does not know"),
        (wrangler(migrations_dir="../../../sql"), "lies outside of the repository"),
        (
            wrangler(database_id="11111111-2222"),
            "says database_id 11111111-2222; Cloudflare's double-production is",
        ),
    ],
)
def test_a_configuration_that_means_something_else_is_told_before_anything_is_written(
    double: Double, configuration: str, words: str
) -> None:
    double.commit({WRANGLER: configuration})
    before = double.cloud.log[:]
    outcome = double.release()
    assert outcome.exit_code == 4
    assert words in told(outcome)
    assert double.cloud.log == before


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        (
            wrangler(database_name="other"),
            "binds no D1 database double-production in production (there: other)",
        ),
        ('{"env": {"preview": {}}}', "has no environment production"),
        ("{", "apps/cms/wrangler.jsonc:1:2:"),
    ],
)
def test_a_configuration_that_does_not_bind_what_is_listed_is_wrong_use(
    double: Double, configuration: str, words: str
) -> None:
    double.commit({WRANGLER: configuration})
    before = double.cloud.log[:]
    for command in (double.release, double.plan):
        with pytest.raises(UsageError) as refused:
            command()
        assert words in refused.value.what
    assert double.cloud.log == before


def test_a_wrangler_that_knows_no_pattern_applies_flat_files_and_the_plan_says_so(nested: Double) -> None:
    manifest = nested.root / "node_modules" / "wrangler" / "package.json"
    manifest.write_text('{"version": "4.86.0"}')
    nested.commit({DROP: "DROP TABLE users;\n"})
    planned = asked(nested, "minor", planned=True)
    assert planned.exit_code == 0
    warned = " ".join(one.what for one in planned.warnings)
    assert (
        "ignores migrations_pattern migrations/**/*.sql: only apps/cms/migrations/*.sql is applied" in warned
    )
    assert asked(nested, "minor").outcome == "released"
    assert ledger(nested)[-1] == "0003_slug.sql"
