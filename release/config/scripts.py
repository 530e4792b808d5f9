"""Which script each worker is in an environment, and in which file that stands: what the wrangler files say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from release.errors import UsageError
from release.formats.wrangler_config import SyntaxFaultError, candidates, parse, script_name
from release.frozen import Frozen

if TYPE_CHECKING:
    from pathlib import Path

    from release.config import Config
    from release.config.places import Worker
    from release.config.tables import Environment


class Found(Frozen, frozen=True):
    """A wrangler file that was read: its path in the repository, and its settings."""

    path: str
    settings: dict[str, Any]

    @property
    def named(self) -> dict[str, Any]:
        """Its environments."""
        env = self.settings.get("env")
        return env if isinstance(env, dict) else {}


def read(root: Path, worker: Worker, environment: Environment) -> Found | None:
    """The wrangler file of a worker in an environment; None where there is none. Raises UsageError."""
    for path in candidates(worker.path, environment.config, worker.config):
        if (root / path).is_file():
            return Found(path, settings_at(root, path))
    return None


def placed(config: Config, name: str) -> dict[str, Worker]:
    """Every worker as it is in the environment `name`, by worker. Raises UsageError."""
    found = _found(config, name)
    _same_environments(config, name, found)
    workers = {one.name: _placed(one, config.environments[name], found[one.name]) for one in config.workers}
    _one_owner(config, name, workers)
    return workers


def _found(config: Config, name: str) -> dict[str, Found | None]:
    environment = config.environments[name]
    found: dict[str, Found | None] = {}
    for worker in config.workers:
        found[worker.name] = None if worker.deploy else _readable(config.root, worker, environment)
        if found[worker.name] is None and not worker.deploy:
            _missing(worker, name, environment)
        elif environment.config and not (environment.wrangler or environment.top_level or worker.deploy):
            _stands_alone(worker, name, environment, found[worker.name])
    return found


def _readable(root: Path, worker: Worker, environment: Environment) -> Found | None:
    try:
        return read(root, worker, environment)
    except UsageError:
        if worker.script:
            return (
                None  # known all the same; a rollback goes on, and the checks of a release say what is wrong
            )
        raise


def _missing(worker: Worker, name: str, environment: Environment) -> None:
    if worker.config or environment.config:
        file = worker.config or environment.config
        raise UsageError(
            f"The worker {worker.name} has no {file} in {worker.path}.",
            f"Add it, or correct `config` in [[tool.release.workers]] or [tool.release.environments.{name}].",
        )


def _stands_alone(worker: Worker, name: str, environment: Environment, found: Found | None) -> None:
    """Where only a file's name says which environment is meant, no other file can stand in for it."""
    if found is not None and not found.path.endswith(environment.config):
        raise UsageError(
            f"The worker {worker.name} has no {environment.config} in {worker.path}; "
            f"the top level of {found.path} may be another environment.",
            f"Add the file, or say in [tool.release.environments.{name}] which part of the others is meant: "
            '`wrangler = "NAME"`, or `top_level = true`.',
        )


def _same_environments(config: Config, name: str, found: dict[str, Found | None]) -> None:
    wanted = config.environments[name].wrangler
    there = [one for one in found.values() if one is not None and wanted in one.named]
    for worker, one in found.items():
        is_known = (
            bool(config.worker(worker).script) or not one or not one.named
        )  # wrangler goes on, or a check says it
        if not wanted or one is None or wanted in one.named or (is_known and not there):
            continue
        known = f" (it has: {', '.join(one.named)})" if one.named else ""
        elsewhere = f"; {there[0].path} has it" if there else ""
        raise UsageError(
            f"{one.path} of the worker {worker} has no environment {wanted}{known}{elsewhere}.",
            f"Add env.{wanted} there, or say in [tool.release.environments.{name}] which one is meant: "
            '`wrangler = "NAME"`, or `top_level = true`.',
        )


def _placed(worker: Worker, environment: Environment, found: Found | None) -> Worker:
    if found is None:
        file = "" if worker.deploy else worker.config or environment.config
        return replace(worker, script=worker.script_in(environment), config=file)
    said = script_name(found.settings, environment.wrangler)
    written = worker.script_in(environment) if worker.script else None
    if said is None and written is None:
        raise UsageError(
            f"{found.path} has no name, so the script of the worker {worker.name} is unknown.",
            'Add "name" to it; wrangler needs it too.',
        )
    if said and written and said != written:
        raise UsageError(
            f'The script of the worker {worker.name} is "{written}" in [tool.release] and "{said}" in {found.path}.',
            f"wrangler deploys {said}: take `script` out of [[tool.release.workers]], and it is read from the file.",
        )
    file = found.path.rpartition("/")[2]
    own = file if file in {environment.config, worker.config} else ""
    return replace(worker, script=written or said or "", config=own)


def _one_owner(config: Config, name: str, workers: dict[str, Worker]) -> None:
    owners = {("worker " + one.name, one.script) for one in workers.values()}
    for other, environment in config.environments.items():
        if other != name:
            owners |= _others(config, other, environment)
    seen: dict[str, str] = {}
    for owner, script in sorted(owners):
        if script in seen:
            raise UsageError(
                f'Two deployments share the script "{script}": {seen[script]} and {owner}.',
                "Give each its own name in its wrangler file, or correct `wrangler`, `top_level` or `config` "
                "in [tool.release.environments].",
            )
        seen[script] = owner


def _others(config: Config, name: str, environment: Environment) -> set[tuple[str, str]]:
    """The scripts of another environment, as far as they can be told."""
    try:
        found = _found(config, name)
        workers = [_placed(one, environment, found[one.name]) for one in config.workers]
    except UsageError:
        return set()  # its own commands say it
    return {(f"worker {one.name} in {name}", one.script) for one in workers}


def settings_at(root: Path, path: str) -> dict[str, Any]:
    """The wrangler file at a path. Raises UsageError where it cannot be read."""
    advice = "Correct it; wrangler cannot read it either."
    try:
        return parse(path, (root / path).read_bytes())
    except SyntaxFaultError as error:
        raise UsageError(f"{path}:{error.line}:{error.column}: {error.what}.", advice) from None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", advice) from None
