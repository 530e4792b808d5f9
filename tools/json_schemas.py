"""The JSON Schemas of what commands print: `python -m tools.json_schemas` writes them to docs/schemas."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from release.commands.schemas import SCHEMAS

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"


def written() -> dict[str, str]:
    """Every schema by its file name."""
    found = {}
    for command, kind in SCHEMAS.items():
        schema = msgspec.json.schema(kind)
        document = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"inv {command}{'.NAME' if command == 'step' else ''} --json",
            **schema,
        }
        found[f"{command}.json"] = json.dumps(document, indent=1) + "\n"
    return found


def main() -> None:
    """Renew the files."""
    FOLDER.mkdir(exist_ok=True)
    for file, text in written().items():
        (FOLDER / file).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
