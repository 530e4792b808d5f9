"""What is generated stands between two marks of a page, and the rest of the page is written by hand."""

from __future__ import annotations

from typing import NamedTuple


class Marks(NamedTuple):
    """The marks of what is generated in a page, and `what` that is."""

    page: str
    what: str
    begin: str
    end: str

    def renewed(self, text: str, body: str) -> str:
        """The page with `body` between its marks. Raises ValueError where they are not in it."""
        head, begun, rest = text.partition(self.begin)
        _, ended, tail = rest.partition(self.end)
        if not begun or not ended:
            marks = f"{self.begin.strip()} and {self.end.strip()}"
            raise ValueError(f"{self.page} has no marks for the {self.what}: {marks}")
        return f"{head}{self.begin}\n{body}\n{self.end}{tail}"
