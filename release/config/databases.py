"""The D1 databases of [tool.release]: one table, or a list of them, and how each is called."""
# No `from __future__ import annotations` here: msgspec reads the annotations as they are.

import posixpath
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from release.config.types import RelativePath, Value

if TYPE_CHECKING:
    from release.config.tables import Environment, Settings


class Database(Value, frozen=True, kw_only=True):
    """A D1 database and its migrations. Several are backfilled and migrated in the order of the list."""

    name: Annotated[
        str,
        Meta(
            pattern="^([a-z0-9][a-z0-9_-]*)?$",
            examples=["audit"],
            description="What people call it. Left out: its binding in small letters, else the folder above `migrations`.",
        ),
    ] = ""
    worker: Annotated[str, Meta(description="The worker whose wrangler configuration binds it.")]
    binding: Annotated[
        str | None,
        Meta(
            examples=["AUDIT_DB"],
            description="Its `binding` in d1_databases. Left out: the entry of that database's name, else of that folder.",
        ),
    ] = None
    migrations: Annotated[RelativePath, Meta(description="The folder of the SQL files.")]
    config: Annotated[
        RelativePath | None,
        Meta(
            examples=["db/wrangler.toml"],
            description="The wrangler configuration that describes its migrations, where that is not the worker's.",
        ),
    ] = None
    contract: Annotated[
        Literal["", "after-deploy"],
        Meta(
            examples=["after-deploy"],
            description="`after-deploy`: breaking migrations run after the smoke check. Left out: those that say "
            "`-- release: after-deploy`.",
        ),
    ] = ""
    manual_backfill: Annotated[
        str,
        Meta(description="The command to name when the ledger cannot be filled; it is shown, never run."),
    ] = "inv step.backfill --through FILE"


def named(settings: "Settings") -> "Settings":
    """The same settings with the list of databases, each with its name; the one table is a list of one."""
    listed = settings.databases or ((settings.database,) if settings.database else ())
    databases = tuple(map(with_name, listed))
    if len(databases) != 1:
        return replace(settings, databases=databases)
    environments = {key: _filled(one, databases[0].name) for key, one in settings.environments.items()}
    return replace(settings, databases=databases, environments=environments)


def as_written(settings: "Settings") -> "Settings":
    """The settings without what `named` took from the one table: what is wrong with that is said once."""
    if settings.database is None:
        return settings
    environments = {
        key: replace(one, databases={}) if one.database else one for key, one in settings.environments.items()
    }
    return replace(settings, databases=(), environments=environments)


def with_name(one: Database) -> Database:
    """The same database, under its own name unless it was given one."""
    above = posixpath.basename(posixpath.dirname(posixpath.normpath(one.migrations)))
    return one if one.name else replace(one, name=(one.binding or above or one.worker).lower())


def _filled(environment: "Environment", name: str) -> "Environment":
    """The environment in which the only database's name stands where the names of several would."""
    if environment.database is None or environment.databases:
        return environment
    return replace(environment, databases={name: environment.database})
