"""What `wrangler deploy` would really read after a build, and whether that is what the plan says.

The Vite plugin and frameworks leave `.wrangler/deploy/config.json`, which redirects wrangler to a flattened file: it holds
one environment, chosen at build time. wrangler then warns of `--env` or refuses it, by its version (workers-sdk 8596).
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from release.errors import EffectError, UsageError
from release.formats.wrangler_config import (
    account_of,
    candidates,
    databases_in,
    needs_in,
    of_environment,
    parse,
    script_name,
    upwards,
)
from release.formats.wrangler_databases import Wanted
from release.frozen import Frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from release.config import Worker

REDIRECT = ".wrangler/deploy/config.json"
EMPTY_SINCE = (
    4,
    51,
    0,
)  # CLOUDFLARE_ENV (in a .env too) chooses from here on, and --env="" keeps it from that


class Resolved(Frozen, frozen=True):
    """A configuration by its path, as wrangler takes it: the team's `source`, or one that a build generated from it.

    Both are None where there is no file.
    """

    path: str
    settings: dict[str, Any] | None
    source: dict[str, Any] | None
    is_generated: bool = False

    def words(self, worker: Worker, environment: str, version: tuple[int, ...] | None) -> tuple[str, ...]:
        """The options by which wrangler deploys it."""
        if self.is_generated:
            return ()
        config = ("--config", worker.config) if worker.config else ()
        if environment:
            return (*config, "--env", environment)
        has_others = bool(self.settings and self.settings.get("env"))
        return (*config, *(("--env=",) if has_others and version and version >= EMPTY_SINCE else ()))

    def check(
        self, worker: Worker, environment: str, bound: Mapping[str, str | None], account: str = ""
    ) -> None:
        """Raise EffectError where it is not of this account, script, these databases (name -> id) and the source's bindings."""
        if self.settings is None or (worker.deploy and not self.is_generated):
            return
        named = account_of(self.settings, "" if self.is_generated else environment)
        if account and named and named != account:
            raise EffectError(
                f"{self.path} is not what was planned: it is of the account {named}, and the plan of {account}.",
                "Set CLOUDFLARE_ACCOUNT_ID to the account that is meant, or take account_id out of the worker's configuration.",
            )
        for problem in self._differences(worker, environment, bound):
            raise EffectError(f"{self.path} is not what was planned: {problem}.", self._advice(environment))

    def _differences(
        self, worker: Worker, environment: str, bound: Mapping[str, str | None]
    ) -> Iterator[str]:
        settings, chosen = self.settings or {}, "" if self.is_generated else environment
        target, name = settings.get("targetEnvironment"), script_name(settings, chosen)
        if self.is_generated and isinstance(target, str) and target != environment:
            yield f"it is of the environment {target or '(top level)'}, and the plan of {environment or 'the top level'}"
        if name and "{" not in worker.script and worker.script and name != worker.script:
            yield f'it deploys the script "{name}", and the plan "{worker.script}"'
        for database, uuid in bound.items():
            yield from _database(settings, chosen, database, uuid)
        if self.is_generated and self.source is not None:
            lost = needs_in(self.source, environment).bindings - needs_in(settings, "").bindings
            if lost:
                yield f"it lacks {', '.join(sorted(lost))}, which the worker's own configuration binds"

    def _advice(self, environment: str) -> str:
        if not self.is_generated:
            return "Something changed the file since the plan was made. Look at it, then run again."
        given = f"CLOUDFLARE_ENV={environment}" if environment else "no CLOUDFLARE_ENV, for the top level"
        return (
            f"The environment of a generated configuration is chosen by its build, which gets {given}. Set `build` in "
            "[[tool.release.workers]] to the command that makes it, and let nothing in it set another CLOUDFLARE_ENV."
        )


def resolved(root: Path, worker: Worker) -> Resolved:
    """What wrangler reads for a worker as it lies there now. Raises EffectError where it cannot be read."""
    own = _own(root, worker)
    source = _parsed(root, own) if own else None
    redirect = _redirect(root, worker, own)
    if redirect is None or (worker.config and not worker.build):
        return Resolved(own or "", source, source)  # wrangler follows no redirect where --config is given
    path = _parsed(root, redirect).get("configPath")
    if not isinstance(path, str):
        raise EffectError(f"{redirect} has no configPath.", "Build again; the build tool writes it.")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(redirect), path))
    return Resolved(path, _parsed(root, path), source, is_generated=True)


def _own(root: Path, worker: Worker) -> str | None:
    return next(
        (path for path in candidates(worker.path, "", worker.config) if (root / path).is_file()), None
    )


def _redirect(root: Path, worker: Worker, own: str | None) -> str | None:
    """The redirecting file beside the worker's own configuration; the nearest one where there is none."""
    beside = posixpath.join(posixpath.dirname(own), REDIRECT) if own is not None else None
    return next(
        (
            path
            for path in ([beside] if beside else upwards(worker.path, REDIRECT))
            if (root / path).is_file()
        ),
        None,
    )


def _parsed(root: Path, path: str) -> dict[str, Any]:
    try:
        return parse(path, (root / path).read_bytes())
    except (OSError, ValueError, RecursionError, UsageError) as error:
        raise EffectError(f"{path} cannot be read: {error}.", "Build again, or correct it.") from None


def _database(settings: dict[str, Any], environment: str, database: str, uuid: str | None) -> Iterator[str]:
    bound = databases_in(of_environment(settings, environment))
    entry = next((one for one in bound if Wanted(database).is_meant(one)), None)
    if entry is None:
        there = ", ".join(str(one.get("database_name") or one.get("binding")) for one in bound)
        yield f"it binds {f'the D1 database {there}' if there else 'no D1 database'}, and the plan {database}"
    elif uuid and entry.get("database_id") and entry["database_id"] != uuid:
        yield f"it binds {database} with the id {entry['database_id']}, and the plan has {uuid}"
