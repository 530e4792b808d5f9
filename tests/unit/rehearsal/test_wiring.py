"""The databases that a stage's cloud has: by id, by name where wrangler resolves it so, and the others that a worker binds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from release.config import load
from release.rehearsal import wiring
from release.rehearsal.checkout import StageError

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config

SETTINGS = """
[tool.release]
app = { name = "a" }
workers = [{ name = "api", path = "api" }, { name = "web", path = "web" }]
database = { worker = "api", migrations = "api/migrations" }
environments.production = { url = "https://a.example.com", database = "main", wrangler = "production" }
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    for name in ("api", "web"):
        (tmp_path / name).mkdir()
    return load(tmp_path)


def write(config: Config, worker: str, **settings: Any) -> None:  # noqa: ANN401  # JSON
    (config.root / worker / "wrangler.json").write_text(json.dumps(settings))


def test_a_database_is_found_by_its_id(config: Config) -> None:
    entry = {"binding": "DB", "database_name": "main", "database_id": "u1"}
    write(config, "api", env={"production": {"d1_databases": [entry]}})
    assert wiring.databases(config) == {"main": "u1"}


@pytest.mark.parametrize("entry", [{"binding": "DB", "database_name": "main"}, {"binding": "main"}])
def test_one_without_an_id_is_resolved_by_its_name_and_always_the_same(
    config: Config, entry: dict[str, str]
) -> None:
    write(config, "api", d1_databases=[entry])
    found = wiring.databases(config)
    assert found == wiring.databases(config)
    assert wiring.bound(config) == {found["main"]: "main"}


def test_one_that_no_worker_binds_is_named(config: Config) -> None:
    write(config, "api", d1_databases=[{"binding": "DB", "database_name": "other", "database_id": "u1"}])
    with pytest.raises(StageError, match="binds no D1 database main in production"):
        wiring.databases(config)


def test_every_database_that_a_worker_binds_anywhere_is_there(config: Config) -> None:
    second = {"binding": "LOG", "database_name": "log", "database_id": "u2"}
    third = {"binding": "WEB", "database_name": "web", "database_id": "u3"}
    write(
        config, "api", d1_databases=[{"binding": "DB", "database_name": "main", "database_id": "u1"}, second]
    )
    write(config, "web", env={"preview": {"d1_databases": [third]}})
    assert wiring.bound(config) == {"u1": "main", "u2": "log", "u3": "web"}


@pytest.mark.parametrize("text", ["{", "[]", '{"d1_databases": 3, "env": []}', '{"d1_databases": ["x"]}'])
def test_what_cannot_be_read_binds_nothing(config: Config, text: str) -> None:
    (config.root / "api" / "wrangler.json").write_text(text)
    assert wiring.bound(config) == {}
