"""`inv config`: the configuration as it is understood, each value with where it came from."""

from __future__ import annotations

import json as parser
from typing import TYPE_CHECKING, Any

from release.commands.command import command
from release.commands.ending import Shown, root_of, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from invoke.context import Context

DEFAULT = "default"
LONGEST = 60  # columns of a value


@command("config")
def config(context: Context, all: bool = False, json: bool = False) -> None:  # noqa: A002 - the option's name
    """Show each setting and where it came from.

    Example: inv config --all

    It resolves what is read from wrangler files and the environment, and ends with 2 where the configuration is wrong.
    """

    def read() -> Shown:
        import os

        rows = list(resolved(root_of(context), os.environ))
        shown = [row for row in rows if all or row[2] != DEFAULT]
        wide = max((len(key) for key, _, _ in shown), default=0)
        lines = [f"{key:<{wide}}  {_cut(value)}  ({source})" for key, value, source in shown]
        left = len(rows) - len(shown)
        lines.append(
            f"The configuration is valid.{f' {left} more keys have their defaults: inv config --all' if left else ''}"
        )
        values = {key: {"value": value, "source": source} for key, value, source in rows}
        return Shown(lines, {"valid": True, "values": values})

    show(read, json=json)


def resolved(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Any, str]]:
    """Each key with its value and its source: a line of pyproject.toml, a wrangler file, a variable, or its default.

    Raises UsageError as `load` does, with every problem that the configuration has.
    """
    import msgspec

    from release.config import FILE, Settings, load

    loaded = load(root)
    text = (loaded.root / FILE).read_text("utf-8")
    fields = {name: getattr(loaded, name) for name in Settings.__struct_fields__}
    for path, value in _leaves(msgspec.to_builtins(fields), ()):
        yield _spelled(path), value, _source(text, path)
    for name in loaded.environments:
        variable = f"RELEASE_{name.upper().replace('-', '_')}_URL"
        if variable in environ:
            yield f"environments.{name}.url", environ[variable], f"the variable {variable}"
        for worker in loaded.workers:
            placed = loaded.placed(worker.name, name)
            read_from = placed.config or "[tool.release]"
            yield f"environments.{name}: script of {worker.name}", placed.script, read_from


def _leaves(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], Any]]:  # noqa: ANN401
    """The values of a tree; a list of plain values is one."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _leaves(part, (*path, name))
    elif isinstance(value, list | tuple) and any(isinstance(one, dict) for one in value):
        for number, part in enumerate(value):
            yield from _leaves(part, (*path, number))
    else:
        yield path, value


def _source(text: str, path: tuple[str | int, ...]) -> str:
    import tomllib

    from release.config import FILE, TABLE
    from release.config.messages import line_of

    document: Any = tomllib.loads(text)
    whole = (*TABLE, *path)
    for key in whole:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return DEFAULT
    return f"{FILE}:{line_of(text, whole)}"


def _spelled(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def _cut(value: Any) -> str:  # noqa: ANN401 - JSON
    said = parser.dumps(value)
    return said if len(said) <= LONGEST else f"{said[: LONGEST - 1]}…"
