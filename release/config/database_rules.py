"""What the databases of the settings must keep to: workers that are there, folders and D1 names that differ."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from release.config.databases import with_name
from release.config.messages import Fault, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config.messages import Path
    from release.config.tables import Environment, Settings


def broken_databases(settings: Settings) -> Iterator[Fault]:
    """Every rule that they break. The settings have their names already."""
    if settings.database and settings.databases != (with_name(settings.database),):
        yield Fault(
            ("database",), "it stands beside [[tool.release.databases]]; make it an entry of that list"
        )
        return
    yield from _entries(settings)
    for name, environment in settings.environments.items():
        yield from _environment(settings, ("environments", name), environment)
    yield from _shared(settings)


def _place(settings: Settings, index: int) -> Path:
    return ("database",) if settings.database else ("databases", index)


def _entries(settings: Settings) -> Iterator[Fault]:
    workers = [worker.name for worker in settings.workers]
    names: set[str] = set()
    folders: dict[str, str] = {}
    bindings: dict[tuple[str, str], str] = {}
    for index, one in enumerate(settings.databases):
        path, folder = _place(settings, index), posixpath.normpath(one.migrations)
        if one.worker not in workers:
            yield Fault(
                (*path, "worker"), f'there is no worker "{one.worker}"; {nearest(one.worker, workers)}'
            )
        if one.name in names:
            yield Fault((*path, "name"), f'a second database named "{one.name}"; give each its own `name`')
        elif folder in folders:
            yield Fault(
                (*path, "migrations"),
                f'"{folders[folder]}" has this folder already; each database needs its own migrations',
            )
        elif one.binding and (one.worker, one.binding) in bindings:
            other = bindings[one.worker, one.binding]
            yield Fault((*path, "binding"), f'"{other}" is this binding of {one.worker} already')
        names.add(one.name)
        folders.setdefault(folder, one.name)
        bindings.setdefault((one.worker, one.binding or ""), one.name)


def _environment(settings: Settings, path: Path, environment: Environment) -> Iterator[Fault]:
    known = [one.name for one in settings.databases]
    if settings.database and not environment.databases:
        yield Fault(path, 'the key "database" is missing: the D1 database\'s name')
    if environment.database and len(known) > 1:
        yield Fault(
            (*path, "database"),
            f"there are several databases; write databases = {{ {known[0]} = "
            f'"{environment.database}", {known[1]} = "..." }}',
        )
    for name in environment.databases:
        if name not in known:
            hint = nearest(name, known) if known else "[[tool.release.databases]] lists none"
            yield Fault((*path, "databases", name), f'there is no database "{name}"; {hint}')


def _shared(settings: Settings) -> Iterator[Fault]:
    """A D1 database that two of the list name, in one environment or in two: one's migrations would run on the other."""
    owners: dict[str, str] = {}
    for name, environment in settings.environments.items():
        for one, d1 in environment.databases.items():
            if owners.setdefault(d1, one) != one:
                yield Fault(
                    ("environments", name, "databases", one),
                    f'"{d1}" is the D1 database of "{owners[d1]}" already',
                )
