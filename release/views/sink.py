"""Where text goes: no text and no lost reader can break a terminal, a log or a release."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TextIO

from release.formats.printable import printable
from release.systems.machine.secrets import Mask

# Characters whose width terminals disagree about: joiners, variation selectors, skin tones, flags, combining marks.
_UNSTEADY = re.compile(
    "[\u0300-\u036f\u200c\u200d\u20d0-\u20ff\ufe00-\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff]"
)
_SPELLED = {"·": "-", "…": "...", "→": "->", "─": "-", "\u2019": "'", "\u2013": "-", "—": "-"}


def steady(text: str) -> str:
    """`printable`, without the characters whose width terminals disagree about: for lines that are redrawn."""
    return _UNSTEADY.sub("", printable(text))


class Sink:
    """A text stream that takes any character and outlives its reader.

    Secrets are masked, wherever a text came from.
    What the stream's encoding lacks is spelled otherwise. When the reader has gone (a closed pipe, a lost terminal)
    the rest is dropped: a release must not stop half way because its reader has gone. The journal has every line.
    """

    def __init__(self, stream: TextIO, mask: Mask | None = None) -> None:
        self._stream = stream
        self._mask = mask or Mask()
        self.encoding = getattr(stream, "encoding", None) or "utf-8"
        self.lost = False

    def write(self, text: str) -> int:
        """Write, in the stream's encoding; the number of characters taken."""
        if not self.lost:
            try:
                self._stream.write(self._encodable(self._mask(text)))
            except (OSError, ValueError):
                self._lose()
        return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        if not self.lost:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._lose()

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            spelled = "".join(_SPELLED.get(character, character) for character in text)
            return spelled.encode(self.encoding, "replace").decode(self.encoding)
        return text

    def _lose(self) -> None:
        """Point the descriptor at nothing, or Python fails at its exit over what is still buffered."""
        self.lost = True
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._stream.fileno())
            os.close(nowhere)
