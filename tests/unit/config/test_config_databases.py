"""Databases as a list: what each is called, what an environment gives, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from release.config import parsed
from release.testing.monorepo import CONFIG, two_databases
from tests.unit.config.guide import FULL

if TYPE_CHECKING:
    from tests.unit.config.conftest import Refusal

TWO = str(two_databases()["pyproject.toml"])
AUDIT = 'name = "audit"\nworker = "mcp"\nbinding = "AUDIT"\nmigrations = "apps/mcp/audit"\n'


def databases(text: str) -> list[tuple[str, str]]:
    """Name and folder of each."""
    return [(one.name, one.migrations) for one in parsed(text, Path()).databases]


def test_the_one_table_is_a_list_of_one_and_its_environments_name_it() -> None:
    config = parsed(FULL, Path())
    assert databases(FULL) == [("cms", "apps/cms/migrations")]
    assert {name: dict(one.databases) for name, one in config.environments.items()} == {
        "production": {"cms": "cms-production"},
        "staging": {"cms": "cms-staging"},
    }


def test_the_order_of_the_list_is_kept() -> None:
    assert databases(TWO) == [("main", "apps/cms/migrations"), ("audit", "apps/mcp/audit")]


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ('name = "audit"\n', "", "audit"),
        (
            'name = "audit"\nworker = "mcp"\nbinding = "AUDIT"',
            'worker = "mcp"\nbinding = "EVENTS_DB"',
            "events_db",
        ),
        ('name = "audit"\nworker = "mcp"\nbinding = "AUDIT"', 'worker = "mcp"', "mcp"),
        (
            AUDIT.replace('"apps/mcp/audit"', '"apps/mcp/audit"'),
            'worker = "mcp"\nmigrations = "sql"\n',
            "mcp",
        ),
    ],
)
def test_a_database_without_a_name_is_called_by_its_binding_its_folder_or_its_worker(
    old: str, new: str, name: str
) -> None:
    text = TWO.replace(old, new).replace("audit = ", f"{name} = ")
    assert databases(text)[1][0] == name


def test_a_list_of_one_takes_the_name_that_the_environment_gives_it() -> None:
    text = CONFIG.replace("[tool.release.database]", "[[tool.release.databases]]\nname = 'pages'")
    assert parsed(text, Path()).environments["staging"].databases == {"pages": "double-staging"}


def test_a_name_that_an_environment_leaves_out_is_left_to_wrangler() -> None:
    text = TWO.replace(', audit = "double-audit-staging"', "")
    assert parsed(text, Path()).environments["staging"].databases == {"main": "double-staging"}


def test_without_a_database_there_is_none() -> None:
    start, end = (
        CONFIG.index("[tool.release.database]"),
        CONFIG.index("[tool.release.environments.production]"),
    )
    text = (CONFIG[:start] + CONFIG[end:]).replace('database = "double', '# "')
    assert databases(text) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            'worker = "mcp"\n',
            'worker = "mpc"\n',
            'databases[1].worker: there is no worker "mpc"; did you mean "mcp"?',
        ),
        (
            '"apps/mcp/audit"',
            '"apps/cms/migrations"',
            'databases[1].migrations: "main" has this folder already',
        ),
        ('name = "audit"', 'name = "main"', 'databases[1].name: a second database named "main"'),
        (
            'worker = "cms"\nmigrations',
            'worker = "mcp"\nbinding = "AUDIT"\nmigrations',
            'databases[1].binding: "main" is this binding of mcp already',
        ),
        (
            'audit = "double-audit-staging"',
            'audti = "x"',
            'there is no database "audti"; did you mean "audit"?',
        ),
        (
            '"double-audit-staging"',
            '"double-staging"',
            '"double-staging" is the D1 database of "main" already',
        ),
        (
            '"double-audit-staging"',
            '"double-production"',
            '"double-production" is the D1 database of "main" already',
        ),
        (
            'databases = { main = "double-staging", audit = "double-audit-staging" }',
            'database = "double-staging"',
            'there are several databases; write databases = { main = "double-staging", audit = "..." }',
        ),
        (
            '[[tool.release.databases]]\nname = "main"',
            '[tool.release.database]\nworker = "cms"\nmigrations = "x"\n\n[[tool.release.databases]]\nname = "main"',
            "tool.release.database: it stands beside [[tool.release.databases]]",
        ),
    ],
)
def test_databases_that_cannot_be_told_apart_are_one_line_with_their_place(
    refusal: Refusal, old: str, new: str, expected: str
) -> None:
    assert TWO.count(old) >= 1
    lines = refusal(TWO.replace(old, new, 1))
    if 'name = "main"' in new and old.startswith("name"):
        lines = lines[:1]  # the environments then name one that is not there, too
    assert len(lines) == 1, lines
    assert expected in lines[0]
