"""The health route as it answers today: asked once, where a person agrees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from release.commands.init.health_route import COMMITS, HealthRoute
from release.errors import CannotReadError
from release.systems.web.http import Http, PassingError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 256 * 1024
DEEP = 3  # objects within objects that are looked into
_WELL = ("status", "ok", "healthy")
_WORDS = frozenset({"ok", "okay", "healthy", "up", "pass", "passing", "alive", "good", "online", "running"})
_NUMBER = re.compile(r"v?\d+\.\d+\.\d+(?:[-+][0-9A-Za-z.+-]+)?")
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEXT = re.compile(r"[^<>\n]{1,40}")


def answer_of(url: str, path: str) -> HealthRoute | None:
    """What the route at `url` answers; None where it does not answer, or not that all is well."""
    http = Http(attempts=1)
    try:
        answer = http.send("GET", url, timeout=10.0, most=MOST)
    except (PassingError, CannotReadError):
        return None
    finally:
        http.close()
    return understood(path, answer.status, answer.body)


def understood(path: str, status: int, body: bytes) -> HealthRoute | None:
    """What an answer tells (pure); None where its status says that something is wrong."""
    if not 200 <= status < 300:  # noqa: PLR2004
        return None
    try:
        told = msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, RecursionError):
        text = body.decode(errors="replace").strip()
        is_text = _TEXT.fullmatch(text)
        return HealthRoute(path, text=text if is_text else None, status=status, is_asked=True)
    fields = dict(_leaves(told)) if isinstance(told, dict) else {}
    return HealthRoute(
        path,
        ok=next(((name, fields[name]) for name in _WELL if _says_well(fields.get(name))), None),
        version=_named(fields, ("version",), _NUMBER),
        commit=_named(fields, COMMITS, _COMMIT),
        version_id=_named(fields, ("id", "version_id", "versionId", "version"), _ID),
        status=status,
        is_asked=True,
    )


def _says_well(value: object) -> bool:
    return value.lower() in _WORDS if isinstance(value, str) else value is True or value == 1


def _named(fields: dict[str, Any], names: tuple[str, ...], kind: re.Pattern[str]) -> str | None:
    """The field that has one of these names and holds a value of this kind; the outermost one."""
    found = [
        field
        for field, value in fields.items()
        if field.rpartition(".")[2] in names and isinstance(value, str) and kind.fullmatch(value)
    ]
    return min(found, key=lambda field: field.count("."), default=None)


def _leaves(value: dict[str, Any], above: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Every field that is no object, with dots between the names that lead to it."""
    for name, one in value.items():
        if isinstance(one, dict) and depth < DEEP:
            yield from _leaves(one, f"{above}{name}.", depth + 1)
        elif not isinstance(one, dict) and "." not in name:
            yield f"{above}{name}", one
