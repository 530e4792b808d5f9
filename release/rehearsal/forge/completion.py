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


def _described(contract: Contract, schema: Json, value: Any) -> Json:  # noqa: ANN401  # any JSON
    """The schema, or of several alternatives the one whose fields the value has."""
    schema = contract.resolved(schema)
    options: list[Json] = [*schema.get("oneOf", ()), *schema.get("anyOf", ())]
    candidates = [one for one in map(contract.resolved, options) if _fits(one, value)]

    def likeness(one: Json) -> tuple[int, int]:
        given = one.get("properties", {}).keys() & value.keys() if isinstance(value, dict) else ()
        return len(given), -len(one.get("required", ()))

    return max(candidates, key=likeness, default=schema)


def _fits(alternative: Json, value: Any) -> bool:  # noqa: ANN401  # any JSON
    if not isinstance(value, dict):
        return isinstance(value, list) and alternative.get("type") == "array"
    fields = alternative.get("properties", {})
    words = {name: fields[name]["enum"] for name in value if "enum" in fields.get(name, {})}
    return alternative.get("type") == "object" and all(value[name] in words[name] for name in words)


def _made_up(name: str, field: Json, known: Json) -> Iterator[object]:
    """The default of a field that was not given, if it has one."""
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
