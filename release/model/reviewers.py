"""Who has to approve what goes to an environment of GitHub (pure)."""

from __future__ import annotations

from release.frozen import Frozen


class Reviewers(Frozen, frozen=True):
    """The people and teams of whom one has to approve; `prevents_self` keeps them from approving what they dispatched.

    `exists` says whether GitHub has the environment at all.
    """

    environment: str
    who: tuple[str, ...] = ()
    prevents_self: bool = False
    exists: bool = True
