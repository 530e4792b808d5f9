"""`inv step.NAME`: one core step alone, under the same checks, gate and lock."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.tasks import task

from release.commands.ending import requested
from release.commands.release import carry_out
from release.errors import UsageError
from release.sequences import TABLE, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from invoke.context import Context
    from invoke.tasks import Task

    from release.model.options import Options
    from release.sequences import Row

WORKER = re.compile(r"[a-z0-9][a-z0-9-]*")
DATABASE = frozenset({"backfill", "migrate", "contract"})
HELP = {
    "bump": "as in `inv release`; without it: what was begun, or the number that `inv step.bump` put into the work tree",
    "env": "the environment",
    "yes": "approve without typing the tag",
    "json": "one JSON object on stdout",
    "through": "backfill only: the last migration that was applied",
}


def collection(root: Path) -> Collection:
    """One task a core step of the project in `root`."""
    made = Collection("step")
    for name, does in names(root).items():
        made.add_task(_step(name, does), name=name)
    return made


def names(root: Path) -> dict[str, str]:
    """The steps of the project in `root`, and what each does.

    Only TOML is read here, for every `inv` call passes: what cannot be read adds no step, and the command that
    needs it says why.
    """
    settings = _settings(root)
    has_database = bool(settings.get("database") or settings.get("databases"))
    rows = [row for row in TABLE if Kind.RELEASE in row.kinds and (has_database or row.name not in DATABASE)]
    return {name: does for row in rows for name, does in _tasks(row, settings)}


def _tasks(row: Row, settings: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """A row as tasks: one, or one for each worker."""
    if "{worker}" not in row.does:
        yield row.name, row.does
        return
    workers = settings.get("workers")
    found = [one.get("name") for one in workers if isinstance(one, dict)] if isinstance(workers, list) else []
    for worker in found:
        if isinstance(worker, str) and WORKER.fullmatch(worker):
            yield f"{row.name}-{worker}", row.does.format(worker=worker)


def _settings(root: Path) -> dict[str, Any]:
    try:
        document: Any = tomllib.loads((root / "pyproject.toml").read_bytes().decode())
    except (OSError, ValueError, RecursionError):
        return {}
    for key in ("tool", "release"):
        document = document.get(key) if isinstance(document, dict) else None
    return document if isinstance(document, dict) else {}


def _step(name: str, does: str) -> Task:  # type: ignore[type-arg]
    def step(
        context: Context,
        bump: str = "",
        env: str = "production",
        yes: bool = False,
        json: bool = False,
        through: str = "",
    ) -> None:
        def read() -> Options:
            from release.model.options import Options

            if name == "bump" and not bump:
                raise UsageError("Which number?", "Say it: inv step.bump --bump patch, minor, major or auto.")
            only = name.replace("deploy-", "deploy ", 1)
            request = requested(bump or "patch", env)
            return Options(request, only=only, through=through or None, said=bool(bump))

        carry_out(context, read, json=json, yes=yes)

    step.__name__ = name
    step.__doc__ = (
        f"The step `{name}` alone: {does}.\n\n    Example: inv step.{name}{' --bump patch' if name == 'bump' else ''}\n\n"
        "    It runs under the checks, the approval and the lock of a release, and refuses while an earlier step is not done."
    )
    made: Task = task(name=name, help=HELP)(step)  # type: ignore[type-arg]
    return made
