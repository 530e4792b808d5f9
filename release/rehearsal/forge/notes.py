"""Release notes in the form of GitHub's: merged pull requests, and a link to the full changelog."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from release.rehearsal.forge.bare import Commit
    from release.rehearsal.forge.repository import Repository

_SQUASHED = re.compile(r"(?P<title>.+) \(#(?P<number>\d+)\)")  # the subject GitHub gives to a squash merge


def generate(repository: Repository, tag: str, target: str, previous: str | None) -> str:
    """The notes of `tag` (or of `target` while the tag does not exist) since the tag `previous`.

    A commit that came without a pull request is not listed, as on GitHub.
    """
    bare = repository.bare
    tip = bare.resolve(f"refs/tags/{tag}") or bare.resolve(target)
    start = bare.resolve(f"refs/tags/{previous}") if previous else None
    found = bare.commits(f"{start}..{tip}" if start else tip) if tip else []
    lines = [line for commit in reversed(found) for line in _lines(repository, commit)]
    html = repository.shapes.html_url
    link = f"{html}/compare/{previous}...{tag}" if previous else f"{html}/commits/{tag}"
    changes = "## What's Changed\n" + "\n".join(lines) + "\n\n\n" if lines else ""
    return f"{changes}**Full Changelog**: {link}"


def _lines(repository: Repository, commit: Commit) -> Iterator[str]:
    pulls = repository.shapes.html_url + "/pull"
    for pull in repository.state.pulls.values():
        if pull.merge_commit == commit.sha:
            yield f"* {pull.title} by @{pull.author} in {pulls}/{pull.number}"
            return
    squashed = _SQUASHED.fullmatch(commit.subject)
    if squashed:
        author = commit.author.email.partition("@")[0]
        yield f"* {squashed['title']} by @{author} in {pulls}/{squashed['number']}"
