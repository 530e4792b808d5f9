"""What people and scripts see: terminal, JSON. Values in, text out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from release.outcome import Listener


def listener(*, json: bool = False, verbose: bool = False) -> Listener:
    """Who tells the person: plain lines for now."""
    from release.views.plain import Plain

    return Plain(to_stderr=json, verbose=verbose)
