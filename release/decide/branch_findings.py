"""What is said of a branch that a release finds rewritten, or ahead of it (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from release.formats.version import TagPattern, bumped
from release.model.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release.config import Config
    from release.model.release import Release
    from release.model.repository import Aftermath, Commit

SHOWN = 5


def findings(aftermath: Aftermath, release: Release, config: Config) -> tuple[Problem, ...]:
    """What a force-push took from the branch, and a version that somebody set by hand; nothing of an ordinary branch."""
    branch, dropped, ahead = config.branch, aftermath.dropped, aftermath.ahead
    where = "its registry" if release.is_package else release.environment
    found = []
    if dropped:
        found.append(
            Problem(
                "branch",
                f"{branch} no longer contains {named(dropped)}, which {release.tag} brought to {where}.",
                f"Bring {it(dropped)} back: {bring_back(release.tag, dropped, branch)}. Until then the next release asks "
                f"before it leaves {it(dropped)} out.",
                level="warn",
            )
        )
    if ahead:
        tag = TagPattern(config.app.tag).tag(ahead)
        found.append(
            Problem(
                "version",
                f"{config.app.manifest} on {branch} says {ahead}, higher than the released {release.version}; "
                "it was left as it is.",
                f"Numbers follow the tags: the next release is {bumped(release.version, 'patch')} or higher, once {branch} "
                f"says {release.version} again (or after {ahead}, once {tag} is tagged).",
                config.app.manifest,
                level="warn",
            )
        )
    return tuple(found)


def named(commits: Sequence[Commit]) -> str:
    """Commits as people know them: the id and the subject of each, oldest first."""
    shown = [f"{one.sha[:7]} ({one.subject})" for one in reversed(commits[:SHOWN])]
    return ", ".join(shown) + (f" and {len(commits) - SHOWN} more" if len(commits) > SHOWN else "")


def it(commits: Sequence[Commit]) -> str:
    """The pronoun."""
    return "it" if len(commits) == 1 else "them"


def bring_back(tag: str, commits: Sequence[Commit], branch: str) -> str:
    """How to have them on the branch again."""
    picks = " ".join(one.sha[:7] for one in reversed(commits))
    pick = f" (or git cherry-pick {picks})" if len(commits) <= SHOWN else ""
    return f"git fetch --tags, git merge {tag} on {branch}{pick}, and push"
