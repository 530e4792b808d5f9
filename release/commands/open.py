"""`inv open`: the page of a release, or of the run that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.commands.command import command
from release.commands.ending import Shown, root_of, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.context import Context

    from release.config import Config
    from release.systems.github.releases import GitHub

UNDER_WAY = frozenset({"waiting", "queued", "in_progress", "pending", "requested"})
MOST_RUNS = 20


@command("open")
def open_page(context: Context, tag: str = "", json: bool = False) -> None:
    """Open the page of a release, or of its run.

    Example: inv open cms-v1.2.3

    Without a tag it is the run that is under way, else the last release. It prints the address, and opens nothing with --json.
    """

    def read() -> Shown:
        import os
        import sys
        import webbrowser

        from release.config import load
        from release.systems.ops import at_github

        config = load(root_of(context))
        with at_github(config, os.environ) as github:
            what, url = _page(config, github, tag)
        if sys.stdout.isatty() and not json:
            webbrowser.open(url)
        return Shown([f"{what}: {url}"], {"what": what, "url": url})

    show(read, json=json)


def _page(config: Config, github: GitHub, tag: str) -> tuple[str, str]:
    from release.formats.version import highest
    from release.systems.github import actions

    if not tag:
        file = f"/{config.approval.workflow}"
        for run in actions.runs(github, most=MOST_RUNS):
            if run.path.partition("@")[0].endswith(file) and run.status in UNDER_WAY:
                return f"the run {run.id}, {run.status.replace('_', ' ')}", run.html_url
    names = _tags(config)
    found = tag or (last[1] if (last := highest(names, config.app.pattern)) else "")
    return f"the release {_known(found, names)}", github.release_page(found)


def _tags(config: Config) -> Sequence[str]:
    import os

    from release.systems.git.client import Git

    git = Git(config.root, config.remote, os.environ)
    try:
        return [ref.removeprefix("refs/tags/") for ref in git.remote_refs("refs/tags/*") if "^" not in ref]
    finally:
        git.close()


def _known(tag: str, names: Sequence[str]) -> str:
    from release.errors import BlockedError, UsageError
    from release.formats.suggestion import did_you_mean, sentence

    if not tag:
        raise BlockedError("Nothing was ever released.", "Release it: inv release --bump patch")
    if tag not in names:
        raise UsageError(
            f"The remote has no release {tag}.{sentence(did_you_mean(tag, names))}",
            "inv status names the last one.",
        )
    return tag
