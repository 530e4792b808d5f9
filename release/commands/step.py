"""`inv step.NAME`: one core step alone, under the same checks, gate and lock."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection

from release.commands.command import command
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
DATABASE = frozenset({"backfill", "migrate"})


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
    has_database = bool(settings.get("database"))
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
        reason: str = "",
        break_glass: str = "",
        dry_run: bool = False,
        yes: bool = False,
        json: bool = False,
        verbose: bool = False,
    ) -> None:
        asked = _Asked(name, bump, env, reason, break_glass)
        carry_out(context, asked.options, json=json, verbose=verbose, yes=yes, dry_run=dry_run)

    def backfill(
        context: Context,
        bump: str = "",
        env: str = "production",
        through: str = "",
        reason: str = "",
        break_glass: str = "",
        dry_run: bool = False,
        yes: bool = False,
        json: bool = False,
        verbose: bool = False,
    ) -> None:
        asked = _Asked(name, bump, env, reason, break_glass, through)
        carry_out(context, asked.options, json=json, verbose=verbose, yes=yes, dry_run=dry_run)

    body = backfill if name == "backfill" else step
    body.__name__ = name
    body.__doc__ = (
        f"{does[0].upper()}{does[1:]}.\n\n    Example: inv step.{name}{' --bump patch' if name == 'bump' else ''}\n\n"
        f"    This runs the step {name} of a release on its own, with the same checks, approval and lock. It refuses while an\n"
        "    earlier step is not done.\n"
        "    Without --bump it works on the release that was begun."
    )
    return command(f"step.{name}")(body)


@dataclass(frozen=True)
class _Asked:
    """What was typed for a step."""

    name: str
    bump: str
    env: str
    reason: str
    break_glass: str
    through: str = ""

    def options(self) -> Options:
        """The same as options of a release."""
        from release.model.options import Options

        if self.name == "bump" and not self.bump:
            raise UsageError("inv step.bump needs a bump.", "Use one of: --bump patch, minor, major or auto.")
        only = self.name.replace("deploy-", "deploy ", 1)
        request = requested(self.bump or "patch", self.env, reason=self.reason, break_glass=self.break_glass)
        return Options(request, only=only, through=self.through or None, said=bool(self.bump))
