"""The D1 databases whose migrations a release applies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from release.commands.init.repository import Repository
    from release.commands.init.workers import D1, Found


@dataclass(frozen=True)
class Ledger:
    """A database with migrations: who binds it under which name, the folder, and its name in each environment.

    `config` is the configuration that describes the migrations, where that is not the worker's.
    """

    worker: str
    binding: str
    folder: str
    names: Mapping[str, str]
    config: str | None = None


def databases(
    repository: Repository, chosen: Sequence[Found], alone: Iterable[D1], names: Mapping[str, str]
) -> tuple[Ledger, ...]:
    """Every database that the chosen workers bind in each environment and that has SQL files; each folder once.

    `alone` are the databases of folders that hold migrations and no worker: they say where the files of a database lie.
    """
    elsewhere = {one.name: one for one in alone if _has_sql(repository, one.folder)}
    found: dict[str, Ledger] = {}
    for one in chosen:
        for first in one.places[next(iter(names.values()))].databases:
            lies = first if _has_sql(repository, first.folder) else elsewhere.get(first.name)
            bound = {
                name: next((d1.name for d1 in one.places[env].databases if d1.binding == first.binding), None)
                for name, env in names.items()
            }
            known = {name: database for name, database in bound.items() if database}
            if lies and len(known) == len(names):
                ledger = Ledger(one.name, first.binding, lies.folder, known, lies.source or None)
                found.setdefault(lies.folder, ledger)
    return tuple(found.values())


def _has_sql(repository: Repository, folder: str) -> bool:
    return any(path.startswith(f"{folder}/") and path.endswith(".sql") for path in repository.files)
