"""`inv hotfix TAG`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke.tasks import task

from release.commands.ending import finish, root_of, terminal_gate

if TYPE_CHECKING:
    from invoke.context import Context

    from release.model.outcome import Outcome


@task(
    auto_shortflags=False,  # -h is help, not --here
    iterable=["pick"],
    help={
        "tag": "the release to fix, the last one (`inv hotfix TAG` is the same)",
        "pick": "a commit to take onto the hotfix's branch; several: --pick A --pick B",
        "reason": "what it repairs; kept with the release",
        "here": "release from this checkout when it is merged, instead of starting the workflow; needs --break-glass",
        "break_glass": "why the workflow is left; kept with the release",
        "deadline": "minutes to wait for CI",
        "yes": "with --here: approve the plan without typing its tag",
        "json": "print one JSON object on stdout, everything else on stderr",
    },
)
def hotfix(
    context: Context,
    pick: list[str],
    tag: str = "",
    reason: str = "",
    here: bool = False,
    break_glass: str = "",
    deadline: int = 30,
    yes: bool = False,
    json: bool = False,
) -> None:
    """Repair the last release past staging: a branch from its tag, a pull request, a release. Run it again and again.

    Example: inv hotfix cms-v1.2.3 --pick 4f2c1ab

    It does the next thing each time, and says what it waits for: make hotfix/cms-v1.2.4 from the tag, take the fix (--pick,
    or your own commits), push, open the pull request straight to main, wait for CI, merge, start "Deploy to Production".
    """

    def run() -> Outcome:
        import os

        from release.commands.hotfix import course as flow
        from release.errors import UsageError
        from release.views import listener

        if not tag:
            raise UsageError(
                "Which release?", "Say the tag of the last one: inv hotfix TAG (inv status names it)."
            )
        options = flow.HotfixOptions(tag, tuple(pick), reason, here, break_glass, deadline * 60.0)
        view = listener(json=json)
        return flow.hotfix(root_of(context), os.environ, options, terminal_gate(view, yes=yes), view)

    finish(run, json=json)
