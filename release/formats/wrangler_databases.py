"""Which entry of `d1_databases` in a wrangler configuration is a database, and what D1 calls it (pure)."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError
from release.formats.wrangler_config import databases_in
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = "./migrations"  # where an entry names no `migrations_dir`


class Wanted(Frozen, frozen=True):
    """The database that is looked for in a configuration: by its name in D1, its binding, or the folder of its migrations."""

    name: str = ""
    binding: str = ""
    folder: str = ""

    @property
    def told(self) -> str:
        """Its binding, or else its name; empty where only the folder is known."""
        return self.binding or self.name

    @property
    def key(self) -> str:
        """The key of an entry that says so."""
        return "binding" if self.binding else "database_name"

    def is_meant(self, entry: Mapping[str, Any]) -> bool:
        """Whether an entry of d1_databases is this database; a binding that is told decides."""
        if self.binding:
            return bool(entry.get("binding") == self.binding)
        return self.name in (entry.get("database_name"), entry.get("binding"))


def entry_of(settings: Mapping[str, Any], source: str, environment: str, wanted: Wanted) -> Mapping[str, Any]:
    """The entry of a database in one of wrangler's environments. Raises CannotReadError, with what to do."""
    return _entry(_bound(settings, source, environment), source, environment, wanted)


def d1_of(
    settings: Mapping[str, Any], source: str, environment: str, wanted: Wanted
) -> tuple[str, str | None]:
    """Name and id of a database in D1 as the configuration at `source` says; None for an id that it leaves to wrangler.

    Raises CannotReadError as `rules_of`, and where no name is told.
    """
    return name_of(entry_of(settings, source, environment, wanted), source, environment, wanted)


def name_of(
    entry: Mapping[str, Any], source: str, environment: str, wanted: Wanted
) -> tuple[str, str | None]:
    """Name and id of an entry. Raises CannotReadError where no name is told, or two."""
    bound, identifier = text_of(entry, "database_name", source), entry.get("database_id")
    if wanted.binding and wanted.name and bound and bound != wanted.name:
        raise CannotReadError(
            f"{source} binds {wanted.binding} to the D1 database {bound} {_place(environment)}, and "
            f"[tool.release.environments] names {wanted.name}.",
            "Correct one of them, or leave the name out of [tool.release.environments]: wrangler's is then read.",
        )
    name = bound if not wanted.name and bound else wanted.name
    if not name:
        raise CannotReadError(
            f"{source} gives the D1 database {entry.get('binding')} no database_name {_place(environment)}.",
            "Add it, or name the database in [tool.release.environments].",
        )
    return name, identifier if isinstance(identifier, str) and identifier else None


def names_in(settings: Mapping[str, Any], source: str, environment: str) -> tuple[str, ...]:
    """The bindings of all databases in one of wrangler's environments. Raises CannotReadError where that is not there."""
    return tuple(str(one["binding"]) for one in _bound(settings, source, environment) if one.get("binding"))


def _bound(settings: Mapping[str, Any], source: str, environment: str) -> list[dict[str, Any]]:
    """The databases of an environment; one that is not there is the top level, where none is named at all."""
    named = settings.get("env")
    chosen = named.get(environment) if isinstance(named, dict) and environment else None
    if environment and named is not None and not isinstance(chosen, dict):
        raise CannotReadError(
            f"{source} has no environment {environment}.",
            f"wrangler refuses --env {environment} then. Add it, or correct `wrangler` in [tool.release.environments].",
        )
    return databases_in(settings if chosen is None else chosen)


def _entry(
    entries: Sequence[Mapping[str, Any]], source: str, environment: str, wanted: Wanted
) -> Mapping[str, Any]:
    """The first entry of that name or binding; where neither is told, the only one whose migrations lie in the folder."""
    if wanted.told:
        found = [one for one in entries if wanted.is_meant(one)]
    else:
        at = posixpath.dirname(source)
        found = [one for one in entries if _lies_in(one, at, wanted.folder)] or list(entries)
    if len(found) == 1 or (found and wanted.told):
        return found[0]
    there = ", ".join(str(one.get("database_name") or one.get("binding")) for one in entries)
    if wanted.told:
        raise CannotReadError(
            f"{source} binds no D1 database {wanted.told} {_place(environment)}{f' (there: {there})' if there else ''}.",
            f'Give its entry in d1_databases {wanted.key} = "{wanted.told}": bindings are not inherited from the top level.',
        )
    if not entries:
        raise CannotReadError(
            f"{source} binds no D1 database {_place(environment)}.",
            "Add it to d1_databases: bindings are not inherited from the top level.",
        )
    raise CannotReadError(
        f"{source} binds several D1 databases {_place(environment)} ({there}), and none or several of them have their "
        f"migrations in {wanted.folder}.",
        "Name the `binding` of the one that is meant in [[tool.release.databases]].",
    )


def _lies_in(entry: Mapping[str, Any], at: str, folder: str) -> bool:
    said = entry.get("migrations_dir")
    place = normal(said) if isinstance(said, str) and said else FOLDER
    return posixpath.normpath(posixpath.join(at, place)) == posixpath.normpath(folder)


def _place(environment: str) -> str:
    return f"in {environment}" if environment else "at its top level"


def text_of(entry: Mapping[str, Any], key: str, source: str) -> str | None:
    """The text under a key; None where it is not there. Raises CannotReadError where it is none."""
    value = entry.get(key)
    if value is not None and not isinstance(value, str):
        raise CannotReadError(f"{source}: {key} is not a string.", "Correct it; wrangler refuses it too.")
    return value


def normal(path: str) -> str:
    """A path as wrangler normalizes it: with "/", without a last one."""
    return posixpath.normpath(path.replace("\\", "/"))
