"""Which commits change a folder, told by its tree's ids: it costs no process, and works in a shallow checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.model.repository import Commit
    from release.systems.git.client import Git


def have(git: Git, tag: str, commit: str) -> None:
    """Get a tag's commit where this checkout lacks it, without its history. Raises CannotReadError."""
    if git.object(commit) is None:
        git.fetch(f"refs/tags/{tag}", depth=1 if git.shallow else None)


def same_folder(git: Git, folder: str, one: str, other: str) -> bool:
    """Whether two commits hold the same in a folder."""
    return _tree(git, one, folder) == _tree(git, other, folder)


def changing(git: Git, folder: str, commits: tuple[Commit, ...], released: str) -> tuple[Commit, ...]:
    """Those of the commits since `released` that change a folder, the commits of releases left out.

    A merge changes what differs from all its parents; where a shallow checkout ends, the release is the parent.
    """
    return tuple(
        one
        for one in commits
        if not one.lands
        and not any(same_folder(git, folder, one.sha, parent) for parent in one.parents or (released,))
    )


def _tree(git: Git, commit: str, folder: str) -> str | None:
    found = git.object(f"{commit}:{folder}")
    return found[0] if found else None
