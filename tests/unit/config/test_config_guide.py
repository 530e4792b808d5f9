"""The guide and the JSON Schema say what the code says."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from release.config import EXAMPLE, load
from release.config import tables as config_values
from release.config.types import Value
from tests.unit.config.guide import FULL, GUIDE
from tools.config_schema import SCHEMA_FILE, main, schema

ROOT = Path(__file__).parents[3]


def structs() -> list[type[Value]]:
    return [
        kind for kind in vars(config_values).values() if isinstance(kind, type) and issubclass(kind, Value)
    ]


def test_the_guide_has_every_key_with_the_meaning_that_the_code_gives_it() -> None:
    properties = [kind.get("properties", {}) for kind in json.loads(schema())["$defs"].values()]
    rows = set(re.findall(r"^\| `(\w+)` \|.*\| ([^|]+) \|$", GUIDE, re.MULTILINE))
    known = {(name, value["description"]) for fields in properties for name, value in fields.items()}
    assert len(known) > 40
    assert rows == known


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: str(kind.__name__))
def test_every_value_is_frozen_strict_and_described(kind: type[Value]) -> None:
    settings = kind.__struct_config__
    assert settings.frozen
    assert settings.forbid_unknown_fields
    assert (kind.__doc__ or "").strip()


def test_the_committed_schema_is_that_of_the_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema()
    monkeypatch.setattr("tools.config_schema.SCHEMA_FILE", tmp_path / "schema.json")
    main()
    assert (tmp_path / "schema.json").read_bytes() == SCHEMA_FILE.read_bytes()


def validator() -> Any:  # noqa: ANN401 - jsonschema has no types of its own
    document = json.loads(schema())
    kind = importlib.import_module("jsonschema").Draft202012Validator
    kind.check_schema(document)
    return kind(document)


@pytest.mark.parametrize("text", [FULL, EXAMPLE], ids=["full", "least"])
def test_the_schema_takes_what_loads(text: str) -> None:
    validator().validate(tomllib.loads(text)["tool"]["release"])


def test_the_schema_refuses_an_unknown_key_and_a_wrong_type() -> None:
    for text in (FULL.replace("branch =", "barnch ="), FULL.replace("lease = 300", 'lease = "900"')):
        assert not validator().is_valid(tomllib.loads(text)["tool"]["release"])


def test_this_repositorys_own_configuration_loads_and_fits_the_schema() -> None:
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    validator().validate(document["tool"]["release"])
    config = load(ROOT)
    assert (ROOT / config.app.manifest).is_file()
    assert all((ROOT / worker.path).is_dir() for worker in config.workers)
