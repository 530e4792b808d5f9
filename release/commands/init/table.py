"""[tool.release] as text, laid out as a person would write it."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from release.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tomlkit.items import Array, InlineTable, Table

BADGE = 'badge = { selector = ".version-badge", attribute = "data-version" }  # where the dashboard shows the version'


def appended(text: str, settings: Mapping[str, Any]) -> str:
    """A pyproject.toml with [tool.release] behind all that it has; every byte of that stays. Raises UsageError."""
    from tomlkit import dumps

    gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
    whole = f"{text}{gap}{dumps(_document(settings))}"
    try:
        tomllib.loads(whole)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"[tool.release] cannot be added to this pyproject.toml: {error}",
            "Write its [tool] as tables with headers of their own, such as [tool.ruff].",
        ) from None
    return whole


def _document(settings: Mapping[str, Any]) -> Any:  # noqa: ANN401 - tomlkit's own
    import tomlkit

    release = tomlkit.table()
    for key, value in settings.items():
        if key in {"workers", "databases"}:
            tables = tomlkit.aot()
            for one in value:
                tables.append(_table(one))
            release[key] = tables
        elif key == "environments":
            release[key] = _environments(value)
        else:
            release[key] = _table(value) if isinstance(value, dict) else value
    document, tool = tomlkit.document(), tomlkit.table(is_super_table=True)
    tool["release"] = release
    document["tool"] = tool
    return document


def _environments(found: Mapping[str, Mapping[str, Any]]) -> Table:
    import tomlkit

    made = tomlkit.table(is_super_table=True)
    for name, values in found.items():
        made[name] = _table(values)
        made[name].add(tomlkit.comment(BADGE))
    return made


def _table(values: Mapping[str, Any]) -> Table:
    import tomlkit

    made = tomlkit.table()
    for key, value in values.items():
        made[key] = _value(value)
    return made


def _value(value: object) -> Any:  # noqa: ANN401 - tomlkit's own
    """Tables within a table in one line each; several of them one below the other."""
    if isinstance(value, dict):
        return _inline(value)
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return _lines(value)
    return value


def _lines(values: list[dict[str, Any]]) -> Array:
    import tomlkit

    made = tomlkit.array()
    for one in values:
        made.add_line(_inline(one), indent="    ")
    made.add_line(indent="")
    return made


def _inline(values: Mapping[str, Any]) -> InlineTable:
    import tomlkit

    made = tomlkit.inline_table()
    for key, value in values.items():
        made[key] = value
    return made
