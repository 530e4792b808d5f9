"""The JSON Schema of [tool.release], for editors: `python -m tools.config_schema` writes the file."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from release.config.tables import Settings

SCHEMA_FILE = Path(__file__).parents[1] / "release" / "config-schema.json"


def schema() -> str:
    """Return the schema (JSON Schema 2020-12) as text; the same settings give the same text."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "[tool.release] in pyproject.toml",
        **msgspec.json.schema(Settings),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema into the package."""
    SCHEMA_FILE.write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
