"""The table of bindings in docs/rehearsal.md, written from what the tests do with each kind: `python -m tools.bindings_page`."""

from __future__ import annotations

from pathlib import Path

from tests.contract.rehearsal.kinds import RUN, STAND_IN
from tools.marks import Marks

PAGE = Path(__file__).parents[1] / "docs" / "rehearsal.md"
BEGIN = "<!-- bindings: written by python -m tools.bindings_page -->\n"
END = "<!-- end of the bindings -->\n"


def table() -> str:
    """The kinds in Markdown: those that run, then those with a stand-in."""
    rows = [f"| `{one.kind}` | {one.what} | runs |" for one in RUN]
    rows += [f"| `{one.kind}` | {one.what} | stand-in |" for one in STAND_IN]
    return "\n".join(["| kind | what it is | here |", "|---|---|---|", *rows])


def page(text: str) -> str:
    """The page with its table renewed. Raises ValueError where the two marks are not in it."""
    return Marks(PAGE.name, "bindings", BEGIN, END).renewed(text, f"{table()}\n")


def main() -> None:
    """Renew the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
