"""`inv rehearse`: a release, a publish or a hotfix for real, on this machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from release.commands import publish as publishing
from release.commands.command import command
from release.commands.ending import finish, print_lines, requested

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Listener, Outcome
    from release.model.record import Granted
    from release.plan.preview import Preview
    from release.rehearsal.likeness import Likeness
    from release.systems.ops import Ops


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
        found = _likeness(own_root(context), like, rows, publish)
        return on_a_stage(
            own_root(context), os.environ, request, _approve, listening, tell_stage, target=target, like=found
        )

    finish(run, json=json)


def _hotfix(context: Context, bump: str, publish: str, *, json: bool, verbose: bool) -> Outcome:
    import os

    from release.commands.ending import say
    from release.commands.hotfix.rehearsal import rehearse as from_red_to_fixed
    from release.errors import UsageError

    if bump or publish:
        raise UsageError(
            "A hotfix is always a patch.", "inv rehearse --hotfix takes neither --bump nor --publish."
        )

    def tell(line: str) -> None:
        say(line) if json else print_lines([line])

    return from_red_to_fixed(
        own_root(context), os.environ, _approve, lambda: _listener(json, verbose), tell_stage, tell
    )


def _likeness(root: Path, like: str, rows: int, publish: str) -> Likeness | None:
    """What --like asks for. At a terminal a person is asked for secrets once. Raises UsageError, CannotReadError."""
    import os

    from release.config import load
    from release.errors import UsageError
    from release.rehearsal import likeness, own_secrets
    from release.views.asking import asking_unseen

    if rows and not like:
        raise UsageError("--rows goes with --like.", "inv rehearse --like production --rows 100")
    if publish:
        if like:
            raise UsageError("--like is for a release of the app: a package has no database.")
        return None
    config, ask = load(root), asking_unseen()
    if not like:
        if ask:
            own_secrets.ask_for_required(config, config.production, ask)
        return None
    config.environment(like)
    found = likeness.read(config, like, os.environ, rows, tell_stage)
    for one in found.scripts:
        tell_stage(f"{like} serves {one.tag or 'an unmarked version'} of {one.script}")
    return own_secrets.chosen(config, found, ask)


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


def tell_stage(text: str) -> None:
    import sys

    sys.stderr.write(f"stage: {text}\n")
    sys.stderr.flush()


def own_root(context: Context) -> Path:
    return Path(context.config.release.root)
