"""`inv rehearse`, and the stage that is kept for playing: `inv rehearsal.start | env | status | stop`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.exceptions import Exit
from invoke.tasks import task

from release.commands import publish as publishing
from release.commands.ending import Shown, finish, leave, requested, show
from release.errors import BLOCKED

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Listener, Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.rehearsal.likeness import Likeness
    from release.systems.ops import Ops

NOT_RUNNING = "No stage runs. Start one: inv rehearsal.start"


@task(
    help={
        "publish": "a package to publish instead, to a registry of the stage's own: cms-api",
        "pre": "with --publish: make a prerelease with this word",
        "bump": "patch, minor, major or auto; default patch",
        "like": "start from the real schema, ledger and bindings of an environment: production (read only)",
        "rows": "with --like: copy at most this many rows of each table; default 0",
        "json": "print one JSON object on stdout",
        "verbose": "show the lines of every program that runs",
    }
)
def rehearse(
    context: Context,
    bump: str = "",
    publish: str = "",
    pre: str = "",
    like: str = "",
    rows: int = 0,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Make the release for real on this machine alone: real wrangler, real workerd, real git, a local Cloudflare and GitHub.

    Example: inv rehearse --bump minor

    With --publish a package is released to an npm registry on this machine, and installed back from it. With --like the stage
    starts from what the real environment holds, read by CLOUDFLARE_API_TOKEN, for which a token that only reads is enough.
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
        found = _likeness(_root(context), like, rows, publish)
        return on_a_stage(
            _root(context), os.environ, request, _approve, listening, _tell, target=target, like=found
        )

    finish(run, json=json)


def collection() -> Collection:
    """The tasks of the kept stage."""
    return Collection(start, env, status, stop)


@task
def start(context: Context) -> None:
    """Start a stage and keep it: a cloud, a forge and a clone on loopback, with a release live.

    Example: inv rehearsal.start && eval "$(inv rehearsal.env)" && inv release
    """
    import sys

    from release.errors import ReleaseError
    from release.rehearsal import control
    from release.rehearsal.not_run import not_run

    try:
        found = control.start(_root(context), _tell)
    except ReleaseError as error:
        leave(error, json=False)
    sys.stdout.write(f"The stage runs: {found['RELEASE_PRODUCTION_URL']}\n")
    if line := not_run(found):
        sys.stdout.write(f"{line}\n")
    sys.stdout.write('To act on it from this shell: eval "$(./inv rehearsal.env)"\n')


@task
def env(context: Context) -> None:
    """Print the variables that point wrangler, git, the GitHub client and this tool at the stage.

    Example: eval "$(inv rehearsal.env)"
    """
    import sys

    from release.rehearsal import control

    sys.stdout.writelines(f"{line}\n" for line in control.exports(_running(context)))


@task(help={"json": "print one JSON object on stdout"})
def status(context: Context, json: bool = False) -> None:
    """Say whether the stage runs, and where it answers.

    Example: inv rehearsal.status
    """

    def read() -> Shown:
        from release.rehearsal import control

        found = control.environment(_root(context))
        if found is None:
            return Shown((NOT_RUNNING,), {"running": False, "urls": {}})
        ours = {name: value for name, value in found.items() if name.startswith("RELEASE_")}
        lines = [f"{name.removeprefix('RELEASE_').lower():<16} {value}" for name, value in ours.items()]
        urls = {name: value for name, value in ours.items() if name.endswith("_URL")}
        return Shown(lines, {"running": True, "urls": urls})

    show(read, json=json)


@task
def stop(context: Context) -> None:
    """Stop the stage: no process and no port of it is left; its state is kept for the next start.

    Example: inv rehearsal.stop
    """
    import sys

    from release.rehearsal import control

    stopped = control.stop(_root(context))
    sys.stdout.write("The stage is stopped; its state is kept.\n" if stopped else "No stage runs.\n")


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
    """Nobody has to agree to a rehearsal."""
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
        raise Exit(NOT_RUNNING, code=BLOCKED)
    return found
