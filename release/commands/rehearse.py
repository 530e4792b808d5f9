"""`inv rehearse`, and the stage that is kept for playing: `inv rehearsal.start | env | status | stop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection

from release.commands import publish as publishing
from release.commands.command import command
from release.commands.ending import Shown, finish, leave_with, requested, show, tell

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Listener, Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.systems.ops import Ops

NOT_RUNNING, START = "No stage is running.", "inv rehearsal.start"


@command("rehearse")
def rehearse(
    context: Context,
    bump: str = "",
    publish: str = "",
    pre: str = "",
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Rehearse a release for real, on this machine alone.

    Example: inv rehearse --bump minor

    The real wrangler, workerd and git, against a local Cloudflare and a local GitHub. With --publish a package is published to
    an npm registry on this machine, and installed back from it.
    """

    def run() -> Outcome:
        import os

        from release.rehearsal.rehearse import rehearse as on_a_stage

        request = (
            publishing.request(publish, bump, pre, "")
            if publish
            else requested(bump or "patch", "production")
        )
        listening, target = lambda: _listener(json, verbose), publish or None
        return on_a_stage(_root(context), os.environ, request, _approve, listening, _tell, target=target)

    finish(run, json=json)


def collection() -> Collection:
    """The tasks of the kept stage."""
    return Collection(start, shell, env, status, stop)


@command("rehearsal.start")
def start(context: Context, json: bool = False) -> None:
    """Start a stage that stays running.

    Example: inv rehearsal.start && inv rehearsal.shell

    A cloud, a forge and a clone on this machine, with a release live.
    """

    def run() -> int:
        from release.rehearsal import control
        from release.rehearsal.not_run import not_run

        found = control.start(_root(context), _tell)
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
        words, environ = started(os.environ.get("SHELL") or "/bin/sh", _root(context) / control.KEPT, environ)
        sys.stderr.write("Every inv in this shell acts on the stage. To leave it: exit\n")
        replaced(words, environ, Path(found["RELEASE_STAGE"]))
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


@command("rehearsal.status")
def status(context: Context, json: bool = False) -> None:
    """Show whether a stage is running, and where it answers.

    Example: inv rehearsal.status
    """

    def read() -> Shown:
        from release.rehearsal import control

        found = control.environment(_root(context))
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

        stopped = control.stop(_root(context))
        line = "The stage is stopped; its state is kept." if stopped else NOT_RUNNING
        return _said(Shown((line,), {"running": False, "urls": {}, "stopped": stopped}), json=json)

    leave_with(run, json=json)


def _said(found: Shown, *, json: bool) -> int:
    """Print what was found for people, or for scripts."""
    if json:
        tell(found)
        return found.exit_code
    import sys

    sys.stdout.writelines(f"{line}\n" for line in found.lines)
    return found.exit_code


def _running_json(found: dict[str, str]) -> dict[str, object]:
    urls = {name: url for name, url in found.items() if name.startswith("RELEASE_") and name.endswith("_URL")}
    return {"running": True, "urls": urls}


def _approve(_: Ops, preview: Preview) -> Granted:
    """A rehearsal needs no approval."""
    import time

    from release.model.record import Approval, Granted

    plan = preview.plan.hash if preview.plan else ""
    approval = Approval(who="rehearsal", plan=plan, at=time.time(), how="rehearsal")
    return Granted(approvals=(approval,))


def _listener(json: bool, verbose: bool) -> Listener:
    from release.views import listener

    return listener(json=json, verbose=verbose)


def _tell(text: str) -> None:
    import sys

    sys.stderr.write(f"stage: {text}\n")
    sys.stderr.flush()


def _root(context: Context) -> Path:
    return Path(context.config.release.root)


def _running(context: Context) -> dict[str, str]:
    from release.rehearsal import control

    found = control.environment(_root(context))
    if found is None:
        from release.errors import BlockedError

        raise BlockedError(NOT_RUNNING, f"Start one: {START}")
    return found


def _known(context: Context) -> dict[str, str]:
    """The variables of a stage, whether it is running or not."""
    from release.rehearsal import control

    return control.environment(_root(context)) or control.last_environment(_root(context))
