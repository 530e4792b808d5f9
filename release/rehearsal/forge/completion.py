"""Completes an answer with the fields that GitHub's description requires and that tell nothing here.

A handler says what it knows. Of the rest only what cannot mislead is made up: an address below the thing's own, null,
a count of nothing, an empty list. A name or a text that a handler forgets stays missing, and the contract finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.rehearsal.forge.contract import Contract, Json

BIRTH = "2020-01-01T00:00:00Z"  # of what no test sets a date for


def completed(contract: Contract, schema: Json, value: Any) -> Any:  # noqa: ANN401  # any JSON
    """The value with what `schema` requires besides, at every depth."""
    described = _described(contract, schema, value)
    if isinstance(value, list):
        items: Json = described.get("items", {})
        return [completed(contract, items, item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {name: contract.resolved(field) for name, field in described.get("properties", {}).items()}
    known = {name: completed(contract, fields.get(name, {}), item) for name, item in value.items()}
    missing = [name for name in described.get("required", ()) if name not in known]
    return known | {name: made for name in missing for made in _made_up(name, fields[name], known)}


def _described(contract: Contract, schema: Json, value: object) -> Json:
    """The schema, or of several alternatives the one whose fields the value has."""
    schema = contract.resolved(schema)
    kind = "array" if isinstance(value, list) else "object"
    options: list[Json] = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    alternatives = [contract.resolved(option) for option in options]
    fitting = [one for one in alternatives if one.get("type") == kind]

    def likeness(one: Json) -> tuple[int, int]:
        required = one.get("required", ())
        given = sum(name in value for name in required) if isinstance(value, dict) else 0
        return given, -len(required)

    return max(fitting, key=likeness, default=schema)


def _made_up(name: str, field: Json, known: Json) -> Iterator[object]:
    """What stands for a field that nobody gave, if anything may."""
    kind = field.get("type")
    if name == "updated_at":
        yield known.get("created_at", BIRTH)
    elif kind == "array":
        yield []
    elif field.get("nullable"):
        yield None
    elif kind == "boolean":
        yield False
    elif kind == "integer" and not name.endswith(("id", "number")):
        yield 0
    elif field.get("format") == "date-time":
        yield BIRTH
    elif name == "node_id":
        yield f"node_{known.get('id', known.get('sha', known.get('ref')))}"
    elif name.endswith("_url") and "url" in known:
        yield f"{known['url']}/{name.removesuffix('_url')}"
