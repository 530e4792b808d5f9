"""`inv rehearse`, and the stage that is kept for playing: `inv rehearsal.start | env | status | stop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection

from release.commands import publish as publishing
from release.commands.command import command
from release.commands.ending import Shown, finish, leave_with, print_lines, requested, show, tell

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Listener, Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.rehearsal.likeness import Likeness
    from release.systems.ops import Ops

NOT_RUNNING, START = "No stage is running.", "inv rehearsal.start"


@command("rehearse")
def rehearse(
    context: Context,
    bump: str = "",
    publish: str = "",
    pre: str = "",
    like: str = "",
    rows: int = 0,
    hotfix: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Rehearse a release for real, on this machine alone.

    Example: inv rehearse --bump minor

    The real wrangler, workerd and git, against a local Cloudflare and a local GitHub. With --publish a package is published to
    an npm registry on this machine, and installed back from it. With --hotfix production is broken first, and a fix is
    brought to it by the commands and workflows of a real hotfix. With --like the stage starts from what the real environment
    holds, read by CLOUDFLARE_API_TOKEN; a token that only reads is enough.
    """

    def run() -> Outcome:
        import os

        if hotfix:
            return _hotfix(context, bump, publish, json=json, verbose=verbose)
        from release.rehearsal.rehearse import rehearse as on_a_stage

        request = (
            publishing.request(publish, bump, pre, "")
            if publish
            else requested(bump or "patch", "production")
        )
        listening, target = lambda: _listener(json, verbose), publish or None
        found = _likeness(_root(context), like, rows, publish)
        return on_a_stage(
            _root(context), os.environ, request, _approve, listening, _tell, target=target, like=found
        )

    finish(run, json=json)


def _hotfix(context: Context, bump: str, publish: str, *, json: bool, verbose: bool) -> Outcome:
    import os

    from release.commands.ending import print_lines, say
    from release.commands.hotfix.rehearsal import rehearse as from_red_to_fixed
    from release.errors import UsageError

    if bump or publish:
        raise UsageError(
            "A hotfix is always a patch.", "inv rehearse --hotfix takes neither --bump nor --publish."
        )

    def tell(line: str) -> None:
        say(line) if json else print_lines([line])

    return from_red_to_fixed(
        _root(context), os.environ, _approve, lambda: _listener(json, verbose), _tell, tell
    )


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
    print_lines(found.lines)
    return found.exit_code


def _running_json(found: dict[str, str]) -> dict[str, object]:
    urls = {name: url for name, url in found.items() if name.startswith("RELEASE_") and name.endswith("_URL")}
    return {"running": True, "urls": urls}


def _likeness(root: Path, like: str, rows: int, publish: str) -> Likeness | None:
    """What --like asks for. At a terminal a person is asked for secrets once. Raises UsageError, CannotReadError."""
    import os
    import sys

    from release.config import load
    from release.errors import UsageError
    from release.rehearsal import likeness, own_secrets

    if rows and not like:
        raise UsageError("--rows goes with --like.", "inv rehearse --like production --rows 100")
    if publish:
        if like:
            raise UsageError("--like is for a release of the app: a package has no database.")
        return None
    config, ask = load(root), _unseen if sys.stdin.isatty() else None
    if not like:
        if ask:
            own_secrets.ask_for_required(config, config.production, ask)
        return None
    config.environment(like)
    found = likeness.read(config, like, os.environ, rows, _tell)
    for one in found.scripts:
        _tell(f"{like} serves {one.tag or 'an unmarked version'} of {one.script}")
    return own_secrets.chosen(config, found, ask)


def _unseen(question: str) -> str:
    """What a person types and nobody reads."""
    import getpass

    from release.systems.machine.deadline import paused

    with paused():
        return getpass.getpass(question)


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
