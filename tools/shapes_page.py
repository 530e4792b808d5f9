"""The table of shapes in docs/wrangler.md: `python -m tools.shapes_page` writes it from `tests/adopters/`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tests.adopters.managers import WORKSPACES
from tests.adopters.shapes import SHAPES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.adopters.shapes import Shape

PAGE = Path(__file__).parents[1] / "docs" / "wrangler.md"
HEAD = "| shape | what it shows |\n|---|---|\n"
EVERY = (*SHAPES, *WORKSPACES)


def page(text: str, shapes: Iterable[Shape] = EVERY) -> str:
    """The page with a row for each shape, in the order of the tests. Raises ValueError without a table."""
    before, head, after = text.partition(HEAD)
    if not head:
        raise ValueError(f"{PAGE.name} has no table that begins {HEAD.splitlines()[0]}")
    rows = "".join(f"| `{one.name}` | {one.shows} |\n" for one in shapes)
    return before + head + rows + re.sub(r"\A(?:\|.*\n)*", "", after)


def main() -> None:
    """Renew the page."""
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
