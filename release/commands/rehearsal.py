"""The stage that is kept for playing: `inv rehearsal.start | shell | env | dashboard | status | stop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection

from release.commands.command import command
from release.commands.ending import Shown, leave_with, print_lines, show, tell
from release.commands.rehearse import own_root, tell_stage

if TYPE_CHECKING:
    from invoke.context import Context

NOT_RUNNING, START = "No stage is running.", "inv rehearsal.start"


def collection() -> Collection:
    """The tasks of the kept stage."""
    return Collection(start, shell, env, dashboard, status, stop)


@command("rehearsal.start")
def start(context: Context, json: bool = False) -> None:
    """Start a stage that stays running.

    Example: inv rehearsal.start && inv rehearsal.shell

    A cloud, a forge and a clone on this machine, with a release live.
    """

    def run() -> int:
        from release.rehearsal import control
        from release.rehearsal.not_run import not_run

        found = control.start(own_root(context), tell_stage)
        lines = [f"The stage is running: {found.get('RELEASE_PRODUCTION_URL', '')}"]
        if line := not_run(found):
            lines.append(line)
        lines.append("To work on it: inv rehearsal.shell")
        return _said(Shown(lines, _running_json(found), next="inv rehearsal.shell"), json=json)

    leave_with(run, json=json)


@command("rehearsal.shell")
def shell(context: Context) -> None:
    """Open a shell on the stage; exit leaves it.

    Example: inv rehearsal.shell

    Every inv that is typed there acts on the stage, and the prompt says so.
    """

    def run() -> int:
        import os
        import sys

        from release.commands.place import OF
        from release.errors import UsageError
        from release.rehearsal import control
        from release.rehearsal.rehearse import rehearsed
        from release.rehearsal.shell import replaced, started

        if os.environ.get(OF):
            raise UsageError("This shell already points at a stage.", "To leave it: exit")
        found = _running(context)
        environ = rehearsed(os.environ, found)
        words, environ = started(
            os.environ.get("SHELL") or "/bin/sh", own_root(context) / control.KEPT, environ
        )
        sys.stderr.write(
            "This shell is in the stage's clone, and every inv in it acts on the stage. To leave it: exit\n"
        )
        try:
            replaced(words, environ, Path(found["RELEASE_STAGE"]))
        except OSError as error:
            raise UsageError(
                f"{words[0]} cannot be started: {error.strerror}.", "Set SHELL to a shell."
            ) from error
        return 0

    leave_with(run, json=False)


@command("rehearsal.env")
def env(context: Context, unset: bool = False, json: bool = False) -> None:
    """Print the variables that point a shell at the stage.

    Example: eval "$(inv rehearsal.env)"

    To undo it: eval "$(inv rehearsal.env --unset)". `inv rehearsal.shell` needs neither.
    """

    def run() -> int:
        import os

        from release.rehearsal.shell import exports, undoing

        if unset:
            variables = _known(context)
            return _said(Shown(undoing(variables, os.environ), {"variables": {}}), json=json)
        variables = _running(context)
        return _said(Shown(exports(variables, os.environ), {"variables": variables}), json=json)

    leave_with(run, json=json)


@command("rehearsal.dashboard")
def dashboard(
    context: Context,
    worker: str = "",
    env: str = "",
    set_var: list[str] | None = None,
    cron: list[str] | None = None,
    route: list[str] | None = None,
    json: bool = False,
) -> None:
    """Play the colleague with Cloudflare's dashboard.

    Example: inv rehearsal.dashboard --set-var SMTP_HOST=mail.example.com

    It changes a worker past every release: variables (NAME= takes one away), all of its crons, all of its routes. `inv diff`
    and `inv plan` then say what the next deploy does to it.
    """

    def run() -> int:
        from release.commands.dashboard import changed

        done = changed(
            _running(context), worker, env, tuple(set_var or ()), tuple(cron or ()), tuple(route or ())
        )
        return _said(Shown(done, {"changed": list(done)}), json=json)

    leave_with(run, json=json)


@command("rehearsal.status")
def status(context: Context, json: bool = False) -> None:
    """Show whether a stage is running, and where it answers.

    Example: inv rehearsal.status
    """

    def read() -> Shown:
        from release.rehearsal import control

        found = control.environment(own_root(context))
        if found is None:
            return Shown((f"{NOT_RUNNING} To start one: {START}",), {"running": False, "urls": {}})
        ours = {name: value for name, value in found.items() if name.startswith("RELEASE_")}
        lines = [f"{name.removeprefix('RELEASE_').lower():<16} {value}" for name, value in ours.items()]
        return Shown(lines, _running_json(found))

    show(read, json=json)


@command("rehearsal.stop")
def stop(context: Context, json: bool = False) -> None:
    """Stop the stage; its state is kept for the next start.

    Example: inv rehearsal.stop
    """

    def run() -> int:
        from release.rehearsal import control

        stopped = control.stop(own_root(context))
        line = "The stage is stopped; its state is kept." if stopped else NOT_RUNNING
        return _said(Shown((line,), {"running": False, "urls": {}, "stopped": stopped}), json=json)

    leave_with(run, json=json)


def _said(found: Shown, *, json: bool) -> int:
    """Print what was found for people, or for scripts."""
    if json:
        tell(found)
        return found.exit_code
    print_lines(found.lines)
    return found.exit_code


def _running_json(found: dict[str, str]) -> dict[str, object]:
    urls = {name: url for name, url in found.items() if name.startswith("RELEASE_") and name.endswith("_URL")}
    return {"running": True, "urls": urls}


def _running(context: Context) -> dict[str, str]:
    from release.rehearsal import control

    found = control.environment(own_root(context))
    if found is None:
        from release.errors import BlockedError

        raise BlockedError(NOT_RUNNING, f"Start one: {START}")
    return found


def _known(context: Context) -> dict[str, str]:
    """The variables of a stage, whether it is running or not."""
    from release.rehearsal import control

    return control.environment(own_root(context)) or control.last_environment(own_root(context))
