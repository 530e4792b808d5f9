"""Who has to approve what goes to an environment of GitHub (pure)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reviewers:
    """The people and teams of whom one has to approve; `prevents_self` keeps them from approving what they dispatched.

    `exists` says whether GitHub has the environment at all.
    """

    environment: str
    who: tuple[str, ...] = ()
    prevents_self: bool = False
    exists: bool = True
