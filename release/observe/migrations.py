"""Which files of a commit wrangler applies to an environment's database, as the commit's own configuration says."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError
from release.formats.wrangler_config import candidates, parse
from release.formats.wrangler_databases import Wanted, names_in
from release.formats.wrangler_migrations import LEDGER, Rules, rules_of
from release.model.repository import Unlisted
from release.systems.git.content import first_file, read_migrations
from release.systems.npm.node import wrangler_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from release.config import Config, Database, Environment, Worker
    from release.systems.git.client import Git
    from release.systems.ops import Ops


def rules_at(ops: Ops, commit: str, database: Database, environment: Environment | None = None) -> Rules:
    """The rules for a database. Where no wrangler configuration is, this tool's own says it all.

    Raises CannotReadError where wrangler would refuse its configuration, or where nothing tells the database's name in D1.
    """
    place = environment or ops.environment
    worker, name = ops.config.worker(database.worker), place.databases.get(database.name, "")
    ours = posixpath.normpath(database.migrations)
    found = _configuration(ops.git, commit, _files(database, worker, place))
    if found is None and name:
        return Rules(ours, database=name)
    if found is None:
        raise CannotReadError(
            f"{worker.path} has no wrangler configuration, so the D1 database of {database.name} is unknown.",
            f'Name it in [tool.release.environments]: databases = {{ {database.name} = "..." }}',
        )
    wanted = Wanted(name, database.binding or "", ours)
    chosen = place.wrangler if not database.config or "env" in found[1] else ""
    return rules_of(found[1], found[0], chosen, wanted, wrangler_version(ops.root / worker.path))


def _files(database: Database, worker: Worker, place: Environment) -> Iterator[str]:
    """Where the configuration of a database may lie: its own file, else what wrangler finds for its worker."""
    if database.config:
        return iter((posixpath.normpath(database.config),))
    return candidates(worker.path, place.config, worker.config)


def agreed_rules(ops: Ops, commit: str) -> dict[str, Rules]:
    """The same of each database that is released: raises CannotReadError too where this tool's own names another folder."""
    found = {one.name: rules_at(ops, commit, one) for one in ops.config.databases}
    for one in ops.config.databases:
        _agreed(one, found[one.name], ops.config)
    return found


def _agreed(database: Database, rules: Rules, config: Config) -> None:
    if rules.folder == posixpath.normpath(database.migrations):
        return
    table = "[tool.release.database]" if config.database else "[[tool.release.databases]]"
    whose = "" if len(config.databases) == 1 else f" for {database.name}"
    raise CannotReadError(
        f"wrangler applies the migrations in {rules.folder} ({rules.source}), and "
        f"{table} names {database.migrations}{whose}.",
        f'Set migrations = "{rules.folder}" there, or migrations_dir in {rules.source}: wrangler\'s is what is applied.',
    )


def unlisted(ops: Ops, commit: str, listed: Mapping[str, Rules]) -> tuple[Unlisted, ...]:
    """The databases that a worker binds and that have migrations of their own, but for those that are `listed`."""
    names, folders = {one.database for one in listed.values()}, {one.folder for one in listed.values()}
    found: dict[str, Unlisted] = {}
    for worker in ops.config.workers:
        for rules in _bound(ops, commit, worker):
            if rules.database not in names and rules.folder not in folders:
                found.setdefault(rules.folder, Unlisted(rules.source, rules.database, rules.folder))
    return tuple(found.values())


def _bound(ops: Ops, commit: str, worker: Worker) -> Iterator[Rules]:
    """The rules of each database in a worker's configuration that has a migration; none where it cannot be read."""
    files = candidates(worker.path, ops.environment.config, worker.config)
    environment = ops.environment.wrangler
    try:
        path, settings = _configuration(ops.git, commit, files) or ("", {})
        names = names_in(settings, path, environment) if path else ()
    except CannotReadError:
        return
    for name in names:
        with suppress(CannotReadError):
            rules = rules_of(settings, path, environment, Wanted(binding=name))
            if ops.git.object(f"{commit}:{rules.folder}") and read_migrations(ops.git, commit, rules):
                yield rules


def d1_at(
    ops: Ops, commit: str, database: Database, environment: Environment | None = None
) -> tuple[str, str]:
    """The database's name in D1, and the table in which wrangler notes what it applied; the usual one where that is unknown.

    Raises CannotReadError where the name is written nowhere.
    """
    try:
        rules = rules_at(ops, commit, database, environment)
    except CannotReadError:
        name = (environment or ops.environment).databases.get(database.name)
        if not name:
            raise
        return name, LEDGER
    return rules.database, rules.table


def _configuration(git: Git, commit: str, files: Iterator[str]) -> tuple[str, dict[str, Any]] | None:
    """Path and settings of the first of these files that a commit has."""
    found = first_file(git, commit, files)
    if found is None:
        return None
    path, text = found
    try:
        return path, parse(path, text)
    except (ValueError, RecursionError) as error:
        raise CannotReadError(
            f"{path} cannot be read: {error}.", "Correct it; wrangler cannot read it either."
        ) from None
