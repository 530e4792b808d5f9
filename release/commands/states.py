"""`inv status`, `inv verify`, `inv rollback`, `inv plugins`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import confirmation, finish, leave, print_json, print_lines, root_of

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(help={"json": "print one JSON object on stdout"})
def status(context: Context, json: bool = False) -> None:
    """Show what is live in each environment, how far main is ahead, pending migrations, and an unfinished release.

    Example: inv status
    """
    import os

    from release.commands.status import course as flow
    from release.errors import ReleaseError

    try:
        found = flow.read(root_of(context), os.environ)
    except ReleaseError as error:
        leave(error, json=json)
    if json:
        print_json(flow.as_json(found))
    else:
        print_lines(flow.lines(found))


@task(help={"env": "the environment", "json": "print one JSON object on stdout"})
def verify(context: Context, env: str = "production", json: bool = False) -> None:
    """Look whether health, dashboard badge, tag and GitHub Release agree on the last release.

    Example: inv verify
    """

    def run() -> Outcome:
        import os

        from release.commands.verify import course as verifying
        from release.views import listener

        return verifying.verify(root_of(context), os.environ, env, listener(json=json))

    finish(run, json=json)


@task(
    help={
        "to": "the release to go back to (`inv rollback TAG` is the same); without it, what served before the last one",
        "despite_migrations": "although a migration lies in between: the older workers can run on the newer schema",
        "env": "the environment",
        "reason": "why; kept in the deployments and the record",
        "yes": "don't ask",
        "json": "print one JSON object on stdout",
    }
)
def rollback(
    context: Context,
    to: str = "",
    env: str = "production",
    reason: str = "",
    despite_migrations: bool = False,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Put the workers back on the versions that served before the last release; the database stays.

    Example: inv rollback --reason "login fails"
    """

    def run() -> Outcome:
        import os

        from release.commands.rollback import course as flow
        from release.views import listener

        wanted, view = flow.Wanted(env, to or None, reason, despite_migrations), listener(json=json)
        return flow.rollback(root_of(context), os.environ, wanted, confirmation(view, yes=yes), view)

    finish(run, json=json)


@task(help={"env": "the environment", "yes": "don't ask", "json": "print one JSON object on stdout"})
def unlock(context: Context, env: str = "production", yes: bool = False, json: bool = False) -> None:
    """Free the lock of a run that is dead, before its lease ends; says first what that would break.

    Example: inv unlock
    """

    def run() -> Outcome:
        import os

        from release.commands.unlock import course as flow
        from release.views import listener

        view = listener(json=json)
        return flow.unlock(root_of(context), os.environ, env, confirmation(view, yes=yes), view)

    finish(run, json=json)


@task(help={"json": "print one JSON object on stdout"})
def plugins(context: Context, json: bool = False) -> None:
    """Show which plugin adds what, from where, and the order of steps that results.

    Example: inv plugins
    """
    from release.commands.plugins import course as flow
    from release.errors import ReleaseError

    try:
        found = flow.read(root_of(context))
    except ReleaseError as error:
        leave(error, json=json)
    if json:
        print_json(flow.as_json(found))
    else:
        print_lines(flow.lines(found))
