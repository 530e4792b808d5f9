"""`inv rehearsal.dashboard`: what was asked of the stage's dashboard, checked and done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from release.config import load
from release.errors import UsageError
from release.formats.suggestion import unknown
from release.rehearsal.dashboard import Dashboard

if TYPE_CHECKING:
    from collections.abc import Mapping


def changed(
    stage: Mapping[str, str],
    worker: str,
    env: str,
    variables: tuple[str, ...],
    crons: tuple[str, ...],
    routes: tuple[str, ...],
) -> tuple[str, ...]:
    """Change a worker of the stage; what was done, in lines. Raises UsageError and StageError.

    The worker is by default the last one that is deployed, the environment production.
    """
    if not (variables or crons or routes):
        raise UsageError("Nothing was asked for.", "For example: --set-var SMTP_HOST=mail.example.com")
    config = load(Path(stage["RELEASE_STAGE"]))
    names = [one.name for one in config.workers]
    name, place = worker or names[-1], env or config.production
    if name not in names:
        raise UsageError(unknown("worker", name, names))
    if place not in config.environments:
        raise UsageError(unknown("environment", place, list(config.environments)))
    given = dict(_variable(one) for one in variables)
    script = config.placed(name, place).script
    dashboard = Dashboard(stage, script)
    if given:
        dashboard.set_variables(given)
    if crons:
        dashboard.set_crons([one for one in crons if one])
    if routes:
        dashboard.set_routes([one for one in routes if one])
    done = [f"var {one} is {'gone' if value is None else 'set'}" for one, value in given.items()]
    done += [f"crons are {', '.join(filter(None, crons)) or 'none'}"] if crons else []
    done += [f"routes are {', '.join(filter(None, routes)) or 'none'}"] if routes else []
    return tuple(f"{script}: {one}" for one in done)


def _variable(text: str) -> tuple[str, str | None]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise UsageError(f"--set-var {text}: a variable is NAME=VALUE.", "NAME= takes it away.")
    return name, value or None
