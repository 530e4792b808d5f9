"""A worker's wrangler configuration: what it binds in each environment, and the secrets it requires (pure)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")  # the order in which wrangler looks for them
_NAMED = ("binding", "name")  # the key of an entry that a worker's code knows it by
_NO_BINDINGS = frozenset(
    {"containers", "env", "migrations", "routes", "rules", "streaming_tail_consumers", "tail_consumers"}
)
_HOLDERS = ("durable_objects", "logfwdr", "queues", "unsafe")  # tables whose lists hold the bindings


@dataclass(frozen=True)
class Needs:
    """What a worker's configuration says of one environment: names of bindings (variables too), and of secrets."""

    bindings: frozenset[str]
    secrets: frozenset[str]


def parse(name: str, text: bytes) -> dict[str, Any]:
    """The settings in a file of this name: TOML, or JSON with comments and trailing commas. Raises ValueError."""
    if name.endswith(".toml"):
        return tomllib.loads(text.decode())
    import rapidjson

    found = rapidjson.loads(text.decode(), parse_mode=rapidjson.PM_COMMENTS | rapidjson.PM_TRAILING_COMMAS)
    if not isinstance(found, dict):
        raise ValueError("not a table")  # noqa: TRY004 - the text is wrong, no caller passed a wrong type
    return found


def of_environment(settings: dict[str, Any], environment: str) -> dict[str, Any]:
    """The settings of one of wrangler's environments; those of the top level where it is not named."""
    found = (settings.get("env") or {}).get(environment, settings)
    return found if isinstance(found, dict) else {}


def needs_in(settings: dict[str, Any], environment: str) -> Needs:
    """What an environment binds and requires; bindings are not inherited from the top level."""
    chosen = of_environment(settings, environment)
    secrets = chosen.get("secrets")
    required = secrets.get("required") if isinstance(secrets, dict) else ()
    return Needs(frozenset(_bindings(chosen)), frozenset(str(one) for one in required or ()))


def _bindings(settings: dict[str, Any]) -> Iterator[str]:
    """Every name by which the code reaches something: keys of `vars`, and `binding` or `name` of each entry."""
    variables = settings.get("vars")
    yield from variables if isinstance(variables, dict) else ()
    for key, value in settings.items():
        if key in _NO_BINDINGS:
            continue
        if key in _HOLDERS and isinstance(value, dict):
            for inner in (value.get("bindings"), value.get("producers")):
                yield from _names(inner)
        elif isinstance(value, dict) and isinstance(value.get("binding"), str):
            yield value["binding"]
        else:
            yield from _names(value)


def _names(entries: object) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        named = [entry[key] for key in _NAMED if key in entry] if isinstance(entry, dict) else []
        if named and isinstance(named[0], str):
            yield named[0]
