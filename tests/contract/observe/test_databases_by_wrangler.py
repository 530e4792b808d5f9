"""What the workers' wrangler configurations say of several databases: their names, and those that nobody lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from release.testing import double
from release.testing.double import DATABASES
from release.testing.monorepo import AUDIT, CONFIG, MIGRATIONS, two_databases
from tests.contract.release_facts import ledger, to_d1, told

if TYPE_CHECKING:
    from pathlib import Path

NOTES = "apps/cms/notes"


def configured(*entries: dict[str, Any], worker: str = "cms") -> str:
    """A wrangler configuration whose environments bind these databases; {} in a name becomes the environment."""
    named = {
        env: {
            "d1_databases": [
                {**one, "database_name": str(one["database_name"]).format(env)} for one in entries
            ]
        }
        for env in ("production", "staging")
    }
    return json.dumps({"name": f"double-{worker}", "env": named})


MAIN = {"binding": "DB", "database_name": "double-{}", "migrations_dir": "migrations"}
EVENTS = {"binding": "AUDIT", "database_name": "double-audit-{}", "migrations_dir": "audit"}


def test_names_that_no_environment_gives_are_wranglers_and_no_entry_needs_an_id(tmp_path: Path) -> None:
    overlay = dict(two_databases())
    text = str(overlay["pyproject.toml"])
    for name in ("production", "staging"):
        text = text.replace(f'databases = {{ main = "double-{name}", audit = "double-audit-{name}" }}\n', "")
    assert "double-audit" not in text
    overlay |= {
        "pyproject.toml": text,
        "apps/cms/wrangler.jsonc": configured({**EVENTS, "migrations_dir": "other"}, MAIN),
        "apps/mcp/wrangler.toml": "",
        "apps/mcp/wrangler.json": configured(EVENTS, worker="mcp"),
    }
    with double(tmp_path, overlay=overlay) as world:
        world.commit({f"{AUDIT}/0002_actor.sql": "ALTER TABLE events ADD COLUMN actor TEXT;\n"})
        outcome = world.release()
        assert outcome.outcome == "released", told(outcome)
        assert ledger(world)[-1] == "0003_slug.sql"
        assert to_d1(outcome) == ["apply 0003_slug.sql", "apply 0002_actor.sql"]


def test_a_database_with_migrations_that_nobody_lists_is_named_and_one_that_has_none_is_not(
    tmp_path: Path,
) -> None:
    notes = {"binding": "NOTES", "database_name": "notes-{}", "migrations_dir": "notes"}
    bare = {"binding": "CACHE", "database_name": "cache-{}", "migrations_dir": "cache"}
    main = {**MAIN, "database_id": DATABASES["double-production"]}
    overlay = {
        "apps/cms/wrangler.json": configured(main, notes, bare),
        "apps/mcp/wrangler.json": configured({**main, "migrations_dir": "../cms/migrations"}, worker="mcp"),
        f"{NOTES}/0001_notes.sql": "CREATE TABLE notes (id INTEGER PRIMARY KEY);\n",
        "pyproject.toml": CONFIG,
    }
    with double(tmp_path, overlay={"pyproject.toml": CONFIG}) as world:
        world.commit(overlay, "feat: notes")
        (warning,) = (one for one in world.plan().warnings if one.check == "databases")
    assert warning.what == (
        "apps/cms/wrangler.json binds the D1 database notes-production, and no step applies its migrations in "
        f"{NOTES}."
    )
    assert (warning.file, "[[tool.release.databases]]" in warning.advice) == ("apps/cms/wrangler.json", True)


def test_a_folder_that_wrangler_does_not_mean_is_named_with_its_database(tmp_path: Path) -> None:
    overlay = {
        **two_databases(),
        "apps/cms/wrangler.json": configured(MAIN),
        "apps/mcp/wrangler.json": configured(EVENTS, worker="mcp"),
    }
    with double(tmp_path, overlay=overlay) as world:
        world.commit(
            {"apps/mcp/wrangler.json": configured({**EVENTS, "migrations_dir": "elsewhere"}, worker="mcp")}
        )
        outcome = world.plan()
    assert outcome.exit_code == 4
    assert "wrangler applies the migrations in apps/mcp/elsewhere (apps/mcp/wrangler.json)" in told(outcome)
    assert f"[[tool.release.databases]] names {AUDIT} for audit" in told(outcome)
    assert MIGRATIONS not in told(outcome)
