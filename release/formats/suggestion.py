"""What was probably meant by a word that is not known (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def did_you_mean(
    word: str, known: Iterable[str], *, otherwise: str = "", shown: Callable[[str], str] = '"{}"'.format
) -> str:
    """`did you mean "near"?` for the known word that is nearest; `otherwise` where none is near.

    It follows a semicolon; `shown` is for a word that people type or read in another form.
    """
    from difflib import get_close_matches

    near = get_close_matches(word, list(known), 1)
    return f"did you mean {shown(near[0])}?" if near else otherwise


def sentence(suggestion: str) -> str:
    """A suggestion that follows a full stop, with its space; nothing for none."""
    return f" {suggestion[0].upper()}{suggestion[1:]}" if suggestion else ""
