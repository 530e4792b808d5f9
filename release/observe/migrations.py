"""Which files of a commit wrangler applies to an environment's database, as the commit's own configuration says."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from release.errors import CannotReadError
from release.formats.wrangler_config import candidates, parse
from release.formats.wrangler_migrations import LEDGER, Rules, rules_of
from release.systems.npm.node import wrangler_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.config import Environment
    from release.systems.git.client import Git
    from release.systems.ops import Ops


def rules_at(ops: Ops, commit: str, environment: Environment | None = None) -> Rules | None:
    """The rules for a database; None where there is none. Where no wrangler configuration is, this tool's own says it all.

    Raises CannotReadError where wrangler would refuse its configuration, or mean another folder than ours.
    """
    settings = ops.config.database
    if settings is None:
        return None
    place = environment or ops.environment
    worker = ops.config.worker(settings.worker)
    files = candidates(worker.path, place.config, worker.config)
    found = _configuration(ops.git, commit, files) if place.database else None
    if found is None or place.database is None:
        return Rules(posixpath.normpath(settings.migrations))
    version = wrangler_version(ops.root / worker.path)
    return rules_of(found[1], found[0], place.wrangler, place.database, version)


def agreed_rules(ops: Ops, commit: str) -> Rules | None:
    """The same for what is released: raises CannotReadError too where [tool.release.database] names another folder."""
    rules, settings = rules_at(ops, commit), ops.config.database
    if rules is None or settings is None or rules.folder == posixpath.normpath(settings.migrations):
        return rules
    raise CannotReadError(
        f"wrangler applies the migrations in {rules.folder} ({rules.source}), and "
        f"[tool.release.database] names {settings.migrations}.",
        f'Set migrations = "{rules.folder}" there, or migrations_dir in {rules.source}: wrangler\'s is what is applied.',
    )


def ledger_at(ops: Ops, commit: str, environment: Environment | None = None) -> str:
    """The table in which wrangler notes what it applied; the usual one where that cannot be told."""
    try:
        rules = rules_at(ops, commit, environment)
    except CannotReadError:
        return LEDGER
    return rules.table if rules else LEDGER


def _configuration(git: Git, commit: str, files: Iterator[str]) -> tuple[str, dict[str, Any]] | None:
    """Path and settings of the first of these files that a commit has."""
    for path in files:
        found = git.object(f"{commit}:{path}")
        if found is None or found[1] != "blob":
            continue
        try:
            return path, parse(path, found[2])
        except (ValueError, RecursionError) as error:
            raise CannotReadError(
                f"{path} cannot be read: {error}.", "Correct it; wrangler cannot read it either."
            ) from None
    return None
