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
    from release.systems.ops import Ops

NOT_RUNNING = "No stage runs. Start one: inv rehearsal.start"


@task(
    auto_shortflags=False,  # -h is help, not --hotfix
    help={
        "publish": "a package to publish instead, to a registry of the stage's own: cms-api",
        "hotfix": "rehearse a hotfix: a red production, a fix through pull request and workflow, live and tagged",
        "pre": "with --publish: make a prerelease with this word",
        "bump": "patch, minor, major or auto; default patch",
        "json": "print one JSON object on stdout",
        "verbose": "show the lines of every program that runs",
    },
)
def rehearse(
    context: Context,
    bump: str = "",
    publish: str = "",
    pre: str = "",
    hotfix: bool = False,
    json: bool = False,
    verbose: bool = False,
) -> None:
    """Make the release for real on this machine alone: real wrangler, real workerd, real git, a local Cloudflare and GitHub.

    Example: inv rehearse --bump minor

    With --hotfix production is broken first, and a fix is brought to it by the commands and workflows of a real hotfix.
    With --publish a package is released to an npm registry on this machine, and installed back from it.
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
        return on_a_stage(_root(context), os.environ, request, _approve, listening, _tell, target=target)

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
