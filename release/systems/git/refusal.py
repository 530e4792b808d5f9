"""Why a server refuses a push, read from its own words: GitHub's, GitLab's, Bitbucket's, Azure's, or a hook's (pure)."""

from __future__ import annotations

import re
from typing import Literal

Reason = Literal["linear", "pulls", "checks", "signed", "restricted"]

_WORDS: dict[Reason, re.Pattern[str]] = {
    "linear": re.compile(r"merge commits?\b|linear history|non-linear", re.IGNORECASE),
    "pulls": re.compile(
        r"through (?:a )?(?:pull|merge) requests?|through the merge queue|use a (?:pull|merge) request"
        r"|approving review|TF402455",
        re.IGNORECASE,
    ),
    "checks": re.compile(r"status checks?\b", re.IGNORECASE),
    "signed": re.compile(r"verified signature|\bsigned\b|\bsignatures?\b", re.IGNORECASE),
    "restricted": re.compile(
        r"protected (?:branch|ref)|not authorized to push|not allowed to push|GH006|GH013", re.IGNORECASE
    ),
}
_TAKES: dict[Reason, str] = {
    "pulls": "takes only pull requests",
    "checks": "takes only commits whose status checks have passed",
    "restricted": "is protected: this account may not push to it",
}
SIGNED = (
    "The release's commits are computed, and so not signed. Exempt the account that releases from that rule (on GitHub: "
    "the ruleset's bypass list), then run the same command again: it only records."
)


def reason(words: str) -> Reason | None:
    """What the server asks for, the most telling first; None where its words are not known."""
    return next((name for name, pattern in _WORDS.items() if pattern.search(words)), None)


def takes(why: Reason) -> str:
    """What a branch takes that refuses a push so, where a pull request is the way to it."""
    return _TAKES[why]


def is_for_pulls(why: Reason | None) -> bool:
    """Whether a pull request is the way in."""
    return why in _TAKES
