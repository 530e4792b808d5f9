"""What was probably meant by a word that is not known (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


FEWEST = 3  # letters that name a word by its beginning


def did_you_mean(
    word: str, known: Iterable[str], *, otherwise: str = "", shown: Callable[[str], str] = '"{}"'.format
) -> str:
    """`did you mean "near"?` for the known word that is nearest; `otherwise` where none is near.

    It follows a semicolon; `shown` is for a word that people type or read in another form.
    """
    from difflib import get_close_matches

    words = list(known)
    near = get_close_matches(word, words, 1) or _begun(word, words)
    return f"did you mean {shown(near[0])}?" if near else otherwise


def _begun(word: str, known: list[str]) -> list[str]:
    """The only known word that begins with this one."""
    found = [one for one in known if one.startswith(word)] if len(word) >= FEWEST else []
    return found if len(found) == 1 else []


def sentence(suggestion: str) -> str:
    """A suggestion that follows a full stop, with its space; nothing for none."""
    return f" {suggestion[0].upper()}{suggestion[1:]}" if suggestion else ""


def unknown(what: str, word: str, known: Iterable[str], none: str = "none") -> str:
    """One line for a word that is not known: the nearest one, or else all of them; `none` where there are none."""
    listed = list(known)
    near = sentence(did_you_mean(word, listed, shown=str))
    return f'Unknown {what} "{word}".{near or f" Use one of: {_some(listed) or none}."}'


def _some(words: list[str], most: int = 12) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
