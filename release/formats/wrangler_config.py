"""A worker's wrangler configuration: what it binds in each environment, and the secrets it requires (pure)."""

from __future__ import annotations

import posixpath
import re
import tomllib
from typing import TYPE_CHECKING, Any

from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAMES = ("wrangler.json", "wrangler.jsonc", "wrangler.toml")  # the order in which wrangler looks for them
_NAMED = ("binding", "name")  # the key of an entry that a worker's code knows it by
_NO_BINDINGS = frozenset(
    {"containers", "env", "migrations", "routes", "rules", "streaming_tail_consumers", "tail_consumers"}
)
_HOLDERS = ("durable_objects", "logfwdr", "queues", "unsafe")  # tables whose lists hold the bindings


class SyntaxFaultError(ValueError):
    """A file that is neither TOML nor JSON, with the place (both from 1) of what is wrong."""

    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(f"line {line}, column {column}: {what}")
        self.what, self.line, self.column = what, line, column


class Needs(Frozen, frozen=True):
    """What a worker's configuration says of one environment: names of bindings (variables too), and of secrets."""

    bindings: frozenset[str]
    secrets: frozenset[str]


def parse(name: str, text: bytes) -> dict[str, Any]:
    """The settings in a file of this name: TOML, or JSON with comments and trailing commas. Raises ValueError."""
    if name.endswith(".toml"):
        try:
            return tomllib.loads(text.decode())
        except tomllib.TOMLDecodeError as error:
            raise _toml_fault(error) from None
    import rapidjson

    try:
        found = rapidjson.loads(
            text.decode(), parse_mode=rapidjson.PM_COMMENTS | rapidjson.PM_TRAILING_COMMAS
        )
    except rapidjson.JSONDecodeError as error:
        raise _json_fault(str(error), text) from None
    if not isinstance(found, dict):
        raise ValueError("not a table")  # noqa: TRY004 - the text is wrong, no caller passed a wrong type
    return found


def _toml_fault(error: tomllib.TOMLDecodeError) -> SyntaxFaultError | ValueError:
    said = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error), re.DOTALL)
    return (
        SyntaxFaultError(f"not TOML: {said[1]}", int(said[2]), int(said[3]))
        if said
        else ValueError(str(error))
    )


def _json_fault(error: str, text: bytes) -> SyntaxFaultError | ValueError:
    said = re.fullmatch(r"Parse error at offset (\d+): (.*)", error, re.DOTALL)
    if said is None:
        return ValueError(error)
    before = text[: int(said[1])]
    line, column = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
    return SyntaxFaultError(f"not JSON: {said[2].rstrip('.')}", line, column)


def upwards(folder: str, name: str) -> Iterator[str]:
    """The places of a file from a folder of the repository up to its root, as wrangler looks for it."""
    at = posixpath.normpath(folder)
    while at not in {"", "."}:
        yield f"{at}/{name}"
        at = posixpath.dirname(at)
    yield name


def candidates(folder: str, special: str = "", own: str = "") -> Iterator[str]:
    """Where a worker's configuration may lie, first come first: a `special` file in its folder, then its `own`.

    Where it has no own one it is looked for as wrangler does.
    """
    for name in filter(None, (special, own)):
        yield posixpath.normpath(f"{folder}/{name}")
    for name in () if own else NAMES:
        yield from upwards(folder, name)


def of_environment(settings: dict[str, Any], environment: str) -> dict[str, Any]:
    """The settings of one of wrangler's environments; those of the top level where it is not named, and for ""."""
    found = (settings.get("env") or {}).get(environment, settings) if environment else settings
    return found if isinstance(found, dict) else {}


def account_of(settings: dict[str, Any], environment: str) -> str | None:
    """The account that a configuration names for one of wrangler's environments, its own or the top level's; None where none."""
    found = of_environment(settings, environment).get("account_id") or settings.get("account_id")
    return found if isinstance(found, str) and found else None


def script_name(settings: dict[str, Any], environment: str) -> str | None:
    """The name that wrangler gives the script in one of its environments; None where nothing says it."""
    named = settings.get("env")
    chosen = named.get(environment) if isinstance(named, dict) and environment else None
    own, top = chosen.get("name") if isinstance(chosen, dict) else None, settings.get("name")
    if isinstance(own, str) and own:
        return own
    if not isinstance(top, str) or not top:
        return None
    return f"{top}-{environment}" if environment else top


def databases_in(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The entries of `d1_databases` in the settings of one environment, without what is no table."""
    bound = settings.get("d1_databases")
    return [one for one in bound if isinstance(one, dict)] if isinstance(bound, list) else []


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
