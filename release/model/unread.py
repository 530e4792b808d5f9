"""What could not be read, and why (pure)."""

from __future__ import annotations

from typing import TypeVar

from release.frozen import Frozen

T = TypeVar("T")


class Unread(Frozen, frozen=True):
    """A part of the world that could not be read, because; and what to do about it.

    `follows`: only because another part, which has its own reason, could not be read. `is_refused`: because the token is not
    valid, which all that is asked with it would say again.
    """

    because: str
    advice: str = ""
    follows: bool = False
    is_refused: bool = False


def read(part: T | Unread | None) -> T | None:
    """The part, where it was read and is there; else None, where the reason does not matter."""
    return None if isinstance(part, Unread) else part
