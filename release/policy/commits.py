"""The source `commits`: what conventional commits since the last release propose (pure). Other commits are fine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from release.model.evidence import LEVELS, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from release.model.repository import Commit
    from release.model.request import Level

SOURCE = "commits"
_SUBJECT = re.compile(r"(?P<kind>[A-Za-z]+)(\([^()]*\))?(?P<breaking>!)?: \S")
_MOST = 5  # commits that are told


def weigh(commits: Iterable[Commit]) -> Evidence:
    """The least bump that the commits ask for: feat is minor, `!` or a BREAKING CHANGE footer is major, else patch."""
    asked = [(level, commit) for commit in commits if (level := proposed(commit)) is not None]
    if not asked:
        return Evidence(SOURCE, note="no conventional commit since")
    least = max((level for level, _ in asked), key=LEVELS.index)
    telling = [commit for level, commit in asked if level == least]
    told = tuple(f"{one.sha[:7]} {one.subject}{_footer(one)}" for one in telling[:_MOST])
    more = (f"and {len(telling) - _MOST} more",) if len(telling) > _MOST else ()
    return Evidence(SOURCE, least, (*told, *more))


def proposed(commit: Commit) -> Level | None:
    """What one commit asks for; None where it is no conventional commit."""
    found = _SUBJECT.match(commit.subject)
    if found is None:
        return None
    if found["breaking"] or commit.breaking:
        return "major"
    return "minor" if found["kind"].lower() == "feat" else "patch"


def _footer(commit: Commit) -> str:
    return f" (BREAKING CHANGE: {commit.breaking})" if commit.breaking else ""
