"""What a check found (pure)."""

from __future__ import annotations

from typing import Literal

from release.frozen import Frozen

Severity = Literal["block", "warn", "skip", "ask"]


class Problem(Frozen, frozen=True):
    """What a check found: what it is, what to do, and where.

    `level` block keeps a release from starting; warn is told and changes nothing; skip would have kept it, and is left
    out for the reason that `advice` gives (kept as a remark); ask is for a person to vouch for, before the approval.
    `by_yes`: who says `--yes` has vouched for it. `accept` is the name by which `--accept` lets it pass, with a reason.
    """

    check: str
    what: str
    advice: str
    file: str | None = None
    line: int | None = None
    level: Severity = "block"
    by_yes: bool = False
    accept: str = ""
